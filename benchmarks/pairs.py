"""Times pairs of whole processes turn about, and sets one side's times against the other's."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

LINES_SHOWN = 25


@dataclass(frozen=True)
class Command:
    """What one side of a row starts.

    Args:
        arguments: after the interpreter.
        leaves: files that it must leave in its working folder, each as a pattern.
        passes: exit codes that are no failure.
        folder: its working folder; without one, an empty folder of its own.
        times_itself: the last line of its output is its time in seconds, of a part of what it does.
    """

    arguments: Tuple[str, ...]
    leaves: Tuple[str, ...] = ()
    passes: Tuple[int, ...] = (0,)
    folder: Optional[Path] = None
    times_itself: bool = False

    def __str__(self) -> str:
        named = (Path(argument).name if Path(argument).is_absolute() else argument for argument in self.arguments)
        return f"python {' '.join(named)}"


@dataclass(frozen=True)
class Row:
    """A command of ours, its peer, and the goal.

    Args:
        name: what --only calls it.
        ours: our command.
        peer: what it is set against.
        goal: the least ratio of the peer's time to ours that will do.
        means: the goal in words, of our time.
        pairs: how many for each pair asked for.
    """

    name: str
    ours: Command
    peer: Command
    goal: float
    means: str
    pairs: int = 1


@dataclass(frozen=True)
class Times:
    """Seconds of the two sides of a row, pair by pair."""

    ours: Tuple[float, ...]
    peer: Tuple[float, ...]

    @property
    def ratios(self) -> Tuple[float, ...]:
        """The peer's time over ours, of each pair."""
        return tuple(peer / ours for ours, peer in zip(self.ours, self.peer))

    def meet(self, goal: float) -> bool:
        """Whether the median ratio is at least ``goal``."""
        return statistics.median(self.ratios) >= goal


class ProcessError(Exception):
    """A process that did not do its work; the text has what it said."""


def seconds(command: Command, environment: Dict[str, str]) -> float:
    """How long a process takes from its start to its end, or the time that it prints if it times itself.

    Raises:
        ProcessError: its exit code is not among those that pass, or a file is missing.
    """
    with tempfile.TemporaryDirectory() as empty:
        folder = command.folder or Path(empty)
        started = time.perf_counter()
        ended = subprocess.run(
            [sys.executable, *command.arguments],
            cwd=str(folder),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        took = time.perf_counter() - started
        missing = [name for name in command.leaves if not any(folder.glob(name))]
    if ended.returncode not in command.passes or missing:
        why = (
            f"left no {', '.join(missing)}; exit code {ended.returncode}"
            if missing
            else f"exit code {ended.returncode}"
        )
        said = "\n  ".join(ended.stdout.splitlines()[-LINES_SHOWN:])
        raise ProcessError(f"{command}\n  {why}; its last words were:\n  {said}")
    return float(ended.stdout.splitlines()[-1]) if command.times_itself else took


def measure(row: Row, pairs: int, environment: Dict[str, str]) -> Times:
    """Time a row's two commands turn about, ours first, and say each pair on standard error."""
    ours: List[float] = []
    peer: List[float] = []
    for pair in range(pairs):
        ours.append(seconds(row.ours, environment))
        peer.append(seconds(row.peer, environment))
        sys.stderr.write(f"{row.name}, pair {pair + 1} of {pairs}: ours {ours[-1]:.2f} s, peer {peer[-1]:.2f} s\n")
    return Times(tuple(ours), tuple(peer))


def spread(values: Sequence[float]) -> str:
    """The median, and the least and greatest value: 5.10 (4.90–5.30)."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def table(measured: Sequence[Tuple[Row, Times]], judged: bool = True) -> str:
    """The rows as text, goals met or missed unless they are not to be judged."""
    head = ("row", "pairs", "ours, s", "peer, s", "peer / ours", "goal", "")
    lines = [head]
    for row, times in measured:
        verdict = ("met" if times.meet(row.goal) else "MISSED") if judged else "not judged"
        columns = (spread(times.ours), spread(times.peer), spread(times.ratios))
        lines.append((row.name, str(len(times.ours)), *columns, f"{row.goal:.2f}: {row.means}", verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    sides = [f"{row.name}: {row.ours} | {row.peer}" for row, _ in measured]
    return "\n".join(["ours | peer", *sides, "", "median (least–greatest)", *text])
