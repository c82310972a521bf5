"""The table of verdicts: when is a published figure reproduced, and when does a recipe or a session pass?"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Optional, Sequence, Tuple

import pytest

from mnist_repro.gate.baselines.values import BaselineFile
from mnist_repro.gate.intervals import Interval, standard_deviation
from mnist_repro.gate.one_run import compare_with_one_run
from mnist_repro.gate.verdicts import Finding, Verdict
from mnist_repro.recipes import RECIPES, find
from mnist_repro.recipes.published import Figure
from mnist_repro.recipes.recipe import Known
from mnist_repro.reproduction import judgement as reproduction
from mnist_repro.reproduction.judgement import FigureComparison, Result, figures_in_session, judge, judge_published
from mnist_repro.runs import baselines
from tests.builders.gate_cases import CONDITIONS, stored
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


# --- Stored runs, judged by published figures ---

LOSS_NAME, ACCURACY_NAME = "test_loss after 20 epochs", "test_accuracy after 20 epochs"
TRAINING = "training_loss after 20 epochs"
# Published: 0.27075190788507464 and 0.927.
LOSSES = [0.2697 + 0.0012 * away for away in (-1.5, -1, -0.5, -0.5, 0, 0, 0.5, 0.5, 1, 1.5)]
ACCURACIES = [0.9277 + 0.0007 * away for away in (-1.5, -1, -0.5, -0.5, 0, 0, 0.5, 0.5, 1, 1.5)]


def wheel(losses: Sequence[float] = LOSSES, accuracies: Sequence[float] = ACCURACIES, **changes: Any) -> BaselineFile:
    """Stored full samples of wheel-softmax."""
    file = stored("wheel-softmax", "full")
    entry: Any = file.entries[0]
    pairs = enumerate(zip(losses, accuracies))
    samples = {seed: {LOSS_NAME: loss, ACCURACY_NAME: accuracy, TRAINING: 0.25} for seed, (loss, accuracy) in pairs}
    return replace(file, entries=(replace(entry, samples=samples, **changes),))


def findings(file: BaselineFile, recipe: str = "wheel-softmax") -> Sequence[Finding]:
    return judge_published(find(recipe), file).findings


def test_figures_where_our_samples_say_they_should_be_are_reproduced() -> None:
    found = findings(wheel())

    expected = [(LOSS_NAME, Verdict.REPRODUCED), (ACCURACY_NAME, Verdict.REPRODUCED)]
    assert expected == [(each.name, each.verdict) for each in found]
    # The interval is one of values, not of differences.
    assert [True, True] == [each.absolute for each in found]
    assert [("0.270752", "0.2697"), ("0.927", "0.9277")] == [(each.stored, each.measured) for each in found]


@pytest.mark.parametrize(
    ("losses", "accuracies", "place"),
    [
        ([loss - 0.01 for loss in LOSSES], ACCURACIES, 0),
        ([loss + 0.01 for loss in LOSSES], ACCURACIES, 0),
        (LOSSES, [accuracy + 0.02 for accuracy in ACCURACIES], 1),
    ],
)
def test_a_figure_beyond_either_end_does_not_pass(
    losses: Sequence[float], accuracies: Sequence[float], place: int
) -> None:
    found = findings(wheel(losses, accuracies))[place]

    assert (Verdict.NOT_REPRODUCED, False) == (found.verdict, found.passes)


@pytest.mark.parametrize(
    ("known", "away", "passes"),
    [
        ("inconclusive", 2.6, True),
        ("inconclusive", 9.0, False),
        ("not reproduced", 9.0, True),
        ("not reproduced", 2.6, True),
        (None, 2.6, False),
    ],
)
def test_a_figure_passes_if_its_verdict_is_no_worse_than_the_known_one(
    known: Optional[str], away: float, passes: bool
) -> None:
    recipe = find("wheel-softmax")
    declared = {} if known is None else {"loss": Known(known, "a reason")}
    recipe = replace(recipe, published=(replace(recipe.published[0], known=declared),))
    shift = 0.27075190788507464 - 0.2697 + away * standard_deviation(LOSSES)
    judgement = judge_published(recipe, wheel([loss + shift for loss in LOSSES]))

    assert (passes, passes) == (judgement.passes, judgement.findings[0].passes)
    assert ("a reason" if passes else "") == judgement.findings[0].known


def test_stored_runs_of_our_recipes_give_a_verdict_that_passes() -> None:
    """Every published figure is reproduced, but for those that are declared as known."""
    judged = {
        name: judge_published(recipe, baselines.read(BASELINES, name, "full")) for name, recipe in RECIPES.items()
    }
    unsettled = [finding.name for judgement in judged.values() for finding in judgement.findings if finding.known]

    assert all(judgement.passes for judgement in judged.values())
    assert ["test_loss after 3 epochs", "test_accuracy after 3 epochs"] == unsettled


def test_the_level_is_shared_out_among_the_published_figures_of_all_recipes() -> None:
    assert 15 == figures_in_session()
    values = dict(enumerate(LOSSES))
    assert (
        compare_with_one_run("loss", 0.27075190788507464, values, values, 15).interval == findings(wheel())[0].interval
    )


def test_a_figure_that_was_printed_of_two_runs_is_compared_twice() -> None:
    found = findings(stored("tf-softmax", "full"), "tf-softmax")

    names = ["test_accuracy after 1,000 steps", "test_accuracy after 1,000 steps, figure 2"]
    assert names == [each.name for each in found]
    assert ["0.915", "0.9163"] == [each.stored for each in found]


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_without_stored_samples_nothing_can_be_compared(recipe: str) -> None:
    assert Verdict.INCOMPARABLE == judge_published(find(recipe), BaselineFile(f"{recipe}/full", "samples")).verdict


@pytest.mark.parametrize(
    "losses",
    [LOSSES[:9], [*LOSSES[:9], math.nan], [*LOSSES[:9], math.inf], [0.27] * 10],
    ids=["too few", "NaN", "infinity", "all the same"],
)
def test_samples_that_say_nothing_cannot_be_compared_with(losses: Sequence[float]) -> None:
    assert Verdict.INCOMPARABLE == findings(wheel(losses))[0].verdict


@pytest.mark.parametrize("other", [{"dataset": "surrogate"}, {"arithmetic": "framework"}, {"model": "a"}])
def test_samples_under_other_conditions_are_not_what_was_published_of(other: Dict[str, str]) -> None:
    assert (
        Verdict.INCOMPARABLE
        == judge_published(find("wheel-softmax"), wheel(conditions={**CONDITIONS, **other})).verdict
    )
