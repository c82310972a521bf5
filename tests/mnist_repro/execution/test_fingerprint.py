"""A fingerprint is of the code that trains, feeds, saves and scores, on data of any kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.execution import fingerprint
from mnist_repro.execution.fingerprint import (
    SHORT_SEED,
    TakenFingerprint,
    Value,
    given_weights,
    miniature,
    short_scale,
    take,
)
from mnist_repro.gate.baselines.values import FingerprintEntry
from mnist_repro.recipes import RECIPES, Recipe, find
from mnist_repro.recipes.layers import Weights, lay_out
from mnist_repro.recipes.recipe import Epochs, Scale, Steps
from mnist_repro.runs.baselines import PUBLISHED_CONDITIONS, read
from mnist_repro.training import framework
from mnist_repro.training import train as training
from mnist_repro.training.batches import steps_per_epoch, total_steps
from mnist_repro.training.seeds import epoch_order
from mnist_repro.weights import param_hdf5
from tests.builders.command_line import listed

BASELINES = Path(__file__).resolve().parents[3] / "baselines"
WHEEL = find("wheel-softmax")

# Two epochs of three steps, the last of 44 images.
SMALL = replace(WHEEL, full=Scale(300, 0, 200, Epochs(2), scored_after=(2,)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wheel-softmax", Scale(8 * 128 + 64, 0, 500, Steps(19, report_every=9), scored_after=(9, 19))),
        ("vgg7", Scale(512 + 256, 0, 500, Steps(5, report_every=2), scored_after=(2, 5))),
    ],
)
def test_the_short_training_has_two_epochs_with_a_batch_that_is_not_full_and_a_step_more(
    name: str, expected: Scale
) -> None:
    assert expected == short_scale(find(name))


@pytest.mark.parametrize("name", RECIPES)
def test_given_weights_are_always_the_same_and_fit_the_recipe(name: str) -> None:
    recipe = find(name)
    first, again = given_weights(recipe), given_weights(recipe)

    assert [[weight.shape for weight in spec.weights] for spec in lay_out(recipe.layers, recipe.input_shape)] == [
        [array.shape for array in layer] for layer in first
    ]
    assert [[array.tobytes() for array in layer] for layer in first] == [
        [array.tobytes() for array in layer] for layer in again
    ]
    # Nothing is left as it starts in training, where moving variances are one and biases are zero.
    assert all(len(np.unique(array)) > 1 for layer in first for array in layer)


def walked(recipe: Recipe, dataset: Dataset) -> Dict[str, Value]:
    return dict(fingerprint.walk(recipe, dataset))


def test_all_that_a_training_is_fed_is_counted(dataset: Dataset) -> None:
    found = walked(SMALL, dataset)

    assert (6, 600, 44) == tuple(
        found[name]
        for name in ("steps of the whole budget", "images fed in the whole budget", "images in the last batch")
    )


def test_other_pixels_labels_or_orders_change_a_checksum(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = dataset.train_images.copy(), dataset.train_labels.copy()
    images[299, 14, 14] ^= 1
    labels[299] = (labels[299] + 1) % 10
    before = walked(SMALL, dataset)

    def changed(after: Dict[str, Value]) -> List[str]:
        return [name for name in before if before[name] != after[name]]

    assert ["checksum of the images fed"] == changed(walked(SMALL, replace(dataset, train_images=images)))
    assert ["checksum of the labels fed"] == changed(walked(SMALL, replace(dataset, train_labels=labels)))
    # Two batches in turn, each with the same images as before.
    order = epoch_order("wheel-softmax", 0, 0, 300)
    turned = np.concatenate([order[128:256], order[:128], order[256:]])
    monkeypatch.setattr(training, "epoch_order", lambda *arguments: order)
    before = walked(SMALL, dataset)
    monkeypatch.setattr(training, "epoch_order", lambda *arguments: turned)
    assert ["checksum of the labels fed", "checksum of the images fed"] == changed(walked(SMALL, dataset))


def steps_of(recipe: Recipe) -> Tuple[int, int]:
    full = recipe.full
    return steps_per_epoch(full.training_images, recipe.batch_size), total_steps(recipe, full)


@pytest.mark.parametrize("name", RECIPES)
def test_a_miniature_takes_the_steps_of_its_recipe_with_its_optimiser_and_kinds_of_layers(name: str) -> None:
    recipe = find(name)
    small = miniature(recipe)

    assert steps_of(recipe) == steps_of(small)
    assert (recipe.name, recipe.optimizer, recipe.full.budget) == (small.name, small.optimizer, small.full.budget)
    assert {type(layer) for layer in recipe.layers} == {type(layer) for layer in small.layers}


def test_softmax_regression_is_its_own_miniature() -> None:
    assert WHEEL is miniature(WHEEL)


@pytest.mark.parametrize("name", [recipe.name for recipe in RECIPES.values() if recipe.is_softmax_regression])
def test_the_whole_budget_of_softmax_regression_is_that_of_its_stored_run(name: str) -> None:
    stored = read(BASELINES, name, "full").samples(PUBLISHED_CONDITIONS)
    assert stored is not None
    expected = next(value for metric, value in stored.samples[SHORT_SEED].items() if metric.startswith("test_loss"))

    found = {
        entry.platform: entry.close["test loss after the whole budget"]
        for entry in read(BASELINES, name, "fingerprint").entries
        if isinstance(entry, FingerprintEntry) and entry.conditions["dataset"] == "mnist"
    }

    assert found == pytest.approx(dict.fromkeys(found, expected), rel=2e-6)


def test_every_variable_is_in_the_fingerprint(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = fingerprint.miniature(find("vgg7-bn"))
    # Files are read as those of a recipe that has a name.
    monkeypatch.setattr(RECIPES, "_all", {**RECIPES, recipe.name: recipe})

    found = dict(fingerprint.first_steps(recipe, dataset, "original"))

    weights = [weight.name for spec in lay_out(recipe.layers, recipe.input_shape) for weight in spec.weights]
    assert [f"{name} after the short training" for name in weights] == [name for name in found if "/" in name]
    assert {0} == {value for name, value in found.items() if name.endswith("does not give back")}


@pytest.mark.parametrize(
    ("module", "saves", "file"), [(param_hdf5, "write", "param.hdf5"), (framework, "save_model", "model.h5")]
)
def test_one_value_that_a_file_does_not_give_back_is_counted(
    monkeypatch: pytest.MonkeyPatch, dataset: Dataset, module: Any, saves: str, file: str
) -> None:
    original = getattr(module, saves)

    def write(path: Path, recipe: Recipe, weights: Weights) -> None:
        ((kernel, bias),) = weights
        original(path, recipe, ((np.nextafter(kernel, np.float32(9.0)), bias),))

    def save_model(model: Any, path: Path) -> None:
        kernel, bias = model.get_weights()
        model.set_weights([np.nextafter(kernel, np.float32(9.0)), bias])
        original(model, path)
        model.set_weights([kernel, bias])

    monkeypatch.setattr(module, saves, write if saves == "write" else save_model)
    found = dict(fingerprint.first_steps(WHEEL, dataset, "original"))

    other = {"param.hdf5": "model.h5", "model.h5": "param.hdf5"}[file]
    assert (7840, 0) == tuple(found[f"values that {name} does not give back"] for name in (file, other))


def test_of_a_file_that_is_no_model_of_the_recipe_every_value_is_lost(
    monkeypatch: pytest.MonkeyPatch, dataset: Dataset
) -> None:
    monkeypatch.setattr(framework, "save_model", lambda model, path: path.write_bytes(b"no model"))

    found = dict(fingerprint.first_steps(WHEEL, dataset, "original"))

    assert (0, 7850) == tuple(found[f"values that {name} does not give back"] for name in ("param.hdf5", "model.h5"))


def test_what_was_taken_into_a_folder_is_read_as_it_was(tmp_path: Path) -> None:
    losses = {"loss of step 1": 2.5, "loss of step 2": float("inf")}
    taken = TakenFingerprint("vgg7", "mnist", "original", {"steps": 9380}, losses, {"machine": "here"})
    fingerprint.write(taken, tmp_path / "new")

    assert ["fingerprint.json"] == listed(tmp_path / "new")
    assert taken == fingerprint.read(tmp_path / "new")


def test_counts_are_exact_and_losses_are_not(dataset: Dataset) -> None:
    taken = take(SMALL, dataset, "original")

    assert {int} == {type(value) for value in taken.exact.values()}
    assert {float} == {type(value) for value in taken.losses.values()}
    assert ["loss of step 1", "loss of step 19"] == [
        name for name in taken.losses if name in ("loss of step 1", "loss of step 19", "loss of step 20")
    ]
    assert 200 == taken.exact["test images scored"]
    assert ("wheel-softmax", dataset.name, "original", 1) == (
        *(taken.recipe, taken.dataset, taken.arithmetic),
        taken.provenance["threads"],
    )
