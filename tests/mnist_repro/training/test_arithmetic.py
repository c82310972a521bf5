"""Optimisers and batch normalisation compute what their sources wrote down, step by step."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pytest

from mnist_repro.recipes.layers import BatchNormalization
from mnist_repro.recipes.optimizers import Adadelta, Adam, GradientDescent, Optimizer, RMSprop
from mnist_repro.training import arithmetic, framework

GRADIENTS = (0.5, -0.25)
# Large, so that its place in the formula shows.
EPSILON = 0.125


def descended() -> List[float]:
    return [1.0 - 0.5 * 0.5, 1.0 - 0.5 * 0.5 + 0.5 * 0.25]


def rms() -> List[float]:
    square, weight, seen = 0.0, 1.0, []
    for gradient in GRADIENTS:
        square = 0.75 * square + 0.25 * gradient**2
        weight -= 0.5 * gradient / (math.sqrt(square) + EPSILON)
        seen.append(weight)
    return seen


def adam() -> List[float]:
    mean = square = 0.0
    weight, seen = 1.0, []
    for step, gradient in enumerate(GRADIENTS, start=1):
        mean = 0.5 * mean + 0.5 * gradient
        square = 0.75 * square + 0.25 * gradient**2
        weight -= 0.5 * math.sqrt(1 - 0.75**step) / (1 - 0.5**step) * mean / (math.sqrt(square) + EPSILON)
        seen.append(weight)
    return seen


def adadelta() -> List[float]:
    square = move = 0.0
    weight, seen = 1.0, []
    for gradient in GRADIENTS:
        square = 0.75 * square + 0.25 * gradient**2
        delta = gradient * math.sqrt(move + EPSILON) / math.sqrt(square + EPSILON)
        move = 0.75 * move + 0.25 * delta**2
        weight -= 0.5 * delta
        seen.append(weight)
    return seen


RULES: Dict[str, Tuple[Optimizer, Callable[[], List[float]]]] = {
    "gradient descent": (GradientDescent(0.5), descended),
    "RMSprop": (RMSprop(0.5, rho=0.75, epsilon=EPSILON), rms),
    "Adam": (Adam(0.5, beta_1=0.5, beta_2=0.75, epsilon=EPSILON), adam),
    "Adadelta": (Adadelta(0.5, rho=0.75, epsilon=EPSILON), adadelta),
}


def weights_after_each_step(make: Callable[[Optimizer, List[Any]], arithmetic.Update], rule: Optimizer) -> List[float]:
    tf = framework.tensorflow()
    weight = tf.Variable(1.0)
    update = make(rule, [weight])
    seen = []
    for gradient in GRADIENTS:
        update([tf.constant(gradient)])
        seen.append(float(weight.numpy()))
    return seen


@pytest.mark.parametrize("name", RULES)
def test_original_updates_are_those_of_the_sources(name: str) -> None:
    rule, expected = RULES[name]

    assert expected() == pytest.approx(weights_after_each_step(arithmetic.original_update, rule), rel=1e-6)


@pytest.mark.parametrize("name", ["gradient descent", "Adadelta"])
def test_where_nothing_has_changed_since_the_framework_computes_the_same(name: str) -> None:
    rule, expected = RULES[name]

    assert expected() == pytest.approx(weights_after_each_step(arithmetic.framework_update, rule), rel=1e-6)


def test_epsilon_is_inside_or_outside_the_root_as_this_keras_has_it(keras_has_epsilon_inside: bool) -> None:
    rule, original = RULES["RMSprop"]
    first = 1.0 - 0.5 * 0.5 / (math.sqrt(0.25 * 0.25 + EPSILON) if keras_has_epsilon_inside else 0.25 + EPSILON)

    assert first == pytest.approx(weights_after_each_step(arithmetic.framework_update, rule)[0], rel=1e-6)
    assert keras_has_epsilon_inside == (first != pytest.approx(original()[0], rel=1e-6))


def row(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_batch_normalisation_is_debiased_and_its_variance_is_corrected_twice() -> None:
    tf = framework.tensorflow()
    value = BatchNormalization(momentum=0.75, epsilon=0.5)
    left: List[Any] = [row(2.0), row(0.5), None, None]
    layer = SimpleNamespace(
        gamma=tf.Variable([2.0]),
        beta=tf.Variable([0.5]),
        get_weights=lambda: left,
        set_weights=lambda weights: left.__setitem__(slice(None), weights),
    )
    normalise = arithmetic.OriginalBatchNormalization(layer, value)
    batch = row(1.0, 3.0, 5.0, 7.0).reshape(2, 2, 1, 1)
    [first, *_] = normalise(batch).numpy().ravel()
    normalise.settle(1)

    # Mean 4, variance 5 of four values.
    assert 2.0 * (1.0 - 4.0) / math.sqrt(5.0 + 0.5) + 0.5 == pytest.approx(first, rel=1e-6)
    assert [2.0, 0.5, 4.0, 5.0 * 4 / 3 * 4 / (4 - 1.5)] == pytest.approx([float(each[0]) for each in left], rel=1e-6)


def test_debiasing_takes_the_share_of_the_start_away() -> None:
    # After two steps with momentum 0.5, a quarter of the start is left: 0 of the mean and 1 of the variance.
    mean, variance = arithmetic.debiased(0.5, 2, row(3.0), row(1.75))

    assert ([4.0], [2.0], "float32") == (mean.tolist(), variance.tolist(), str(mean.dtype))
