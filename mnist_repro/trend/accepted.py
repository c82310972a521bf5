"""Reads from the baselines' own history, and from git, who accepted a change of a baseline, and why."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

from mnist_repro.gate.baselines import files
from mnist_repro.gate.baselines.values import BaselineEntry, FingerprintEntry, Owner
from mnist_repro.gate.baselines.values import Change as HistoryChange
from mnist_repro.runs.problems import Problems
from mnist_repro.trend.sessions import Key, Series, seconds

_DATE = re.compile(r"\t\s*- date: '?([^']+)'?")


@dataclass(frozen=True)
class Accepted:
    """A change of a baseline.

    Args:
        at: the first point of the series that was judged by the new baseline.
        date: when it was accepted; empty if the history does not say it.
        reason: why.
        who: the author of the commit that has it; empty if that is not known.
    """

    at: int
    date: str = ""
    reason: str = ""
    who: str = ""


@dataclass
class History:
    """The history of the baselines in a folder; empty without a folder.

    Args:
        folder: the folder, or None.
        problems: collects the files that cannot be read.
    """

    folder: Optional[Path]
    problems: Problems
    _entries: Dict[str, List[BaselineEntry]] = field(default_factory=dict)
    _authors: Dict[str, Dict[str, str]] = field(default_factory=dict)

    def of(self, series: Series) -> List[Accepted]:
        """The changes between the points of a series, oldest first.

        From the last to the first, each change that the points show gets the newest entry of the history that is not
        later than its point and not used yet. A fingerprint's points show no change, so its dates alone decide.
        """
        left = [each for each in self._changes(series.key) if _touches(each, series.key.metric)]
        times = [point.time for point in series.points]
        found: List[Accepted] = []
        if not series.key.metric:
            later = [(each, [at for at, time in enumerate(times) if time >= seconds(each.date)]) for each in left]
            return [self._accepted(series.key, at[0], each) for each, at in later if at and at[0]]
        for at in reversed(series.changes):
            left = [each for each in left if seconds(each.date) <= times[at]]
            found.append(self._accepted(series.key, at, left.pop()) if left else Accepted(at))
        return found[::-1]

    def _accepted(self, key: Key, at: int, change: HistoryChange) -> Accepted:
        if key.name not in self._authors:
            self._authors[key.name] = _authors(files.path_of(self.folder or Path(), key.name))
        return Accepted(at, change.date, change.reason, self._authors[key.name].get(change.date, ""))

    def _changes(self, key: Key) -> List[HistoryChange]:
        if key.name not in self._entries:
            self._entries[key.name] = []
            with self.problems.leaving_out():
                # Names in gate reports may be anything.
                if self.folder is not None and key.name in files.names(self.folder):
                    owner = Owner("pytest --gate-record", "", "", "")
                    self._entries[key.name] = list(files.read(self.folder, key.name, "", owner).entries)
        for entry in self._entries[key.name]:
            platform = entry.platform if isinstance(entry, FingerprintEntry) else key.platform
            if dict(entry.conditions) == dict(key.conditions) and platform == key.platform:
                return [change for change in entry.history if _dated(change)]
        return []


def _dated(change: HistoryChange) -> bool:
    """Whether the date of a change is one: people can edit the file."""
    try:
        seconds(change.date)
    except (ValueError, OverflowError):
        return False
    return True


def _touches(change: HistoryChange, metric: str) -> bool:
    """Whether a change replaced values or the margin of a metric."""
    replaced: Mapping[str, Any] = change.replaced
    named = (*replaced.get("metrics", ()), *replaced.get("columns", ()))
    return bool(replaced) and (metric in named or not metric or "cases" in replaced)


def _authors(file: Path) -> Dict[str, str]:
    """By date of a change in the history: the author of the commit that added it. Empty if git cannot tell."""
    git = ["git", "--no-optional-locks", "-C", str(file.parent)]
    try:
        # In a shallow clone git takes the oldest commit that it has for the author of everything before.
        shallow = _output([*git, "rev-parse", "--is-shallow-repository"]).strip() == "true"
        # Of HEAD, and not of the file: git would run the repository's filters on the file.
        lines = _output([*git, "blame", "--line-porcelain", "--no-textconv", "HEAD", "--", file.name]).splitlines()
    except (OSError, subprocess.SubprocessError):
        return {}
    authors: Dict[str, str] = {}
    author, unknown = "", False
    for line in lines:
        date = _DATE.match(line)
        if line.startswith("author "):
            author = line[len("author ") :]
        unknown = unknown or (shallow and line == "boundary")
        if date and not unknown:
            authors[date.group(1)] = author
        if line.startswith("\t"):
            unknown = False
    return authors


def _output(command: List[str]) -> str:
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=10, check=True)
    return ended.stdout.decode("utf-8", "replace")
