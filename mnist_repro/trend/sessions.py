"""Reads the gate reports of many sessions, and joins them into one series for each metric."""

from __future__ import annotations

import datetime
import json
import os
import shlex
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence, Tuple

from mnist_repro.display import counted
from mnist_repro.errors import BadInput
from mnist_repro.gate.comparison import FINGERPRINT, PUBLISHED, Comparison, from_fields
from mnist_repro.gate.platform import platform_text
from mnist_repro.gate.report import JSON
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.report.gate_file import read_as
from mnist_repro.report.page.numbers import drawable, number, numbers
from mnist_repro.runs.problems import Problems

# No name, conditions and platform that the gate writes are longer.
_LONGEST, _LONGEST_COMMIT = 2000, 60


@dataclass(frozen=True)
class Point:
    """What one session found on one metric.

    Args:
        time: start of the session, in seconds since the epoch.
        commit: the measured commit; empty if the report does not say it.
        verdict: the verdict.
        known: whether a verdict that does not pass is expected.
        values: the metric by seed; all cases together are seed 0. Empty without a measurement.
        stored: the stored mean; None without one.
        margin: the largest difference that does not matter; None without one.
        interval: both ends of the interval, in the metric's own unit; None without one.
        everything: all metrics by seed. Neighbouring sessions with equal ones count as one measurement.
    """

    time: float
    commit: str
    verdict: Verdict
    known: bool = False
    values: Mapping[int, float] = field(default_factory=dict)
    stored: Optional[float] = None
    margin: Optional[float] = None
    interval: Optional[Tuple[float, float]] = None
    everything: Mapping[int, Any] = field(default_factory=dict)

    @property
    def seeds(self) -> FrozenSet[int]:
        """The measured seeds."""
        return frozenset(self.values)

    def mean(self, seeds: Optional[FrozenSet[int]] = None) -> Optional[float]:
        """The mean over these seeds, or over all; None if a value is missing or not finite."""
        values = [self.values[seed] for seed in (self.values if seeds is None else seeds)]
        # One value that is not finite makes the mean so.
        mean = sum(values) / len(values) if values else None
        return mean if drawable(mean) else None

    @property
    def reach(self) -> float:
        """How far the interval reaches to each side of its middle; 0 without an interval."""
        return (self.interval[1] - self.interval[0]) / 2.0 if self.interval else 0.0

    @property
    def fails(self) -> bool:
        """Whether the verdict does not pass, and is not expected."""
        return not self.verdict.passes and not self.known


@dataclass(frozen=True)
class Key:
    """What a series is about; without ``metric``, about the verdicts alone, as of a fingerprint."""

    name: str
    kind: str
    metric: str
    conditions: Tuple[Tuple[str, str], ...]
    platform: str


@dataclass(frozen=True)
class Series:
    """The points of one key, oldest first."""

    key: Key
    points: Sequence[Point]

    @cached_property
    def changes(self) -> List[int]:
        """The points from which on another baseline is stored: another margin, or another mean of the same seeds."""
        margin: Optional[float] = None
        means: Dict[FrozenSet[int], float] = {}
        found: List[int] = []
        for at, point in enumerate(self.points):
            if point.stored is None or point.margin is None:
                continue
            if margin not in (None, point.margin) or means.get(point.seeds, point.stored) != point.stored:
                found.append(at)
                means = {}
            margin = point.margin
            means[point.seeds] = point.stored
        return found


@dataclass(frozen=True)
class Session:
    """One gate report: file, start, whether all tests ran, a point for each key, and a hash that copies of it share."""

    file: str
    time: float
    complete: bool
    points: Mapping[Key, Point]
    identity: int


def read_sessions(places: Sequence[Path], problems: Problems) -> Tuple[List[Session], int]:
    """The sessions in files and below folders, oldest first, and the number of copies that were left out.

    Raises:
        BadInput: a named place does not exist, or no file could be read.
    """
    sessions: Dict[int, Session] = {}
    read = 0
    for file in dict.fromkeys(file for place in places for file in _files(place, problems)):
        try:
            session = read_as(file, _session, f"fetch it again, or remove {file}")
            sessions.setdefault(session.identity, session)
            read += 1
        except BadInput as problem:
            # Not `problems.add`, which compares with all others: each of these names another file.
            problems.found.append(problem)
    if not sessions:
        where = ", ".join(map(str, places))
        raise BadInput(
            f"no gate report in {where}",
            f"{counted(len(problems.found), 'file')} could not be read: {problems.found[0].what}"
            if problems.found
            else f"pytest --gate-report=DIR writes DIR/{JSON}, and CI can keep it as an artifact",
            problems.found[0].fix if problems.found else f"name a folder with a {JSON} in it, at any depth",
        )
    return sorted(sessions.values(), key=lambda session: (session.time, session.file)), read - len(sessions)


def series_of(sessions: Sequence[Session]) -> List[Series]:
    """A series for each key, by name; in the order of the metrics in their reports."""
    points: Dict[Key, List[Point]] = {}
    for session in sessions:
        for key, point in session.points.items():
            points.setdefault(key, []).append(point)
    return [Series(key, points[key]) for key in sorted(points, key=lambda key: (key.name, key.conditions))]


def seconds(moment: Any) -> float:
    """Seconds since the epoch of an ISO 8601 time, in UTC where it names no zone.

    Raises:
        ValueError: it is no time.
    """
    parsed = datetime.datetime.fromisoformat(str(moment).replace("Z", "+00:00"))
    found = (parsed if parsed.tzinfo else parsed.replace(tzinfo=datetime.timezone.utc)).timestamp()
    # The first and the last day of all years may lie outside of them in UTC.
    datetime.datetime.fromtimestamp(found, datetime.timezone.utc)
    return found


def _files(place: Path, problems: Problems) -> Iterator[Path]:
    """The gate reports of a place; links to folders below it are not followed, because they may form a loop."""

    def refused(error: OSError) -> None:
        problems.found.append(
            BadInput(
                f"cannot look into {error.filename}: {error.strerror}",
                "it may hold gate reports",
                f"chmod u+rx {shlex.quote(str(error.filename))}, or ask its owner",
            )
        )

    if not os.path.lexists(str(place)):
        raise BadInput(f"there is no {place}", "its gate reports were asked for", "name a folder or file that exists")
    if not place.is_dir():
        yield place
        return
    for folder, inner, names in os.walk(str(place), onerror=refused):
        inner.sort()
        if JSON in names:
            yield Path(folder) / JSON


def _session(file: str, fields: Mapping[str, Any]) -> Session:
    session = fields["session"]
    time = seconds(session["started"])
    # If a test ran again, the last attempt counts.
    points: Dict[Key, Point] = {}
    for each in (each for subject in fields["subjects"].values() for each in subject["comparisons"]):
        found = from_fields(each)
        if found.kind != PUBLISHED and each["verdict"] is not None:
            points.update(_points(found, time, Verdict(each["verdict"]), each["outcome"] == "xfailed"))
    return Session(file, time, bool(fields["complete"]), points, hash(json.dumps(fields, sort_keys=True)))


def _points(found: Comparison, time: float, verdict: Verdict, known: bool) -> Iterator[Tuple[Key, Point]]:
    """A point for each metric; one for all, if nothing that is a number was measured."""
    conditions = tuple(sorted((str(name), str(value)) for name, value in found.conditions.items()))
    where = (conditions, platform_text(found.provenance) if found.provenance else "")
    commit = str(found.provenance.get("commit", ""))[:_LONGEST_COMMIT]
    findings = () if found.kind == FINGERPRINT else found.judgement.findings
    texts = (found.name, found.kind, *(each.name for each in findings))
    if not all(isinstance(text, str) and len(text) + len(str(where)) < _LONGEST for text in texts):
        raise ValueError(f"the names of a comparison are texts of at most {_LONGEST:,} characters")
    everything: Mapping[int, Any] = found.samples or {0: found.taken or [each.measured for each in findings]}
    if not any(drawable(each.measured) for each in findings):
        yield Key(found.name, found.kind, "", *where), Point(time, commit, verdict, known or found.passes)
        return
    for each in findings:
        values = {seed: row[each.name] for seed, row in found.samples.items() if each.name in row}
        if not values and drawable(each.measured):
            values = {0: number(each.measured)}
        margin, stored = (number(one) if drawable(one) else None for one in (each.margin, each.stored))
        ends = numbers(each.interval or ())
        interval = (stored + ends[0], stored + ends[1]) if stored is not None and len(ends) == 2 else None
        point = Point(
            time, commit, each.verdict, known or bool(each.known), values, stored, margin, interval, everything
        )
        yield Key(found.name, found.kind, each.name, *where), point
