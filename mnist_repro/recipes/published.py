"""The figures that a recipe's source printed, one by one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Tuple

from mnist_repro.recipes.recipe import Known, Published, Recipe


@dataclass(frozen=True)
class Figure:
    """A figure that a source printed: its metric, and the epochs or steps after which it was measured.

    Args:
        known: what is known of it if stored runs do not reproduce it.
    """

    after: int
    metric: str
    value: float
    known: Optional[Known] = None


def published_figures(recipe: Recipe) -> Tuple[Figure, ...]:
    """Every test figure that the recipe's source printed, figures of other runs included."""
    figures: List[Figure] = []
    for published in recipe.published:
        after, known = published.after, published.known
        figures += [Figure(after, metric, value, known.get(metric)) for metric, value in published.test.items()]
        figures += [Figure(after, metric, value) for metric, value in published.also_printed.items()]
    return tuple(figures)


def published_errors(recipe: Recipe) -> Optional[Published]:
    """The published run with a table of errors, the last if there are several; None if there is no such table."""
    return next((one for one in reversed(recipe.published) if one.errors_per_label), None)
