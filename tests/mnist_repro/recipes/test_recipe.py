"""The recipes are what was published: models, budgets, constants and printed figures."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any, Tuple

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.recipes import RECIPES, find
from mnist_repro.recipes.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPooling2D,
    lay_out,
    parameter_count,
)
from mnist_repro.recipes.optimizers import Adadelta, Adam, GradientDescent, RMSprop
from mnist_repro.recipes.recipe import SCALES, Epochs, Scale, Steps

PARAMETERS = {
    "wheel-softmax": 7_850,
    "keras-cnn": 1_199_882,
    "tf-softmax": 7_850,
    "tf-cnn": 3_274_634,
    "vgg7": 272_234,
    "vgg7-bn": 272_330,
}
OPTIMIZERS = {
    "wheel-softmax": RMSprop(learning_rate=0.001, rho=0.9, epsilon=1e-7),
    "keras-cnn": Adadelta(learning_rate=1.0, rho=0.95, epsilon=1e-7),
    "tf-softmax": GradientDescent(learning_rate=0.5),
    "tf-cnn": Adam(learning_rate=0.0001, beta_1=0.9, beta_2=0.999, epsilon=1e-8),
    "vgg7": Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7),
    "vgg7-bn": Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7),
}
# Training, validation and test images, batch size, budget.
BUDGETS = {
    "wheel-softmax": (60_000, 0, 10_000, 128, Epochs(20)),
    "keras-cnn": (60_000, 0, 10_000, 128, Epochs(1)),
    "tf-softmax": (55_000, 5_000, 10_000, 100, Steps(1_000)),
    "tf-cnn": (55_000, 5_000, 10_000, 100, Steps(2_000)),
    "vgg7": (60_000, 0, 10_000, 512, Epochs(10)),
    "vgg7-bn": (60_000, 0, 10_000, 512, Epochs(10)),
}
# (after, test loss, test accuracy)
PUBLISHED = {
    "wheel-softmax": [(20, 0.27075190788507464, 0.927)],
    "keras-cnn": [(1, 0.059171129403682424, 0.9812)],
    "tf-softmax": [(1_000, None, 0.915)],
    "tf-cnn": [(2_000, None, 0.9795)],
    "vgg7": [(3, 0.08780829641819, 0.9717000002861023), (10, 0.040611953073740006, 0.9866999998092651)],
    "vgg7-bn": [(3, 0.051704482543468475, 0.9844999995231628), (10, 0.034382903814315795, 0.9893999994277954)],
}


def test_models_have_the_parameters_that_their_sources_count() -> None:
    found = {name: parameter_count(lay_out(recipe.layers, recipe.input_shape)) for name, recipe in RECIPES.items()}
    assert found == PARAMETERS


def test_optimisers_have_every_constant_of_their_sources() -> None:
    assert {name: recipe.optimizer for name, recipe in RECIPES.items()} == OPTIMIZERS


@pytest.mark.parametrize("rule", [RMSprop, Adadelta, Adam, GradientDescent], ids=lambda rule: str(rule.__name__))
def test_no_constant_of_an_optimiser_is_left_to_a_default(rule: Any) -> None:
    with pytest.raises(TypeError, match="missing"):
        rule()
    with pytest.raises(TypeError, match="unexpected keyword argument 'momentum'"):
        rule(**{field.name: 0.5 for field in fields(rule)}, momentum=0.9)


def test_full_budgets_are_the_published_ones() -> None:
    found = {}
    for name, recipe in RECIPES.items():
        full = recipe.full
        found[name] = (full.training_images, full.validation_images, full.test_images, recipe.batch_size, full.budget)
    assert found == BUDGETS


def test_test_figures_are_the_published_ones() -> None:
    found = {
        name: [(each.after, each.test.get("loss"), each.test.get("accuracy")) for each in recipe.published]
        for name, recipe in RECIPES.items()
    }
    assert found == PUBLISHED


def test_every_published_figure_belongs_to_a_score_of_the_full_budget() -> None:
    for recipe in RECIPES.values():
        assert recipe.full.scored_after == tuple(published.after for published in recipe.published)


def test_curves_have_a_point_for_each_epoch_and_each_hundred_steps() -> None:
    for recipe in (find("keras-cnn"), find("vgg7"), find("vgg7-bn")):
        for published in recipe.published:
            lengths = len(published.training_loss), len(published.training_accuracy)
            assert (published.after, published.after) == lengths
    [experts] = find("tf-cnn").published
    assert (20, 0.17, 0.97) == (len(experts.batch_accuracy), experts.batch_accuracy[0], experts.batch_accuracy[-1])


def test_further_figures_are_the_published_ones() -> None:
    [beginners] = find("tf-softmax").published
    assert (9_150, 850, {"accuracy": 0.9163}) == (beginners.right, beginners.wrong, dict(beginners.also_printed))
    [example] = find("keras-cnn").published
    assert (5, 0, 4, 1, 9, 2, 1, 3, 1, 4) == example.first_predictions
    assert ((0.2654,), (0.9184,)) == (example.training_loss, example.training_accuracy)
    assert (0.7813, 0.1607, 0.1041) == find("vgg7").published[0].training_loss
    assert (0.9336, 0.9838, 0.9896) == find("vgg7-bn").published[0].training_accuracy


def test_the_published_table_of_errors_adds_up() -> None:
    published = find("vgg7-bn").published[-1]
    per_label = dict.fromkeys(range(10), 0)
    for predicted, label, images in published.errors_per_pair:
        assert predicted != label
        per_label[label] += images
    assert per_label == dict(published.errors_per_label)
    assert 106 == sum(per_label.values()) == round((1.0 - published.test["accuracy"]) * 10_000)
    assert ((9, 4, 10), (3, 5, 9), (1, 7, 7)) == published.errors_per_pair[:3]


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

    found = {name: framework.build(recipe).count_params() for name, recipe in RECIPES.items()}
    assert found == PARAMETERS


def test_an_unknown_recipe_is_told_the_nearest() -> None:
    with pytest.raises(BadInput) as caught:
        find("weel-softmax")
    assert ("unknown recipe 'weel-softmax'", "wheel-softmax") == (caught.value.what, caught.value.fix)
    assert all(name in caught.value.why for name in RECIPES)


def test_a_recipe_unlike_all_others_is_still_told_what_there_is() -> None:
    with pytest.raises(BadInput) as caught:
        find("")
    assert caught.value.fix in RECIPES


def test_a_recipe_is_found_by_its_name_and_cannot_be_changed() -> None:
    assert list(RECIPES) == [find(name).name for name in RECIPES]
    with pytest.raises(FrozenInstanceError):
        find("vgg7").batch_size = 256  # type: ignore[misc]


def test_a_score_that_does_not_close_the_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="the last score belongs to the end of the budget"):
        Scale(100, 0, 10, Epochs(3), scored_after=(2,))
    with pytest.raises(ValueError, match="scores must ascend"):
        Scale(100, 0, 10, Epochs(3), scored_after=(2, 2, 3))


@pytest.mark.parametrize("scale", SCALES)
def test_scales_are_found_by_name(scale: str) -> None:
    recipe = find("tf-cnn")
    assert {"full": recipe.full, "subset": recipe.subset}[scale] == recipe.scale(scale)
