"""Draws a series as SVG: means with intervals, the margin as a band, verdicts as marks, new baselines as lines."""

from __future__ import annotations

from typing import Callable, Dict, Iterable, List, Optional, Sequence, Tuple

from mnist_repro.gate.verdicts import Verdict
from mnist_repro.report.page.numbers import evenly
from mnist_repro.trend.drift import Drift
from mnist_repro.trend.sessions import Point, Series

# The number of changes that have a number in the picture, the newest ones.
MOST_CHANGES = 10
# By the class of a verdict: its mark, drawn from the place of the point.
MARKS = {"good": "h0", "known": "m-3-3h6v6h-6z", "open": "m0-4l4 4-4 4-4-4z", "bad": "m-3.5-3.5l7 7m0-7l-7 7"}
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 340.0, 46.0, 334.0, 16.0, 128.0
_HEIGHT, _STRIP = 146.0, 40.0


def mark_of(point: Point) -> str:
    """The class of a verdict: good, known, open (it cannot tell) or bad."""
    if point.verdict.passes:
        return "good"
    return "known" if point.known else "open" if point.verdict is Verdict.INCONCLUSIVE else "bad"


def drawn_points(series: Series, most: int) -> List[int]:
    """The points to draw: the ends, those at a change of the baseline, those that fail, and some between them."""
    every = range(len(series.points))
    if len(every) <= most:
        return list(every)
    fixed = {0, every[-1], *series.changes, *(at - 1 for at in series.changes)}
    failing = evenly([at for at in every if series.points[at].fails and at not in fixed], most // 2)
    kept = {*evenly(sorted(fixed), most // 4), *failing}
    return sorted(
        {*kept, *evenly([at for at in every if at not in kept and not series.points[at].fails], most - len(kept))}
    )


def chart(
    series: Series, changes: Sequence[int], drift: Optional[Drift], dates: Tuple[str, str], most: int, label: str
) -> str:
    """The picture of a series.

    Args:
        series: the series.
        changes: the first points that were judged by another baseline.
        drift: its drift, for a line through the points.
        dates: texts of the first and the last date.
        most: number of points that are drawn at most.
        label: the text for readers who do not see the picture, escaped.
    """
    drawn = drawn_points(series, most)
    points, means = series.points, {at: series.points[at].mean() for at in drawn}
    height = _HEIGHT if series.key.metric else _STRIP
    bottom = height - (_HEIGHT - _BOTTOM)
    low, high = _reach([points[at] for at in drawn], [mean for mean in means.values() if mean is not None])

    def x(at: float) -> str:
        share = at / (len(points) - 1) if len(points) > 1 else 0.5
        return f"{_LEFT + 6 + share * (_RIGHT - _LEFT - 12):.1f}".replace(".0", "")

    def y(value: Optional[float]) -> str:
        if value is None or high <= low:
            return f"{bottom if series.key.metric else bottom - 12:g}"
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return f"{bottom - share * (bottom - _TOP):.1f}".replace(".0", "")

    parts = list(_bands(series, x, y, high > low))
    ends = [(at, points[at].interval) for at in drawn]
    parts.append(_path("reach", (f"M{x(at)} {y(end[0])}V{y(end[1])}" for at, end in ends if end)))
    if drift:
        parts.append(_path("drift", [" ".join(f"{'ML'[k]}{x(at)} {y(v)}" for k, (at, v) in enumerate(drift.line))]))
    for number, at in enumerate(changes, start=1):
        parts.append(_path("changed", [f"M{x(at - 0.5)} {_TOP - 4:g}V{bottom:g}"]))
        if number > len(changes) - MOST_CHANGES:
            parts.append(f'<text x="{x(at - 0.5)}" y="9" text-anchor="middle">{number}</text>')
    marks: Dict[str, List[str]] = {name: [] for name in MARKS}
    for at in drawn:
        name = mark_of(points[at])
        marks[name].append(f"M{x(at)} {y(means[at])}{MARKS[name]}")
    parts += [_path(f"mark {name}", places) for name, places in marks.items()]
    texts = [(_LEFT, height - 4, "start", dates[0]), (_RIGHT, height - 4, "end", dates[1] if len(points) > 1 else "")]
    if high > low:
        middle = points[-1].stored
        lies_apart = middle is not None and all(abs(float(y(middle)) - float(y(end))) > 12 for end in (low, high))
        ticks = [low, high, *([middle] if middle is not None and lies_apart else [])]
        values = ((value, f"{value:.{_digits(low, high)}g}") for value in ticks)
        texts += [(_LEFT - 4, float(y(value)) + 4, "end", text) for value, text in values]
    parts += [f'<text x="{a:g}" y="{b:g}" text-anchor="{anchor}">{text}</text>' for a, b, anchor, text in texts]
    return (
        f'<svg class="trend" viewBox="0 0 {_WIDTH:g} {height:g}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
    )


def _reach(points: Sequence[Point], means: Sequence[float]) -> Tuple[float, float]:
    """The lowest and the highest value to show; a margin that is far wider than the rest is cut off."""
    shown = [*means, *(end for point in points for end in point.interval or ())]
    shown += [point.stored for point in points if point.stored is not None]
    if not shown:
        return 0.0, 0.0
    widest = 3.0 * (max(shown) - min(shown))
    bands = [(point.stored, point.margin) for point in points if point.stored is not None and point.margin is not None]
    edges = [edge for stored, margin in bands for edge in (stored - margin, stored + margin)]
    middle = (max(shown) + min(shown)) / 2.0
    shown += [min(max(edge, middle - widest), middle + widest) for edge in edges] if widest else edges
    space = 0.04 * (max(shown) - min(shown)) or abs(middle) / 100.0 or 1.0
    return min(shown) - space, max(shown) + space


def _bands(series: Series, x: Callable[[float], str], y: Callable[[float], str], numbers: bool) -> Iterable[str]:
    """The margin around the stored mean, from one change of the baseline to the next."""
    starts = [0, *series.changes, len(series.points)]
    for start, end in zip(starts, starts[1:]) if numbers else ():
        judged = [each for each in series.points[start:end] if each.stored is not None and each.margin is not None]
        for each in judged[-1:]:
            stored, margin = each.stored or 0.0, each.margin or 0.0
            left = x(start - 0.5) if start else f"{_LEFT:g}"
            right = x(end - 0.5) if end < len(series.points) else f"{_RIGHT:g}"
            top, bottom = y(stored + margin), y(stored - margin)
            yield _path("band", [f"M{left} {top}H{right}V{bottom}H{left}z"])
            yield _path("stored", [f"M{left} {y(stored)}H{right}"])


def _digits(low: float, high: float) -> int:
    """Enough digits to tell both ends apart."""
    return next((digits for digits in range(3, 9) if f"{low:.{digits}g}" != f"{high:.{digits}g}"), 9)


def _path(name: str, drawn: Iterable[str]) -> str:
    """One path for all, because a browser is slow with many elements."""
    places = "".join(drawn)
    return f'<path class="{name}" d="{places}"/>' if places else ""
