from __future__ import annotations

from typing import Any, Callable

import pytest

from mnist_repro.report.page.page import commit, last_values, short, when

COMMIT = "8cab39ffaebd9d8340d4f6ff395f49d2dcad7635"


@pytest.mark.parametrize(
    ("show", "value", "text"),
    [
        (when, "2026-01-02T03:04:05+00:00", "2026-01-02 03:04 UTC"),
        (when, None, "–"),
        (when, "<b>soon</b>", "<b>soon</b>"),
        (commit, COMMIT, COMMIT[:12]),
        (commit, f"{COMMIT}-dirty", f"{COMMIT[:12]}-dirty"),
        (commit, "", ""),
        (commit, "<b>mine</b>", "<b>mine</b>"),
        (short, 0.123456, "0.12346"),
        (short, None, "–"),
    ],
)
def test_moments_commits_and_numbers_are_short_and_other_texts_unchanged(
    show: Callable[[Any], str], value: object, text: str
) -> None:
    assert text == show(value)


def test_the_last_value_of_a_curve_is_left_out_if_it_is_not_finite() -> None:
    assert [0.5] == last_values({0: [(1, 0.75), (2, 0.5)], 1: [(1, float("nan"))], 2: []})
