"""How often `reproduce` gives each verdict, by true shift and seeds, as docs/explanation/published-figures.md says."""

from __future__ import annotations

from pathlib import Path
from typing import List, Sequence

import pytest

from mnist_repro.recipes import RECIPES
from tests.builders.simulated_sessions import AUTO, shares

PAGE = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "published-figures.md"
SESSIONS = 2000
SHIFTS = (0.0, 1.0, 2.0, 3.0, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0)
SEEDS = (3, 5, 10, AUTO)
WORDS = ("reproduced", "inconclusive", "not reproduced")


def table(recipes: Sequence[str], shifts: Sequence[float]) -> List[str]:
    """The lines of a Markdown table; a cell has the shares of the three verdicts, in percent."""
    head = ["true shift, sd", *(f"{count} seeds" if count else "`--seeds auto`" for count in SEEDS)]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for shift in shifts:
        found = shares(recipes, shift, SEEDS, SESSIONS)
        cells = [" / ".join(f"{100 * found[count].get(word, 0.0):.1f}" for word in WORDS) for count in SEEDS]
        lines.append(f"| {' | '.join([f'{shift:.1f}', *cells])} |")
    return lines


@pytest.mark.parametrize(
    ("recipes", "shifts"), [(["wheel-softmax"], SHIFTS), (list(RECIPES), (0.0,))], ids=["wheel-softmax", "all"]
)
def test_the_page_has_the_shares_that_simulated_sessions_give(recipes: Sequence[str], shifts: Sequence[float]) -> None:
    lines = table(recipes, shifts)
    expected = "\n".join(lines)
    unshifted = [cell.split(" / ") for cell in lines[2].strip("| ").split(" | ")[1:]]

    assert expected in PAGE.read_text(encoding="utf-8"), expected
    assert max(float(cell[-1]) for cell in unshifted) <= 1.0
