"""Shows the jobs to the user: one live line on a terminal, plain lines elsewhere, and a table at the end."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from _pytest.terminal import TerminalReporter

from pjm.batch.scheduler import Phase
from pjm.elapse import elapse_text
from pjm.follow.jobs import FollowedJob, FollowedShare, Stage
from pjm.job.share_events import BadEnd

_HEADINGS = ("job", "tests", "queued for", "ran for", "node-hours used", "requested", "outcome")
_WAITING = (Phase.QUEUED, Phase.HELD, Phase.ABSENT)


class Progress:
    """Shows progress when something has changed: one live line on a terminal, plain lines elsewhere.

    Args:
        reporter: pytest's terminal reporter; None if there is none.
        tests: number of tests in jobs.
        wall: seconds since the epoch.
    """

    def __init__(self, reporter: Optional[TerminalReporter], tests: int, wall: Callable[[], float] = time.time) -> None:
        self._reporter = reporter if reporter is not None and reporter.verbosity >= 0 else None
        self._tests = tests
        self._wall = wall
        self._live = False
        self._last = ""
        self._width = 0

    def show(self, jobs: Sequence[FollowedJob], done: int, trouble: Optional[str], live: bool) -> None:
        """Show the current state; `live` says that nothing else is being written."""
        if self._reporter is None:
            return
        if self._reporter.isatty:
            if live:
                self._rewrite(self._reporter, self._line(jobs, done, trouble, moving=True))
            return
        line = self._line(jobs, done, trouble, moving=False)
        if line != self._last and live:
            self._last = line
            self.say(line)

    def say(self, line: str) -> None:
        """Write one line that stays."""
        if self._reporter is not None:
            self.clear()
            self._reporter.write_line(line)
            self._reporter.flush()  # a pipe would hold the line back until there is more output

    def clear(self) -> None:
        """Remove the live line, so that something else can be written."""
        if self._live and self._reporter is not None:
            self._reporter.rewrite(" " * self._width)
            self._reporter.rewrite("")
            self._live = False

    def _rewrite(self, reporter: TerminalReporter, line: str) -> None:
        if line == self._last and self._live:
            return
        if not self._live:
            reporter.ensure_newline()
        room = max(20, reporter._tw.fullwidth - 1)
        line = line[:room]
        reporter.rewrite(line.ljust(min(self._width, room)))
        reporter.flush()
        self._live, self._last, self._width = True, line, len(line)

    def _line(self, jobs: Sequence[FollowedJob], done: int, trouble: Optional[str], moving: bool) -> str:
        shares = [(job, share) for job in jobs for share in job.shares]
        still = [(job, share) for job, share in shares if not share.closed and share.ending is None]
        queued = [(job, share) for job, share in still if share.status.phase in _WAITING]
        held = sum(1 for _, share in queued if share.status.phase is Phase.HELD)
        words = [f"{len(queued)} queued" + (f" ({held} held)" if held else ""), f"{len(still) - len(queued)} running"]
        words.append(f"{done} of {self._tests} tests done")
        if moving:
            used = sum(share.node_hours for _, share in shares)
            words.append(f"{used:.2f} node-hours")
            waits = [share.waited_by(self._wall()) for job, share in queued if job.submitted is not None]
            if waits:
                words.append(f"longest wait {elapse_text(int(max(waits)))}")
        line = f"fugaku: {', '.join(words)}"
        return f"{line}; {trouble}" if trouble else line


def table(jobs: Sequence[FollowedJob]) -> List[str]:
    """The lines of the summary's table: one per share of a job."""
    rows = [_HEADINGS]
    for job in jobs:
        for share in job.shares:
            rows.append(
                (
                    share.id or job.name,
                    str(len(share.tests)),
                    elapse_text(max(0, int(share.waited))) if share.id else "-",
                    elapse_text(int(share.elapsed)) if share.running_since is not None or share.elapsed else "-",
                    f"{share.node_hours:.3f}",
                    f"{share.planned.resources.node_hours:.3f}",
                    share.outcome or state(job, share),
                )
            )
    total = ("total", str(sum(len(share.tests) for job in jobs for share in job.shares)), "", "")
    used = sum(share.node_hours for job in jobs for share in job.shares)
    rows.append((*total, f"{used:.3f}", f"{sum(job.planned.node_hours for job in jobs):.3f}", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS) - 1)]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:]))]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return lines


def bad_ends(ends: Sequence[Tuple[FollowedShare, BadEnd]]) -> List[str]:
    """The lines about what went wrong in jobs after their tests. The same in many jobs is shown once."""
    alike: Dict[Tuple[str, str], List[FollowedShare]] = {}
    for share, end in ends:
        alike.setdefault((end.happened, end.text), []).append(share)
    lines = []
    for (happened, text), shares in alike.items():
        more = f" (and {len(shares) - 1} more jobs)" if len(shares) > 1 else ""
        lines.append(f"fugaku: job {shares[0].id} ({shares[0].job.name}){more}: {happened}")
        lines.append(f"  next: look into {shares[0].outputs.out} and {shares[0].outputs.err.name}")
        lines += [f"    {line}" for line in text.splitlines()]
    return lines


def state(job: FollowedJob, share: FollowedShare) -> str:
    """The state of a share in one word."""
    if job.stage in (Stage.PLANNED, Stage.UNCERTAIN, Stage.REFUSED):
        return str(job.stage.value)
    return share.status.phase.value if share.ending is None else "ended"


def live_records(jobs: Sequence[FollowedJob], wall: float) -> List[Dict[str, Any]]:
    """The record of each share in `jobs.json`; described in docs/reference/session-folder.md."""
    records = []
    for job in jobs:
        for share in job.shares:
            waiting = not (share.closed or share.running_since or share.ending) and job.submitted is not None
            records.append(
                {
                    "name": job.name,
                    "part": share.number,
                    "id": share.id or None,
                    "state": "closed" if share.closed else state(job, share),
                    "outcome": share.outcome or None,
                    "tests": list(share.tests),
                    "retry": job.retry,
                    "nodes": share.planned.resources.nodes,
                    "elapse_limit_seconds": share.planned.resources.elapse,
                    "submitted": job.submitted,
                    "started": share.running_since,
                    "queued_seconds": round(share.waited_by(wall) if waiting else share.waited, 3),
                    "ran_seconds": round(share.elapsed, 3),
                    "node_hours_used": round(share.node_hours, 6),
                    "node_hours_requested": round(share.planned.resources.node_hours, 6),
                }
            )
    return records
