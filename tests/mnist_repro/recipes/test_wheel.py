"""The WHEEL tutorial's training is what the tutorial published."""

from __future__ import annotations

from mnist_repro.recipes.layers import Constant, Dense, GlorotUniform
from mnist_repro.recipes.optimizers import RMSprop
from mnist_repro.recipes.recipe import Epochs
from mnist_repro.recipes.wheel import WHEEL_SOFTMAX
from tests.builders.recipe_facts import Facts, facts


def test_softmax_regression() -> None:
    assert Facts(
        layers=(Dense(10, "softmax", GlorotUniform(), Constant(0.0)),),
        parameters=7_850,
        images=(60_000, 0, 10_000),
        optimizer=RMSprop(learning_rate=0.001, rho=0.9, epsilon=1e-7),
        batch_size=128,
        budget=Epochs(20),
        figures=((20, 0.27075190788507464, 0.927),),
    ) == facts(WHEEL_SOFTMAX)
