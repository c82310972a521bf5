"""Shows the jobs to the user: one live line on a terminal, plain lines elsewhere, and a table at the end."""

from __future__ import annotations

import os
import textwrap
import time
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from _pytest.terminal import TerminalReporter

from pjm.batch.scheduler import Phase
from pjm.elapse import elapse_text
from pjm.follow.jobs import FollowedJob, FollowedShare, Stage
from pjm.job.share_events import BadEnd

_HEADINGS = ("job", "tests", "queued for", "ran for", "node-hours", "requested", "outcome")
_WAITING = (Phase.QUEUED, Phase.HELD, Phase.ABSENT)
_EVERY = 60.0  # seconds between plain lines: each of them breaks a line of results
_LEAST_ROOM = 15  # columns for the outcome beside the other cells: "20 of 20 failed"


class Progress:
    """Shows progress when something has changed: one live line on a terminal, plain lines elsewhere.

    The live line stands below pytest's own, unfinished line of results, which goes on when the live line is cleared.

    Args:
        reporter: pytest's terminal reporter; None if there is none.
        tests: number of tests in jobs.
        wall: seconds since the epoch.
    """

    def __init__(self, reporter: Optional[TerminalReporter], tests: int, wall: Callable[[], float] = time.time) -> None:
        self._reporter = reporter if reporter is not None and reporter.verbosity >= 0 else None
        self._tests = tests
        self._wall = wall
        self._shown = ""  # the live line
        self._column = 0  # the end of pytest's own line above the live line
        self._last = ""
        self._gap = False
        self._due = 0.0
        self._trouble: Optional[str] = None
        self._counted: Optional[Counts] = None
        self._recount = 0.0

    def side_by_side(self, several: bool) -> None:
        """Whether results of several files come in turns: then pytest shows them without the files, as with xdist."""
        if several and self._reporter is not None and self._reporter.verbosity == 0:
            self._reporter.showfspath = False

    def show(self, jobs: Sequence[FollowedJob], done: int, trouble: Optional[str]) -> None:
        """Show the current state. Call it only while nothing else is written."""
        if self._reporter is None:
            return
        if trouble is not None and trouble != self._trouble:
            self.say(f"fugaku: {trouble}")
        self._trouble = trouble
        now, shares = self._wall(), sum(len(job.shares) for job in jobs)
        if self._counted is None or now >= self._recount:
            # Counting thousands takes long.
            self._counted, self._recount = self._counts(jobs, done), now + shares // 1000
        counts = replace(self._counted, done=done)
        if self._reporter.isatty and os.environ.get("TERM") != "dumb":
            self._draw(self._reporter, counts.within(self._reporter._tw.fullwidth - 1))
        elif counts.state() != self._last and self._wall() >= self._due:
            self._last, self._due = counts.state(), self._wall() + _EVERY
            self.say(counts.state())

    def say(self, line: str) -> None:
        """Write one line that stays."""
        if self._reporter is not None:
            self.clear()
            if self._reporter._tw.width_of_current_line and not self._reporter.currentfspath:
                self._reporter.line("")  # results without their file: pytest does not know that it has begun a line
            self._reporter.write_line(line)
            self._gap = True
            self._reporter.flush()  # a pipe would hold the line back until there is more output

    def before_results(self) -> None:
        """Make way for results; where they come without their files, an empty line divides them from a line of ours."""
        self.clear()
        if self._gap and self._reporter is not None and not self._reporter.showfspath:
            self._reporter.line("")
        self._gap = False

    def clear(self) -> None:
        """Remove the live line, so that something else can be written."""
        if self._shown and self._reporter is not None:
            back = f"\x1b[A\x1b[{self._column}C" if self._column else ""  # up, and to the end of pytest's line
            self._write(self._reporter, f"\r\x1b[K{back}")
            self._shown = ""

    def _draw(self, reporter: TerminalReporter, line: str) -> None:
        if line == self._shown:
            return
        if self._shown:
            self._write(reporter, f"\r\x1b[K{line}")
        else:
            self._column = reporter._tw.width_of_current_line
            self._write(reporter, "\n" * bool(self._column) + line)
        self._shown = line

    def _write(self, reporter: TerminalReporter, text: str) -> None:
        """Write to the terminal without the knowledge of pytest, which counts the columns of its own line."""
        reporter._tw._file.write(text)
        reporter._tw._file.flush()

    def _counts(self, jobs: Sequence[FollowedJob], done: int) -> Counts:
        shares = [(job, share) for job in jobs for share in job.shares]
        still = [(job, share) for job, share in shares if not share.closed and share.ending is None]
        queued = [(job, share) for job, share in still if share.status.phase in _WAITING]
        held = sum(1 for _, share in queued if share.status.phase is Phase.HELD)
        waits = [share.waited_by(self._wall()) for job, share in queued if job.submitted is not None]
        used = sum(share.node_hours for _, share in shares)
        return Counts(done, self._tests, len(queued), held, len(still) - len(queued), used, max(waits, default=None))


@dataclass(frozen=True)
class Counts:
    """What the progress line says: tests, shares of jobs, node-hours, and the longest wait in seconds."""

    done: int
    tests: int
    queued: int
    held: int
    running: int
    used: float
    wait: Optional[float]

    def state(self) -> str:
        """The line without what changes all the time."""
        held = f" ({self.held} held)" if self.held else ""
        return f"fugaku: {self.queued} queued{held}, {self.running} running, {self.done} of {self.tests} tests done"

    def within(self, width: int) -> str:
        """The whole line; on a narrow terminal in fewer words, and on a very narrow one with fewer numbers."""
        wait = "" if self.wait is None else elapse_text(int(self.wait))
        long = f"{self.state()}, {self.used:.2f} node-hours" + (f", longest wait {wait}" if wait else "")
        if len(long) <= width:
            return long
        held = f" ({self.held} held)" if self.held else ""
        words = [f"fugaku: {self.done}/{self.tests} done", f"{self.queued} queued{held}", f"{self.running} running"]
        words += [f"{self.used:.2f} node-h", *([f"wait {wait}"] if wait else [])]
        while len(words) > 1 and len(", ".join(words)) > width:
            words.pop()
        return ", ".join(words)[:width]


def table(jobs: Sequence[FollowedJob], width: int) -> List[str]:
    """The lines of the summary's table, one or more per share of a job: a long outcome goes on below itself."""
    rows = [_HEADINGS]
    for job in jobs:
        for share in job.shares:
            rows.append(
                (
                    share.id or "-".join(job.name.rsplit("-", 2)[1:]),
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
    return [line for row in rows for line in _lines(row, widths, width)]


def _lines(row: Sequence[str], widths: Sequence[int], width: int) -> List[str]:
    """The lines of one row; `widths` are those of its cells but the last."""
    cells = "  ".join([row[0].ljust(widths[0]), *(cell.rjust(size) for cell, size in zip(row[1:-1], widths[1:]))])
    line = f"{cells}  {row[-1]}".rstrip()
    if len(line) <= width:
        return [line]
    beside = width - len(cells) - 2 >= _LEAST_ROOM
    indent = " " * (len(cells) + 2 if beside else 4)
    outcome = textwrap.wrap(row[-1], width - len(indent), break_long_words=False, break_on_hyphens=False)
    return [f"{cells}  {outcome.pop(0)}" if beside else cells, *(indent + text for text in outcome)]


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
    """The record of each share in `jobs.json`; described in docs/reference/files.md."""
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
