from __future__ import annotations

import math
from dataclasses import replace
from importlib.util import find_spec
from typing import Tuple

import pytest

from mnist_repro.power.usual_checks import accuracy_passes, num_regression_passes
from mnist_repro.recipes import find
from tests.builders import made_up
from tests.builders import made_up_baselines as made
from tests.builders.made_up_trials import WHEEL

VGG7 = find("vgg7")


needs_pandas = pytest.mark.skipif(
    find_spec("pandas") is None, reason="pandas is not installed, and num_regression needs it"
)


@pytest.mark.parametrize(
    ("accuracies", "passes"),
    [
        ((0.9275, 0.9265, 0.9301), True),
        ((0.932, 0.9321, 0.9322), False),
        ((0.921, 0.9215, 0.9212), False),
        ((0.927, math.nan, 0.927), False),
    ],
)
def test_the_usual_check_is_on_the_mean_accuracy(accuracies: Tuple[float, ...], passes: bool) -> None:
    runs = [made_up.wheel(seed, 0.27, accuracy) for seed, accuracy in enumerate(accuracies)]

    assert passes is accuracy_passes(WHEEL, runs)


def test_the_usual_check_wants_every_published_score() -> None:
    whole = made_up.run("vgg7", 0, made_up.score(3, 0.08, 0.972), made_up.score(10, 0.04, 0.987))
    early = made_up.run("vgg7", 0, made_up.score(3, 0.08, 0.972), made_up.score(10, 0.04, 0.98))
    forgotten = made_up.run("vgg7", 0, made_up.score(10, 0.04, 0.987))

    assert [True, False, False] == [accuracy_passes(VGG7, [each]) for each in (whole, early, forgotten)]


@needs_pandas
@pytest.mark.parametrize(("off", "passes"), [(0.0, True), (1e-7, True), (1e-5, False), (math.nan, False)])
def test_num_regression_compares_with_a_relative_tolerance_of_1e_5(off: float, passes: bool) -> None:
    stored = {seed: made.values(0.05) for seed in range(3)}

    assert passes is num_regression_passes(stored, made.runs((0.05, 0.05 + off, 0.05)))


@needs_pandas
def test_num_regression_lets_a_lost_metric_pass() -> None:
    stored = {seed: made.values(0.05) for seed in range(3)}
    without_scores = [replace(each, scores=()) for each in made.runs((0.05, 0.05, 0.05))]

    assert num_regression_passes(stored, without_scores)
