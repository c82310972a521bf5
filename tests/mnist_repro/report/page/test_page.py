from __future__ import annotations

import pytest

from mnist_repro.report.page.page import commit, last_values, narrow, short, spread, when
from tests.builders import made_up_page

COMMIT = "8cab39ffaebd9d8340d4f6ff395f49d2dcad7635"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({0: 0.2425, 1: 0.2925}, "0.26750 ± 0.03536"),
        ({0: 0.25}, "0.25000"),
        ({0: 0.25, 1: float("nan")}, "0.25000"),
        ({0: float("nan")}, "NaN"),
        ({}, "–"),
    ],
)
def test_a_metric_is_shown_as_mean_and_deviation_of_its_finite_values(values: object, text: str) -> None:
    assert isinstance(values, dict)

    assert text == spread(values)


@pytest.mark.parametrize(
    ("moment", "text"), [("2026-01-02T03:04:05+00:00", "2026-01-02 03:04 UTC"), (None, "–"), ("<b>soon</b>",) * 2]
)
def test_a_moment_is_shown_to_the_minute_and_other_texts_unchanged(moment: object, text: str) -> None:
    assert text == when(moment)


@pytest.mark.parametrize(
    ("name", "text"),
    [(COMMIT, COMMIT[:12]), (f"{COMMIT}-dirty", f"{COMMIT[:12]}-dirty"), ("", ""), ("<b>mine</b>",) * 2],
)
def test_a_commit_is_short_and_says_when_the_checkout_differed(name: str, text: str) -> None:
    assert text == commit(name)


def test_a_margin_of_less_than_a_hundredth_of_the_figure_is_narrow() -> None:
    wide = made_up_page.metric(margin=0.0051)

    assert [False, True, False] == [
        narrow(each) for each in (wide, made_up_page.metric(margin=0.0049), made_up_page.metric(margin=None))
    ]


def test_the_last_value_of_a_curve_is_left_out_if_it_is_not_finite() -> None:
    assert [0.5] == last_values({0: [(1, 0.75), (2, 0.5)], 1: [(1, float("nan"))], 2: []})


def test_a_missing_number_is_a_dash() -> None:
    assert ["0.12346", "–"] == [short(0.123456), short(None)]
