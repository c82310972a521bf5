"""Draws the picture of a row: stored and measured values, the margin, the interval and the published values, as SVG."""

from __future__ import annotations

from typing import Iterable, List, Optional

from mnist_repro.gate.intervals import Interval
from mnist_repro.report.page.numbers import drawable, evenly, numbers
from mnist_repro.report.values import Samples

# Of more seeds, an even selection is drawn, and the text below the picture says so.
MOST_POINTS = 100
_WIDTH, _HEIGHT, _SIDE = 300.0, 56.0, 8.0


def strip(samples: Samples, bar: Optional[Interval]) -> str:
    """The picture; empty without numbers. Every value is a number, so that nothing in it needs to be escaped."""
    stored, measured, published = (
        numbers(values) for values in (samples.stored.values(), samples.measured.values(), samples.published)
    )
    ends = [end for end in bar or () if drawable(end)]
    if not stored and not measured:
        return ""
    mean = sum(stored) / len(stored) if stored else 0.0
    margin = samples.margin if stored and drawable(samples.margin) else None
    band = [] if margin is None else [mean - margin, mean + margin]
    shown = [*stored, *measured, *published, *ends]
    # A margin that is much wider than everything else would leave nothing else to see: it is cut off at the sides.
    reach = max(max(shown) - min(shown), 1e-12)
    shown += [value for value in band if min(shown) - reach <= value <= max(shown) + reach]
    low, high = min(shown), max(shown)

    def at(value: float) -> float:
        place = (value - low) / (high - low) if high > low else 0.5
        return round(_SIDE + min(max(place, 0.0), 1.0) * (_WIDTH - 2 * _SIDE), 1)

    parts: List[str] = []
    if band:
        left, right = at(band[0]), at(band[1])
        parts.append(f'<rect class="f-band" x="{left}" y="2" width="{max(right - left, 1.0):.1f}" height="40"/>')
    parts += _marks("s-stored", "{x} 10m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0", map(at, _some(stored)))
    if len(ends) == 2:
        left, right = map(at, ends)
        parts.append(f'<path class="s-ink" d="M{left} 18V26M{left} 22H{right}M{right} 18V26"/>')
    parts += _marks("f-measured", "{x} 29l4.5 4.5l-4.5 4.5l-4.5 -4.5z", map(at, _some(measured)))
    parts += _marks("s-published", "{x} 1V43", map(at, published))
    parts.append(f'<path class="s-grid" d="M{_SIDE} 43.5H{_WIDTH - _SIDE}"/>')
    parts += [
        f'<text x="{place}" y="54" text-anchor="{anchor}">{value:.5g}</text>'
        for place, anchor, value in ((_SIDE, "start", low), (_WIDTH - _SIDE, "end", high))
    ]
    return f'<svg class="strip" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" aria-hidden="true">{"".join(parts)}</svg>'


def _some(values: List[float]) -> List[float]:
    return evenly(sorted(values), MOST_POINTS)


def _marks(name: str, drawn: str, places: Iterable[float]) -> List[str]:
    """One path with a mark at each place, because a browser is slow with many elements."""
    path = "".join(f"M{drawn.format(x=place)}" for place in places)
    return [f'<path class="{name}" d="{path}"/>'] if path else []
