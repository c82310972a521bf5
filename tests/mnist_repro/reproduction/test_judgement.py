"""The table of verdicts: when is a published figure reproduced, and when does a recipe or a session pass?"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Dict, Sequence, Tuple

import pytest

from mnist_repro.gate.intervals import Interval
from mnist_repro.gate.verdicts import Finding, Verdict
from mnist_repro.recipes import RECIPES, find
from mnist_repro.recipes.published import Figure
from mnist_repro.reproduction import judgement as reproduction
from mnist_repro.reproduction.judgement import FigureComparison, Result, judge
from mnist_repro.runs import baselines
from tests.builders.made_up import dataset, run, score, wheels

BASELINES = Path(__file__).resolve().parents[3] / "baselines"
LOSS = Figure(20, "loss", 0.27075190788507464)
ACCURACY = Figure(20, "accuracy", 0.927)

# What the WHEEL tutorial's own framework gave, and what the newest one gives with its own arithmetic.
NEAR = ((0.2691, 0.9269), (0.2702, 0.9279), (0.2689, 0.9277))
MANY = tuple((0.2697 + 0.0004 * away, 0.9274 + 0.0002 * away) for away in (-4, -3, -2, -1, 0, 0, 1, 2, 3, 4))
FAR = ((0.2646, 0.9278), (0.2647, 0.9279), (0.2646, 0.9277))


def every(seeds: int) -> Dict[str, int]:
    return dict.fromkeys(RECIPES, seeds)


def verdicts(figures: Sequence[Tuple[float, float]], seeds: int = 0, data: str = "mnist", scale: str = "full") -> str:
    """The verdict on wheel-softmax after runs with these losses and accuracies."""
    made = [(find("wheel-softmax"), wheels(*figures))]
    [result] = judge(made, every(seeds or len(figures)), scale, dataset(data)).recipes
    return result.verdict


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        pytest.param(MANY, "reproduced", id="a difference that matters is excluded"),
        pytest.param(NEAR, "inconclusive", id="three seeds alone"),
        pytest.param(FAR, "not reproduced", id="loss away, accuracy at home"),
        pytest.param(
            ((0.2691, 0.9), (0.2702, 0.9001), (0.2689, 0.9)), "not reproduced", id="accuracy away, loss at home"
        ),
        pytest.param(NEAR[:1], "inconclusive", id="one seed"),
        pytest.param(((0.27075190788507464, 0.927),) * 3, "inconclusive", id="seeds that do not differ"),
        pytest.param(((0.2691, 0.927), (0.2702, 0.927), (0.2689, 0.927)), "inconclusive", id="one metric too few"),
        pytest.param((NEAR[0],) * 3, "inconclusive", id="the same run three times"),
        pytest.param((*NEAR, (math.nan, 0.098)), "incomparable", id="one diverged"),
        pytest.param((*NEAR, (math.inf, 0.098)), "incomparable", id="one without bounds"),
    ],
)
def test_verdicts_on_the_runs_of_a_recipe(figures: Sequence[Tuple[float, float]], expected: str) -> None:
    assert expected == verdicts(figures)


def test_a_run_that_was_not_made_fails_the_recipe_however_good_the_others() -> None:
    assert ["failed", "failed"] == [verdicts(NEAR, seeds=4), verdicts((), seeds=3)]


@pytest.mark.parametrize(("data", "scale"), [("mnist", "subset"), ("surrogate", "full"), ("unrecognised", "full")])
def test_nothing_published_is_tested_on_other_data_or_less_of_it(data: str, scale: str) -> None:
    assert ("not tested", "not tested") == (
        verdicts(NEAR, data=data, scale=scale),
        verdicts(FAR, data=data, scale=scale),
    )
    assert "failed" == verdicts(NEAR, 4, data, scale)


def test_a_run_that_was_not_scored_there_is_incomparable() -> None:
    recipe = find("vgg7")
    made = [run("vgg7", seed, score(10, 0.036 + seed / 1000, 0.9863 + seed / 10000)) for seed in range(10)]
    [result] = judge([(recipe, made)], every(10), "full", dataset("mnist")).recipes

    assert ["incomparable", "incomparable", "reproduced", "reproduced"] == [each.verdict for each in result.comparisons]
    assert "incomparable" == result.verdict


def test_stored_runs_sharpen_the_verdict_on_few_seeds() -> None:
    stored = baselines.read(BASELINES, "wheel-softmax", "full")
    alone = reproduction.compare((LOSS, ACCURACY), wheels(*FAR), 2)
    pooled = reproduction.compare((LOSS, ACCURACY), wheels(*FAR), 2, stored)

    assert [(LOSS, (0.2646, 0.2647, 0.2646)), (ACCURACY, (0.9278, 0.9279, 0.9277))] == [
        (each.figure, each.measured) for each in pooled
    ]
    assert "spread itself has changed" in pooled[0].result.reason
    assert ["not reproduced", "reproduced"] == [each.verdict for each in pooled]
    assert alone[0].result.interval != pooled[0].result.interval


def test_the_more_is_compared_the_wider_are_the_intervals() -> None:
    alone = judge([(find("wheel-softmax"), wheels(*NEAR))], every(3), "full", dataset("mnist"))
    others = [(recipe, ()) for name, recipe in RECIPES.items() if name != "wheel-softmax"]
    together = judge([(find("wheel-softmax"), wheels(*NEAR)), *others], every(3), "full", dataset("mnist"))

    assert (2, 15) == (alone.comparisons, together.comparisons)
    narrow, wide = (each.recipes[0].comparisons[0].result.interval for each in (alone, together))
    assert narrow is not None
    assert wide is not None
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize(("metric", "expected"), [("loss", Interval(0.0, 1.25)), ("accuracy", Interval(0.0, 1.0))])
def test_what_is_shown_of_an_interval_is_what_the_figure_can_be(metric: str, expected: Interval) -> None:
    result = Finding("loss", Verdict.REPRODUCED, "", interval=Interval(-0.25, 1.25))
    wide = FigureComparison(Figure(1, metric, 0.5), (0.25, 0.75), result)
    unknown = replace(wide, result=replace(result, interval=None))

    assert (expected, None) == (wide.possible, unknown.possible)


def comparison(verdict: str) -> FigureComparison:
    return FigureComparison(LOSS, (0.27, 0.271), Finding("loss", Verdict(verdict), ""))


@pytest.mark.parametrize(
    ("found", "failures", "expected"),
    [
        (["reproduced", "reproduced"], 0, "reproduced"),
        (["reproduced", "inconclusive"], 0, "inconclusive"),
        (["inconclusive", "not reproduced", "reproduced"], 0, "not reproduced"),
        (["not reproduced", "incomparable"], 0, "incomparable"),
        (["reproduced"], 1, "failed"),
        ([], 0, "not tested"),
        ([], 1, "failed"),
    ],
)
def test_a_recipe_is_as_good_as_its_worst_comparison(found: Sequence[str], failures: int, expected: str) -> None:
    assert expected == reproduction.verdict([comparison(word) for word in found], failures)


@pytest.mark.parametrize(
    ("words", "passes"),
    [
        (["reproduced", "reproduced"], True),
        (["equivalent"], True),
        (["not tested"], False),
        (["reproduced", "not reproduced"], False),
        (["reproduced", "inconclusive"], False),
        (["incomparable"], False),
        (["reproduced", "failed"], False),
    ],
)
def test_a_session_passes_if_everything_requested_was_judged_and_passes(words: Sequence[str], passes: bool) -> None:
    made = judge([(find("wheel-softmax"), ())], every(0), "subset", dataset("mnist")).recipes[0]
    results = tuple(replace(made, verdict=word) for word in words)

    assert passes is Result(results, "mnist", 0).passes
