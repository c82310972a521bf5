"""Translates PJM's state, PJM code (PC), exit code (EC), signal (SN) and reason into a `Status` in plain words."""

from __future__ import annotations

from datetime import datetime
from typing import Optional

from pjm.batch.cause import Cause, failure, machine, script_cause, signal_name
from pjm.batch.pjm.codes import CODE_NAMES, CODES, REASONS, STATES, VAGUE
from pjm.batch.pjm.pjstat import JobRow, start_time
from pjm.batch.scheduler import Ending, Phase, Status, UnreadableError

_VOLUME = ", and name its volume in fugaku_gfscache"


def status(row: JobRow, now: datetime) -> Status:
    """The status of one job from its row of pjstat. Only `said` and the ending hold PJM's own words.

    Raises:
        UnreadableError: the row has no state, or one that this program does not know.
    """
    phase = STATES.get(row.state.upper())
    if phase is None:
        has = f"is in the state {row.state!r}, which this program does not know" if row.state else "has no state"
        raise UnreadableError(f"job {row.job_id} {has}")
    return Status(
        phase=phase,
        said=_said(row),
        ending=ending(row) if phase in (Phase.ENDED, Phase.STUCK) else None,
        started=start_time(row.start, now),
        elapsed=float(row.elapsed) if row.elapsed is not None else None,
    )


def ending(row: JobRow) -> Ending:
    """How a job ended. It succeeded only if PC, EC and SN are all 0: a job stopped by its elapse limit has EC 0 too."""
    limit, elapsed = row.elapse_limit, row.elapsed
    if STATES.get(row.state.upper()) is Phase.STUCK:
        look = f"pjstat -s {row.job_id} says more, pjdel {row.job_id} removes it"
        return failure(_cause(row) or machine("an error of the system"), _said(row), limit, elapsed, look)
    if row.state.upper() in ("EXT", "EXIT", "END") and (row.pjm_code, row.exit_code, row.signal) == (0, 0, 0):
        return Ending(True, f"ended normally ({_said(row)})")
    return failure(_cause(row) or _script_cause(row), _said(row), limit, elapsed)


def _cause(row: JobRow) -> Optional[Cause]:
    """The cause that PJM itself reports; None if PJM reports none."""
    reason = next((cause for start, cause in REASONS if row.reason.upper().startswith(start)), None)
    code = row.pjm_code or 0
    if reason is not None and code in VAGUE:
        return reason
    if code in CODES:
        return CODES[code]
    if code >= 100:
        return machine("internal error of the system")
    if code:
        return Cause("PJM ended it for a reason that this program does not know", "look the PJM code up at the site")
    if row.state.upper() in ("CCL", "CANCEL"):
        return CODES[1]
    return CODES[2] if row.state.upper() in ("RJT", "REJECT") else None


def _script_cause(row: JobRow) -> Cause:
    """The cause in the job's own script, when PJM reports none."""
    output = "read the job's error output"
    if row.exit_code is None:
        return Cause("it ended, and PJM does not say how", output)
    if (row.exit_code, row.signal or 0, row.pjm_code) == (0, 0, None):
        ask = f"ask for it: pjstat -H --choose jid,st,ec,pc,sn {row.job_id}"
        return Cause("it ended, and without its PJM code (PC) its success is unknown", ask)
    return script_cause(row.exit_code, row.signal or 0, _VOLUME)


def _said(row: JobRow) -> str:
    """PJM's own words, with the meaning of its codes."""
    words = [row.state]
    over = STATES.get(row.state.upper()) in (Phase.ENDED, None) or row.pjm_code
    if over and {row.pjm_code, row.exit_code} != {None}:  # before the end all three codes are 0 and mean nothing
        code = row.pjm_code
        words.append("no PC" if code is None else f"PC {code}: {CODE_NAMES.get(code, 'unknown')}")
        words.append(f"EC {'-' if row.exit_code is None else row.exit_code}")
        words.append(f"SN {row.signal}: {signal_name(row.signal)}" if row.signal else "SN 0")
    if row.reason:
        words.append(f"REASON {row.reason}")
    return ", ".join(words)
