from __future__ import annotations

import numpy as np
import pytest

from mnist_repro.report.page.numbers import as_printed, evenly, number, numbers, settled, spread


def test_an_even_selection_has_the_first_and_the_last() -> None:
    assert [0, 3, 6, 9] == evenly(list(range(10)), 4)
    assert [1, 2] == evenly([1, 2], 4)


def test_what_is_not_finite_cannot_be_drawn() -> None:
    assert not np.isfinite(number("nan"))
    assert not np.isfinite(number({"a": "mapping"}))
    assert [0.5] == numbers([0.5, float("inf"), "nan", 10**400, None])


def test_numbers_of_a_column_have_the_same_decimals() -> None:
    written = [settled(each) for each in (0.92, 0.0, 5.8e-7, 12_345_678.0)]

    assert ["0.92000", "0.00000", "5.8e-07", "1.23e+07"] == written


def test_a_published_figure_has_no_decimals_that_its_source_did_not_print() -> None:
    assert ["0.927", "0.27075", "0.05170"] == [as_printed(each) for each in (0.927, 0.2707519, 0.05170448)]


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
