from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict

from mnist_repro.recipes import find
from mnist_repro.recipes.layers import Constant, Dense
from mnist_repro.recipes.optimizers import RMSprop
from mnist_repro.recipes.recipe import Epochs, Scale
from mnist_repro.reproduction import hypotheses, oracle

# Two epochs of 16 and of 21 steps, the last of each with an incomplete batch.
WHEEL = replace(find("wheel-softmax"), subset=Scale(2_000, 0, 100, Epochs(2), scored_after=(2,)))


BEGINNERS = replace(find("tf-softmax"), subset=Scale(2_030, 0, 100, Epochs(2), scored_after=(2,)))


CHANGED_FIELDS: Dict[str, Dict[str, Any]] = {
    "epsilon inside the root": {"epsilon_inside_root": True},
    "learning rate doubled": {"optimizer": RMSprop(0.002, 0.9, 1e-7)},
    "learning rate halved": {"optimizer": RMSprop(0.0005, 0.9, 1e-7)},
    "learning rate times 10": {"optimizer": RMSprop(0.01, 0.9, 1e-7)},
    "learning rate a tenth": {"optimizer": RMSprop(0.0001, 0.9, 1e-7)},
    "rho 0.99": {"optimizer": RMSprop(0.001, 0.99, 1e-7)},
    "pixels / 256": {"divisor": 256.0},
    "pixels not scaled": {"divisor": 1.0},
    "float16 pixels": {"pixel_type": "float16"},
    "not shuffled": {"shuffled": "never"},
    "shuffled once": {"shuffled": "once"},
    "batch size doubled": {"batch_size": 256},
    "batch size halved": {"batch_size": 64},
    "last batch dropped": {"incomplete_batch": False},
    "bias not trained": {"bias_trained": False},
    "kernel from zeros": {"layer": Dense(10, "softmax", kernel=Constant(0.0))},
    "kernel from glorot-uniform": {},
    "last 1,000 images left out": {"training_images": 54_000},
    "validation images trained on": {"first_image": 0},
}


def test_each_change_is_what_its_name_says() -> None:
    was = oracle.calculation(WHEEL, "original", 55_000, 5_000)
    expected = {kind: replace(was, **changed) for kind, changed in CHANGED_FIELDS.items()}
    assert expected == {change.kind: change.applied(was) for change in hypotheses.SINGLE}


def test_changes_to_what_is_not_there_change_nothing() -> None:
    was = oracle.calculation(BEGINNERS, "original", 55_000)
    unchanged = [change.kind for change in hypotheses.SINGLE if change.applied(was) == was]
    assert ["epsilon inside the root", "rho 0.99", "kernel from zeros", "validation images trained on"] == unchanged
