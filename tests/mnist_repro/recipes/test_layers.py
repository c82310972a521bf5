"""Layers are named and shaped as Keras names and shapes them."""

from __future__ import annotations

from typing import Any, Tuple

import pytest

from mnist_repro.recipes import RECIPES, find
from mnist_repro.recipes.layers import (
    BatchNormalization,
    Constant,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPooling2D,
    lay_out,
    parameter_count,
)


def test_layers_are_named_as_keras_names_them() -> None:
    recipe = find("vgg7-bn")
    expected = [
        *("conv2d", "conv2d_1", "max_pooling2d", "batch_normalization"),
        *("conv2d_2", "conv2d_3", "conv2d_4", "max_pooling2d_1", "batch_normalization_1"),
        *("flatten", "dense", "dense_1", "dense_2"),
    ]
    assert expected == [spec.name for spec in lay_out(recipe.layers, recipe.input_shape)]


@pytest.mark.parametrize(
    ("layers", "inputs"),
    [
        ((Conv2D(4, 3, "valid", "relu"),), 26 * 26 * 4),
        ((Conv2D(4, 2, "same", "relu"), Dropout(0.5)), 28 * 28 * 4),
        ((Conv2D(1, 2, "valid", "relu"), MaxPooling2D()), 13 * 13),
        ((Conv2D(1, 2, "valid", "relu"), MaxPooling2D("same")), 14 * 14),
        ((BatchNormalization(),), 28 * 28),
    ],
)
def test_shapes_follow_from_windows_and_padding(layers: Tuple[Any, ...], inputs: int) -> None:
    dense = lay_out((*layers, Flatten(), Dense(10, "softmax")), (28, 28, 1))[-1]
    assert (inputs, 10) == dense.weights[0].shape


# TensorFlow 2.2 uses names that NumPy has since deprecated.
@pytest.mark.filterwarnings("ignore:tostring:DeprecationWarning")
def test_keras_counts_the_same_parameters() -> None:
    from mnist_repro.training import framework

    assert {name: parameter_count(lay_out(recipe.layers, recipe.input_shape)) for name, recipe in RECIPES.items()} == {
        name: framework.build(recipe).count_params() for name, recipe in RECIPES.items()
    }


def test_moving_statistics_are_parameters_that_no_optimiser_changes() -> None:
    [_, normalisation, *_] = lay_out((Conv2D(4, 2, "same", "relu"), BatchNormalization(), Flatten()), (28, 28, 1))

    assert 16 == parameter_count((normalisation,))
    assert [
        ("batch_normalization/gamma:0", Constant(1.0), True),
        ("batch_normalization/beta:0", Constant(0.0), True),
        ("batch_normalization/moving_mean:0", Constant(0.0), False),
        ("batch_normalization/moving_variance:0", Constant(1.0), False),
    ] == [(weight.name, weight.initializer, weight.trained) for weight in normalisation.weights]


def test_the_fans_of_a_convolution_count_its_window() -> None:
    [convolution] = lay_out((Conv2D(64, 3, "valid", "relu"),), (26, 26, 32))

    assert [((3, 3, 32, 64), (9 * 32, 9 * 64)), ((64,), (9 * 32, 9 * 64))] == [
        (weight.shape, weight.fan) for weight in convolution.weights
    ]
