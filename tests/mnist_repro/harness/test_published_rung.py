"""Published figures against stored samples."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

import pytest

from mnist_repro.gate.baselines.values import BaselineFile
from mnist_repro.gate.intervals import standard_deviation
from mnist_repro.gate.one_run import compare_with_one_run
from mnist_repro.gate.verdicts import Finding, Verdict
from mnist_repro.harness.published_rung import figures_in_session, judge_published
from mnist_repro.recipes import RECIPES, find
from mnist_repro.recipes.recipe import Known
from mnist_repro.runs import baselines
from tests.builders.gate_cases import CONDITIONS, stored

BASELINES = Path(__file__).resolve().parents[3] / "baselines"
LOSS, ACCURACY = "test_loss after 20 epochs", "test_accuracy after 20 epochs"
TRAINING = "training_loss after 20 epochs"
# Published: 0.27075190788507464 and 0.927.
LOSSES = [0.2697 + 0.0012 * away for away in (-1.5, -1, -0.5, -0.5, 0, 0, 0.5, 0.5, 1, 1.5)]
ACCURACIES = [0.9277 + 0.0007 * away for away in (-1.5, -1, -0.5, -0.5, 0, 0, 0.5, 0.5, 1, 1.5)]


def wheel(losses: Sequence[float] = LOSSES, accuracies: Sequence[float] = ACCURACIES, **changes: Any) -> BaselineFile:
    """Stored full samples of wheel-softmax."""
    file = stored("wheel-softmax", "full")
    entry: Any = file.entries[0]
    pairs = enumerate(zip(losses, accuracies))
    samples = {seed: {LOSS: loss, ACCURACY: accuracy, TRAINING: 0.25} for seed, (loss, accuracy) in pairs}
    return replace(file, entries=(replace(entry, samples=samples, **changes),))


def findings(file: BaselineFile, recipe: str = "wheel-softmax") -> Sequence[Finding]:
    return judge_published(find(recipe), file).findings


def test_figures_where_our_samples_say_they_should_be_are_reproduced() -> None:
    found = findings(wheel())

    assert [(LOSS, Verdict.REPRODUCED), (ACCURACY, Verdict.REPRODUCED)] == [(each.name, each.verdict) for each in found]
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
