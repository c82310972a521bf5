"""What a user sees of the jobs: one live line, plain lines where there is no terminal, and the table at the end."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Optional, Sequence

from _pytest.terminal import TerminalReporter

from pjm.batch.scheduler import Phase
from pjm.elapse import elapse_text
from pjm.follow.jobs import FollowedJob, FollowedShare, Stage

_HEADINGS = ("job", "tests", "queued for", "ran for", "node-hours used", "requested", "outcome")
_WAITING = (Phase.QUEUED, Phase.HELD, Phase.ABSENT)


class Progress:
    """Says how it goes, if something has changed: in one live line on a terminal, elsewhere in lines that stay.

    Args:
        reporter: pytest's; None if there is none.
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
        """Show the present state; `live` if nothing else is being written."""
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
        """Say something once, in a line of its own."""
        if self._reporter is not None:
            self.clear()
            self._reporter.write_line(line)
            self._reporter.flush()  # a pipe would hold it back until there is more

    def clear(self) -> None:
        """Take the live line away, for something else to be written."""
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
        parts = [(job, part) for job in jobs for part in job.parts]
        still = [(job, part) for job, part in parts if not part.closed and part.ending is None]
        queued = [(job, part) for job, part in still if part.status.phase in _WAITING]
        held = sum(1 for _, part in queued if part.status.phase is Phase.HELD)
        words = [f"{len(queued)} queued" + (f" ({held} held)" if held else ""), f"{len(still) - len(queued)} running"]
        words.append(f"{done} of {self._tests} tests done")
        if moving:
            used = sum(part.node_hours for _, part in parts)
            words.append(f"{used:.2f} node-hours")
            waits = [part.waited_by(self._wall()) for job, part in queued if job.submitted is not None]
            if waits:
                words.append(f"longest wait {elapse_text(int(max(waits)))}")
        line = f"fugaku: {', '.join(words)}"
        return f"{line}; {trouble}" if trouble else line


def table(jobs: Sequence[FollowedJob]) -> List[str]:
    """The lines of the summary's table: one per job part."""
    rows = [_HEADINGS]
    for job in jobs:
        for part in job.parts:
            rows.append(
                (
                    part.id or job.name,
                    str(len(part.tests)),
                    elapse_text(max(0, int(part.waited))) if part.id else "-",
                    elapse_text(int(part.elapsed)) if part.running_since is not None or part.elapsed else "-",
                    f"{part.node_hours:.3f}",
                    f"{part.share.resources.node_hours:.3f}",
                    part.outcome or state(job, part),
                )
            )
    total = ("total", str(sum(len(part.tests) for job in jobs for part in job.parts)), "", "")
    used = sum(part.node_hours for job in jobs for part in job.parts)
    rows.append((*total, f"{used:.3f}", f"{sum(job.planned.node_hours for job in jobs):.3f}", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS) - 1)]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:]))]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return lines


def state(job: FollowedJob, part: FollowedShare) -> str:
    """In one word, where a part is."""
    if job.stage in (Stage.PLANNED, Stage.UNCERTAIN, Stage.REFUSED):
        return str(job.stage.value)
    return part.status.phase.value if part.ending is None else "ended"


def live_records(jobs: Sequence[FollowedJob], wall: float) -> List[Dict[str, Any]]:
    """What `jobs.json` says of each job part; described in docs/reference/session-folder.md."""
    records = []
    for job in jobs:
        for part in job.parts:
            waiting = part.running_since is None and part.ending is None and job.submitted is not None
            records.append(
                {
                    "name": job.name,
                    "part": part.number,
                    "id": part.id or None,
                    "state": "closed" if part.closed else state(job, part),
                    "outcome": part.outcome or None,
                    "tests": list(part.tests),
                    "retry": job.retry,
                    "nodes": part.share.resources.nodes,
                    "elapse_limit_seconds": part.share.resources.elapse,
                    "submitted": job.submitted,
                    "started": part.running_since,
                    "queued_seconds": round(part.waited_by(wall) if waiting else part.waited, 3),
                    "ran_seconds": round(part.elapsed, 3),
                    "node_hours_used": round(part.node_hours, 6),
                    "node_hours_requested": round(part.share.resources.node_hours, 6),
                }
            )
    return records
