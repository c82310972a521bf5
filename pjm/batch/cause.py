"""Why a job ended: a cause with its advice, and the causes that lie in the job's own script, alike in all systems."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Optional

from pjm.batch.scheduler import Ending
from pjm.elapse import elapse_text
from pjm.job.events import BROKEN

_OUTPUT = "read the job's error output"


@dataclass(frozen=True)
class Cause:
    """Why a job ended.

    Attributes:
        meaning: a sentence about the job: "it …".
        advice: what to type or change; {longer} is replaced by twice the elapse limit.
        retry: submitting the same job again may help.
    """

    meaning: str
    advice: str
    retry: bool = False


def machine(meaning: str) -> Cause:
    """A cause in the machine, not in the test or the request."""
    return Cause(meaning, "nothing is wrong with the test: run it again; tell the site if it comes back", retry=True)


ELAPSE = Cause(
    "it ran over its elapse limit",
    'raise elapse= in the mark of the test that was running, for example @pytest.mark.fugaku(elapse="{longer}")',
)


def script_cause(exit_code: int, ended_by: int, shared: str = "") -> Cause:
    """The cause in the job's own script, when the batch system reports none.

    Args:
        exit_code: of the script.
        ended_by: the signal that ended it; 0 for none.
        shared: what else to do so that compute nodes can enter the project's folder.
    """
    number = ended_by or (exit_code - 128 if 128 < exit_code < 160 else 0)
    if number:
        killed = ", often for want of memory" if number == signal.SIGKILL else ""
        return Cause(f"it was ended by signal {number} ({signal_name(number)}{killed})", _OUTPUT)
    if exit_code in (126, 127):
        return Cause(
            f"its script ended with exit code {exit_code}: a command cannot be run or found on the compute node",
            "correct fugaku_python and fugaku_prologue, after a look at the job's error output",
        )
    if exit_code == BROKEN:
        return Cause(
            f"its script ended with exit code {BROKEN}: its results could not be written",
            "look at the space and the quota of the volume that the sessions' folder is on",
        )
    if exit_code == 125:
        return Cause(
            "its script ended with exit code 125: the project's folder cannot be entered on the compute node",
            f"run pytest in a folder that the compute nodes share{shared}",
        )
    return Cause(f"its script ended with exit code {exit_code}", _OUTPUT)


def failure(cause: Cause, said: str, limit: Optional[float], elapsed: Optional[float], look: str = "") -> Ending:
    """How a job failed, or why it is stuck.

    Args:
        cause: why.
        said: the batch system's own words.
        limit: elapse limit in seconds.
        elapsed: seconds that the job ran.
        look: how to learn more about a job that is stuck; "" for one that has ended.
    """
    used = f", after {elapse_text(elapsed)}{f' of {elapse_text(limit)} allowed' if limit else ''}" if elapsed else ""
    happened = f"{'stuck, because ' if look else ''}{cause.meaning}{used} ({said})"
    advice = cause.advice.replace("{longer}", elapse_text(2 * (limit or elapsed or 1800)))
    advice = f"{look}; {advice}" if look else advice
    return Ending(False, happened, advice, cause.retry, out_of_time=cause is ELAPSE and not look)


def signal_name(number: int) -> str:
    """SIGKILL and so on."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return "no signal of this machine"
