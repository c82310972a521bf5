"""Makes the trend page from the series, and the lines that the command prints. Loads nothing, runs no script."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import mnist_repro
from mnist_repro.display import counted
from mnist_repro.gate.comparison import FINGERPRINT, NOTHING
from mnist_repro.gate.text import conditions_text
from mnist_repro.report.page import page as report_page
from mnist_repro.runs.problems import Problems
from mnist_repro.trend import drift as drifts
from mnist_repro.trend.accepted import Accepted, History
from mnist_repro.trend.chart import MARKS, MOST_CHANGES, chart, drawn_points, mark_of
from mnist_repro.trend.drift import Drift
from mnist_repro.trend.sessions import Key, Point, Series, Session, series_of

_TEMPLATES = Path(__file__).with_name("templates")
# Of more metrics, those that drift or fail are drawn first; of more sessions, those that fail.
MOST_CHARTS, MOST_POINTS, MOST_ROWS, MOST_PROBLEMS = 120, 240, 12, 20


@dataclass(frozen=True)
class Shown:
    """One series of the page.

    Args:
        id: its anchor.
        title: gate, metric, and what distinguishes it from others of the same name.
        series: the series.
        drift: how it moved.
        accepted: the changes of its baseline, oldest first.
        failing: whether its last session failed.
        ended: whether the gate goes on without it.
    """

    id: str
    title: str
    series: Series
    drift: Optional[Drift]
    accepted: Sequence[Accepted]
    failing: bool
    ended: bool = False

    @property
    def last(self) -> Point:
        """The newest point."""
        return self.series.points[-1]

    @property
    def rows(self) -> List[Point]:
        """The newest points, newest first."""
        return list(self.series.points[: -MOST_ROWS - 1 : -1])

    @property
    def sentence(self) -> str:
        """What the drift or jump is, and where the margin is; empty if there is none."""
        if self.drift is None:
            return ""
        found, point = self.drift, self.series.points[self.drift.first]
        where = f"{place(point)}, {counted(found.sessions, 'session')} ago"
        word = "falls" if found.moved < 0 else "rises"
        if not found.slow:
            word = "fell" if found.moved < 0 else "rose"
            return f"{self.title} {word} by {abs(found.moved):.2g} at {where}, and has stayed there: not a slow drift"
        rate = f"{abs(found.slope) * 100:.2g} per 100 sessions since {where}"
        crosses = "its interval reaches beyond the margin already"
        if found.crosses:
            crosses = f"at this rate its interval crosses the margin in about {_rounded(found.crosses)}"
        return f"{self.title} {word} by {rate}; {crosses}"

    @property
    def picture(self) -> str:
        """The chart, with its text alternative."""
        points, last = self.series.points, self.last
        fails = sum(point.fails for point in points)
        facts = [f"{self.title}: {counted(len(points), 'session')} from {day(points[0].time)} to {day(last.time)}"]
        if self.series.key.metric:
            values = (report_page.short(each, 6) for each in (last.mean(), last.stored, last.margin))
            facts.append("last mean {}, stored {} ± {}".format(*values))
        facts.append(f"last verdict {last.verdict.value}; {fails:,} of {len(points):,} failed")
        label = escape(". ".join(filter(None, [*facts, self.sentence])))
        days = (day(points[0].time), day(last.time))
        return chart(self.series, [each.at for each in self.accepted], self.drift, days, MOST_POINTS, label)

    @property
    def thinned(self) -> str:
        """Which sessions are drawn, if not all."""
        drawn, points = drawn_points(self.series, MOST_POINTS), self.series.points
        if len(drawn) == len(points):
            return ""
        failing, of = sum(points[at].fails for at in drawn), sum(point.fails for point in points)
        those = "all that failed" if failing == of else f"{failing:,} of {of:,} that failed"
        return (
            f"{len(drawn):,} of {len(points):,} sessions are drawn{f', among them {those}' if of else '; none failed'}"
        )


def shown_of(sessions: Sequence[Session], history: History) -> List[Shown]:
    """Every series with its drift and the changes of its baseline; one that has ended is neither tested nor failing."""
    every = series_of(sessions)
    newest: Dict[str, float] = {NOTHING: sessions[-1].time}
    for series in every:
        newest[series.key.name] = max(newest.get(series.key.name, 0.0), series.points[-1].time)
    ended = [_ended(series, newest[series.key.name]) for series in every]
    tests = sum(drifts.testable(series) and not over for series, over in zip(every, ended))
    same: Dict[Tuple[str, str], List[Key]] = {}
    for series in every:
        same.setdefault((series.key.name, series.key.metric), []).append(series.key)
    return [
        Shown(
            f"series-{number}",
            _title(series.key, same[series.key.name, series.key.metric]),
            series,
            drifts.find(series, tests) if drifts.testable(series) and not over else None,
            history.of(series),
            series.points[-1].fails and not over,
            over,
        )
        for number, (series, over) in enumerate(zip(every, ended), start=1)
    ]


def _ended(series: Series, newest: float) -> bool:
    """Whether a gate has not judged this metric, on this platform, for ten times as long as between two sessions.

    A session without a measurement is about the gate: any later one of the gate makes up for it.
    """
    points, since = series.points, newest - series.points[-1].time
    if not series.key.metric and series.key.kind != FINGERPRINT:
        return since > 0.0
    return len(points) > 1 and since > 10.0 * (points[-1].time - points[0].time) / (len(points) - 1)


def render(sessions: Sequence[Session], copies: int, shown: Sequence[Shown], history: History) -> str:
    """The page.

    Args:
        sessions: the sessions, oldest first.
        copies: number of copies that were left out.
        shown: all series.
        history: where the changes of baselines are from; its problems are of all input.
    """
    notable = [each for each in shown if each.drift or each.failing]
    chosen = [*notable, *(each for each in shown if each not in notable)][:MOST_CHARTS]
    style = report_page.text_of("page.css") + report_page.text_of("trend.css", _TEMPLATES)
    environment = report_page.plain_environment(_TEMPLATES)
    environment.filters.update(day=day, place=place, counted=counted, mark=mark_of)
    problems: Problems = history.problems
    page: str = environment.get_template("trend.html").render(
        version=mnist_repro.__version__,
        made=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        style=report_page.markup(style),
        policy=report_page.policy(style),
        answer=answer(sessions, shown),
        drifting=[each for each in shown if each.drift],
        failing=[each for each in shown if each.failing],
        charts=[each for each in shown if each in chosen],
        left=len(shown) - len(chosen),
        markup=report_page.markup,
        empty=sum(not session.points for session in sessions),
        incomplete=sum(not session.complete for session in sessions),
        copies=copies,
        problems=problems.found[:MOST_PROBLEMS],
        problems_count=len(problems.found),
        baselines=history.folder,
        most_changes=MOST_CHANGES,
        marks=MARKS,
    )
    return page


def answer(sessions: Sequence[Session], shown: Sequence[Shown]) -> str:
    """The page in a sentence: how many sessions of what, how many metrics drift, and how many failed last."""
    first, last = day(sessions[0].time), day(sessions[-1].time)
    gates = len({each.series.key.name for each in shown})
    metrics = sum(bool(each.series.key.metric) for each in shown)
    slow = sum(each.drift is not None and each.drift.slow for each in shown)
    jumps = sum(each.drift is not None and not each.drift.slow for each in shown)
    failing = sum(each.failing for each in shown)
    when = first if first == last else f"{first} to {last}"
    jumped = f", {jumps:,} jumped" if jumps else ""
    of = counted(gates, "gate") + (f" with {counted(metrics, 'metric')}" if metrics else "")
    return (
        f"{counted(len(sessions), 'session')}, {when}, of {of}: "
        f"{slow or 'no'} {'metric drifts' if slow <= 1 else 'metrics drift'}{jumped}; "
        f"{failing or 'none'} failed in their last session"
    )


def day(moment: float) -> str:
    """The day of a time, in UTC."""
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%d")


def place(point: Point) -> str:
    """The commit and the day of a point."""
    known = report_page.commit(point.commit)
    return f"commit {known} ({day(point.time)})" if known else day(point.time)


def _rounded(sessions: int) -> str:
    """A number of sessions with two digits, for it is a guess."""
    return counted(int(float(f"{sessions:.2g}")), "session")


def _title(key: Key, same: Sequence[Key]) -> str:
    """The gate and the metric; the conditions and the platform where others have the same gate and metric."""
    parts: List[Tuple[str, bool]] = [
        (conditions_text(dict(key.conditions)), len({each.conditions for each in same}) > 1),
        (key.platform, len({each.platform for each in same}) > 1),
    ]
    if key.name == NOTHING:
        return "tests that ended before they named a gate"
    own = ", ".join(text for text, differs in parts if differs and text)
    what = key.metric or ("all values" if key.kind == FINGERPRINT else "no measurement")
    return f"{what} of {key.name}{f' ({own})' if own else ''}"
