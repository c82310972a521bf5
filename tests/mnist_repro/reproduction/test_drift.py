"""Drift is named where the losses prove it, whatever was asked for, and not recognised otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterator, List, Optional, Sequence

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.execution.components import Assignment, as_run
from mnist_repro.recipes import Recipe, find
from mnist_repro.recipes.recipe import Epochs, Scale
from mnist_repro.reproduction import drift, hypotheses, oracle
from mnist_repro.reproduction.drift import NONE, NOT_DEBIASED, NOT_RECOGNISED, recognise
from mnist_repro.reproduction.hypotheses import Hypothesis
from mnist_repro.runs.log import Score
from mnist_repro.runs.run import Run
from mnist_repro.training import framework
from mnist_repro.training import train as training
from tests.builders import made_up
from tests.builders.solved import solve

# Two epochs of 16 and of 21 steps, the last of each with an incomplete batch.
WHEEL = replace(find("wheel-softmax"), subset=Scale(2_000, 0, 100, Epochs(2), scored_after=(2,)))


BEGINNERS = replace(find("tf-softmax"), subset=Scale(2_030, 0, 100, Epochs(2), scored_after=(2,)))


STEPS = 30


def a_run(recipe: Recipe = WHEEL, seed: int = 0, losses: Sequence[float] = (), scores: Sequence[Score] = ()) -> Run:
    made = made_up.run(recipe.name, seed, *scores, scale="subset")
    return replace(made, step_losses=tuple(losses))


def computed(dataset: Dataset, recipe: Recipe = WHEEL, change: Optional[Hypothesis] = None, seed: int = 0) -> Run:
    """The first steps of a run with one thing changed, rounded to float32 as a real one."""
    chosen = oracle.calculation(recipe, "original", recipe.subset.training_images, recipe.validation_images)
    chosen = change.applied(chosen) if change else chosen
    losses = solve(chosen, dataset.train_images, dataset.train_labels, seed, STEPS).losses
    return a_run(recipe, seed, [float(loss) for loss in losses.astype(np.float32)])


def trained(dataset: Dataset, recipe: Recipe = WHEEL, arithmetic: str = "original") -> Run:
    """A real run."""
    result = training.train(recipe, dataset, 0, recipe.subset, arithmetic)
    return as_run(Assignment(recipe, 0, "subset", arithmetic), dataset, recipe.subset, result)


def test_a_training_in_original_arithmetic_has_no_drift(dataset: Dataset) -> None:
    found = recognise(WHEEL, [trained(dataset)], dataset)
    assert (NONE, False) == (found.kind, found.named)
    assert str(found).startswith("none: the first 32 step losses of seed 0 agree with the source's arithmetic within ")


def float16(pixels: Any) -> Any:
    tf = framework.tensorflow()
    return tf.cast(tf.cast(tf.cast(pixels, tf.float32) / 255.0, tf.float16), tf.float32)


def in_file_order(recipe: str, seed: int, epoch: int, images: int) -> np.ndarray:
    return np.arange(images, dtype=np.int32)


@pytest.mark.parametrize(
    ("module", "name", "instead", "kind"),
    [(framework, "scaled", float16, "float16 pixels"), (training, "epoch_order", in_file_order, "not shuffled")],
)
def test_a_change_in_somebodys_code_is_named(
    module: object, name: str, instead: object, kind: str, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, instead)
    assert kind == recognise(WHEEL, [trained(dataset)], dataset).kind


# What wheel-softmax does already, or has not got.
NO_CHANGE = ("kernel from glorot-uniform", "validation images trained on")


@pytest.mark.parametrize("change", hypotheses.SINGLE, ids=lambda change: str(change.kind))
def test_each_change_is_told_from_all_others(change: Hypothesis, dataset: Dataset) -> None:
    recipe = BEGINNERS if change.kind in NO_CHANGE else WHEEL
    found = recognise(recipe, [computed(dataset, recipe, change)], dataset)
    assert (change.kind, change.cause, True) == (found.kind, found.cause, found.named)


def test_a_change_on_top_of_the_frameworks_arithmetic_is_named_with_it(dataset: Dataset) -> None:
    [both] = [each for each in hypotheses.on_top_of_epsilon() if each.kind.endswith("batch size halved")]
    found = recognise(WHEEL, [computed(dataset, change=both)], dataset)
    assert "epsilon inside the root, batch size halved" == found.kind


def test_the_evidence_says_how_closely_and_from_where(dataset: Dataset) -> None:
    runs = [computed(dataset, change=hypotheses.SINGLE[0], seed=seed) for seed in (0, 5)]
    evidence = recognise(WHEEL, runs, dataset).evidence
    assert evidence.startswith("the first 30 step losses of seeds 0, 5 agree with an oracle that computes so within ")
    assert evidence.endswith(", from step 2 on")


def test_an_unknown_change_is_not_recognised_and_its_first_step_is_given(dataset: Dataset) -> None:
    noisy = dataset.train_labels.copy()
    noisy[::100] = (noisy[::100] + 1) % 10
    chosen = oracle.calculation(WHEEL, "original", WHEEL.subset.training_images)
    losses = solve(chosen, dataset.train_images, noisy, 0, STEPS).losses
    expected = solve(chosen, dataset.train_images, dataset.train_labels, 0, STEPS).losses
    step = int(np.flatnonzero(losses != expected)[0])
    found = recognise(WHEEL, [a_run(losses=[float(loss) for loss in losses])], dataset)
    assert (NOT_RECOGNISED, "", False) == (found.kind, found.cause, found.named)
    assert f"seed 0 differs from the source's arithmetic from step {step + 1} on" in found.evidence
    assert f"(loss {losses[step]:.7g} instead of {expected[step]:.7g})" in found.evidence


@pytest.mark.parametrize(
    ("recipe", "changes"), [(WHEEL, 17 + 16), (BEGINNERS, 16)], ids=["RMSprop", "gradient descent"]
)
def test_every_change_is_calculated_once_and_counted(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, recipe: Recipe, changes: int
) -> None:
    calculated: List[oracle.Calculation] = []

    def losses(chosen: oracle.Calculation, *others: Any) -> Iterator[float]:
        calculated.append(chosen)
        return iter([1.0])

    monkeypatch.setattr(drift, "losses_one_by_one", losses)
    found = recognise(recipe, [a_run(recipe, losses=[2.0])], dataset)

    # The source's own, then what is changed in it.
    assert 1 + changes == len(calculated) == len(set(calculated))
    assert found.evidence.endswith(f"and none of the {changes} changes tried, alone or in pairs, explains that")


def test_a_loss_that_is_not_a_number_agrees_with_nothing(dataset: Dataset) -> None:
    losses = list(computed(dataset).step_losses)
    losses[21] = float("nan")
    found = recognise(WHEEL, [a_run(losses=losses)], dataset)
    assert NOT_RECOGNISED == found.kind
    assert "from step 22 on (loss nan instead of" in found.evidence


def test_a_drift_of_some_seeds_only_is_not_recognised(dataset: Dataset) -> None:
    runs = [computed(dataset, seed=3), computed(dataset, change=hypotheses.SINGLE[0], seed=4)]
    found = recognise(WHEEL, runs, dataset)
    assert NOT_RECOGNISED == found.kind
    assert found.evidence.startswith("seed 4 differs")


def test_two_changes_that_the_losses_cannot_tell_apart_are_not_guessed_at(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = hypotheses.SINGLE[1]
    monkeypatch.setattr(drift, "SINGLE", (change, replace(change, kind="its twin")))
    found = recognise(WHEEL, [computed(dataset, change=change)], dataset)
    assert NOT_RECOGNISED == found.kind
    assert found.evidence.endswith("the losses cannot tell these apart: learning rate doubled, its twin")


def scored(loss: float, debiased: Optional[float], after: int = 3) -> Score:
    return made_up.score(after, loss, 0.9, debiased)


def of_batch_normalization(*runs: Sequence[Score]) -> drift.Drift:
    made = [a_run(find("vgg7-bn"), seed, scores=scores) for seed, scores in enumerate(runs)]
    return drift.recognise_batch_normalization(made)


@pytest.mark.parametrize(
    ("runs", "costs"),
    [
        (([scored(1.5, 0.04)], [scored(2.5, 0.06)]), "0.0500 instead of 2.0000 after 3 epochs (mean of seeds 0, 1)"),
        # In the end, nothing is left of it.
        (
            ([scored(1.5, 0.04), scored(0.035, 0.035, 10)],),
            "0.0400 instead of 1.5000 after 3 epochs, 0.0350 instead of 0.0350 after 10 epochs (mean of seed 0)",
        ),
    ],
)
def test_missing_zero_debiasing_is_named_with_what_it_costs(runs: Sequence[Sequence[Score]], costs: str) -> None:
    found = of_batch_normalization(*runs)
    assert (NOT_DEBIASED, True) == (found.kind, found.named)
    assert f"debiased, the same weights give a test loss of {costs}" == found.evidence


@pytest.mark.parametrize(
    "runs",
    [
        ([scored(0.05, 0.048)],),
        ([scored(1.5, 0.04)], [scored(0.05, 0.048)]),
        ([scored(0.04, 1.5)],),
        ([scored(float("nan"), 0.04)],),
        ([scored(1.5, float("nan"))],),
        ([scored(1.5, 0.04)], [scored(1.5, None)]),
    ],
    ids=["too little", "one seed only", "the other way", "no number", "no debiased number", "not all re-scored"],
)
def test_zero_debiasing_that_explains_nothing_is_not_named(runs: Sequence[Sequence[Score]]) -> None:
    assert NOT_RECOGNISED == of_batch_normalization(*runs).kind


def test_scores_that_were_not_all_taken_again_say_so(dataset: Dataset) -> None:
    found = of_batch_normalization([scored(1.5, 0.04)], [scored(1.5, None)])
    assert "there is no score at which every run was scored with debiased statistics" == found.evidence
    assert NOT_RECOGNISED == recognise(WHEEL, [], dataset).kind


# TensorFlow 2.2 uses names that NumPy has since deprecated.
@pytest.mark.filterwarnings("ignore:tostring:DeprecationWarning")
def test_batch_normalization_of_the_framework_is_named_in_a_real_training(dataset: Dataset) -> None:
    short = replace(find("vgg7-bn"), subset=Scale(1_000, 0, 100, Epochs(1), scored_after=(1,)), batch_size=50)
    result = training.train(short, dataset, 0, short.subset, "framework")
    run = as_run(Assignment(short, 0, "subset", "framework"), dataset, short.subset, result)
    assert NOT_DEBIASED == recognise(short, [run], dataset).kind


@pytest.mark.parametrize("name", ["keras-cnn", "tf-cnn", "vgg7", "vgg7-bn"])
def test_recipes_without_an_oracle_are_not_recognised_and_it_says_why(name: str, dataset: Dataset) -> None:
    recipe = find(name)
    found = recognise(recipe, [a_run(recipe, losses=[2.3], scores=[scored(0.04, None)])], dataset)
    expected = f"not recognised: no oracle computes {name}, so there is nothing to hold it against"
    assert expected == str(found)


def test_runs_without_step_losses_do_not_read_as_without_drift(dataset: Dataset) -> None:
    found = recognise(WHEEL, [computed(dataset), a_run(seed=1)], dataset)
    assert "not recognised: there are runs without step losses, which cannot be held against anything" == str(found)
