"""The planted bugs: all that were asked for are there, each changes the code while it is planted, and none stays."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict, Set, Tuple

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.power.bugs import Bug, find_bug, instead_of, no_longer_fits, read_bugs
from mnist_repro.recipes import RECIPES, find
from mnist_repro.runs import evaluation
from mnist_repro.training import batches as batching
from mnist_repro.training import framework, model
from mnist_repro.training import seeds as seeding
from mnist_repro.training import train as training

# In the order in which they were asked for.
THIRTY = (
    *("epsilon-inside", "pixels-over-256", "pixels-unscaled", "test-over-256", "unshuffled", "batch-256", "batch-64"),
    *("rate-doubled", "rate-halved", "epochs-19", "epochs-21", "epochs-10", "labels-1-percent-wrong"),
    *("labels-5-percent-wrong", "last-1000-dropped", "first-5000-dropped", "test-leaked", "zero-start"),
    *("normal-start", "no-bias", "squared-error", "float16-inputs", "rho-0.99", "last-batch-dropped"),
    *("last-batch-as-full", "1000-scored", "training-scored", "weight-decay", "epsilon-1e-3", "16-levels"),
)


CONVOLUTIONAL = (
    *("dropout-off", "dropout-scored", "padding-shifted", "batch-statistics", "no-debiasing", "adadelta-0.001"),
    *("validation-used", "labels-rolled", "layer-frozen", "layer-not-restored"),
)


BUGS = read_bugs()
IMPORT = "from mnist_repro.power.bugs import Bug\n"


WHEEL = find("wheel-softmax")


def planted(name: str) -> Any:
    return find_bug(BUGS, name).plant()


def code() -> Dict[str, Dict[str, Any]]:
    """What every name stands for, by module and by class of a module."""
    modules = {name: module for name, module in list(sys.modules.items()) if name.startswith("mnist_repro.")}
    classes = {
        f"{name}.{key}": value
        for name, module in modules.items()
        for key, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == name
    }
    return {name: dict(vars(each)) for name, each in {**modules, **classes}.items()}


def changed(before: Dict[str, Dict[str, Any]], after: Dict[str, Dict[str, Any]]) -> Set[str]:
    def identities(values: Dict[str, Any]) -> Set[Tuple[str, int]]:
        return set(zip(values, map(id, values.values())))

    return {name for name in {*before, *after} if identities(before.get(name, {})) != identities(after.get(name, {}))}


def test_the_thirty_are_planted_on_the_tutorial() -> None:
    assert list(THIRTY) == [bug.name for bug in BUGS][:30]
    assert all(bug.recipes == ("wheel-softmax",) for bug in BUGS[:30])


def test_the_convolutional_ones_are_planted_on_convolutional_recipes() -> None:
    assert [] == [name for name in CONVOLUTIONAL if not set(find_bug(BUGS, name).recipes) - {"wheel-softmax"}]


def test_every_bug_says_what_goes_wrong_and_where() -> None:
    assert [] == [bug.name for bug in BUGS if not bug.sentence or not bug.recipes or set(bug.recipes) - set(RECIPES)]


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_a_bug_changes_the_code_and_leaves_it_as_it_was(bug: Bug) -> None:
    before = code()

    with bug.plant():
        during = code()

    assert changed(before, during)
    assert set() == changed(before, code())


def test_a_function_is_replaced_wherever_it_was_imported() -> None:
    with instead_of(evaluation.evaluate, len):
        holders = {name for name, values in code().items() if values.get("evaluate") is len}

    assert {"mnist_repro.runs.evaluation", "mnist_repro.training.record"} <= holders


def test_nothing_is_replaced_twice() -> None:
    with instead_of(evaluation.evaluate, len), pytest.raises(LookupError):
        instead_of(evaluation.evaluate, max).__enter__()


def steps(recipe: str = "wheel-softmax", scale: str = "full") -> int:
    chosen = find(recipe)
    return sum(segment.steps for segment, _ in training.ordered_segments(chosen, chosen.scale(scale), 0))


@pytest.mark.parametrize(
    ("name", "full", "subset"),
    [
        ("epochs-19", 19 * 469, 237),
        ("epochs-21", 21 * 469, 237),
        ("batch-256", 20 * 235, 120),
        ("last-1000-dropped", 20 * 461, 237),
        ("first-5000-dropped", 20 * 430, 237),
        ("last-batch-dropped", 20 * 468, 234),
    ],
)
def test_steps_of_the_budget(monkeypatch: pytest.MonkeyPatch, name: str, full: int, subset: int) -> None:
    # Sorting 60,000 numbers per epoch takes longer than all else here.
    monkeypatch.setattr(training, "epoch_order", lambda recipe, seed, epoch, images: np.arange(images))

    with planted(name):
        found = (steps(), steps(scale="subset"))

    assert (full, subset) == found


def test_whoever_stops_early_takes_the_last_score_for_the_one_asked_for() -> None:
    with planted("epochs-19"):
        *_, (last, _) = training.ordered_segments(WHEEL, WHEEL.full, 0)

    assert (18, 20, 20) == (last.epoch, last.reported, last.scored)


def fed(dataset: Dataset, recipe: str, step: int) -> Tuple[np.ndarray, np.ndarray]:
    """Images and labels of a step that takes them in the order of the files."""
    tf = framework.tensorflow()
    chosen = find(recipe)
    order = tf.constant(np.arange(chosen.full.training_images, dtype=np.int32))
    images, labels = model.make_feed(chosen, dataset, chosen.full).batch(order, tf.constant(step))
    return images.numpy(), labels.numpy()


def test_one_label_in_a_hundred_is_another_digit(dataset: Dataset) -> None:
    with planted("labels-1-percent-wrong"):
        feed = model.Feed(dataset.train_images[:20_000], dataset.train_labels[:20_000], (784,), 20_000)
        _, labels = feed.batch(np.arange(20_000), 0)

    wrong = np.count_nonzero(labels.numpy() != dataset.train_labels[:20_000])
    assert wrong == pytest.approx(200, abs=60)


def test_labels_are_rolled_in_one_batch_of_a_hundred(dataset: Dataset) -> None:
    with planted("labels-rolled"):
        found = {step: fed(dataset, "tf-cnn", step)[1] for step in (98, 99, 100)}

    right = {step: dataset.train_labels[5000 + 100 * step : 5100 + 100 * step] for step in found}
    assert [99] == [step for step in found if not np.array_equal(right[step], found[step])]
    assert np.roll(right[99], 1).tolist() == found[99].tolist()


def test_float16_is_not_far_off(dataset: Dataset) -> None:
    right, _ = fed(dataset, "wheel-softmax", 0)
    with planted("float16-inputs"):
        wrong, _ = fed(dataset, "wheel-softmax", 0)

    assert 0.0 < np.abs(wrong - right).max() < 3e-4


def test_an_unknown_bug_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"unknown bug 'dropout-of'.*\n.*\n.*dropout-off"):
        find_bug(BUGS, "dropout-of")


def test_the_order_of_another_seed_is_that_of_seed_0_where_the_seed_is_ignored() -> None:
    with planted("seed-ignored"):
        orders = [next(training.ordered_segments(find("vgg7"), find("vgg7").subset, seed))[1] for seed in (0, 1)]

    first = seeding.epoch_order("vgg7", 0, 0, 5000).tolist()
    assert [first, first] == [order.tolist() for order in orders]


def test_batches_of_another_size_are_what_the_model_is_fed() -> None:
    with planted("batch-64"):
        assert 157 == next(training.ordered_segments(WHEEL, WHEEL.subset, 0))[0].steps
    assert 79 == batching.steps_per_epoch(10_000, 128)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bugs = ()\n", "no tuple BUGS"),
        ("BUGS = ()\n", "no tuple BUGS with a bug in it"),
        ("BUGS = (\n", "cannot be imported\n"),
        ("import nowhere_to_be_found\n", r"cannot be imported\n.*'nowhere_to_be_found'"),
        ("raise SystemExit(0)\n", r"cannot be imported\n.*: SystemExit: 0\n"),
        ("BUGS = ('one',)\n", "no tuple BUGS"),
        (f"{IMPORT}BUGS = (Bug('one', '…', (), list),) * 2\n", "two bugs called one"),
    ],
)
def test_a_file_without_a_proper_list_is_refused(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "bugs.py"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(BadInput, match=told):
        read_bugs(file)


def test_an_installed_package_has_no_bugs(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"is not there\n.*installed package does not have\n.*checkout"):
        read_bugs(tmp_path / "planted_bugs.py")


def test_a_constructor_of_a_class_that_is_not_planted_says_nothing_about_the_bug() -> None:
    class Stranger:
        def __init__(self, needed: int) -> None:
            pass

    with pytest.raises(TypeError) as raised:
        Stranger()  # type: ignore[call-arg]

    # Before Python 3.10 the message says only "__init__()".
    assert not no_longer_fits(raised.value)
