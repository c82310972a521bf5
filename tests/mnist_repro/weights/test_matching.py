"""Weights fit a recipe by their shapes, and what differs first is said."""

from __future__ import annotations

from typing import List, Optional, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_repro.recipes import RECIPES
from mnist_repro.recipes.layers import lay_out
from mnist_repro.weights.matching import Difference, LayerShapes, difference, fitting, shapes_of

# Shapes of a layer's weights, for comparisons that need no files.
SHAPES = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=2)


@given(expected=st.lists(SHAPES, max_size=5), found=st.lists(SHAPES, max_size=5))
@settings(max_examples=40, deadline=None)
def test_shapes_differ_or_fit(expected: List[List[Tuple[int, ...]]], found: List[List[Tuple[int, ...]]]) -> None:
    first = [LayerShapes(f"dense_{place}", tuple(shapes)) for place, shapes in enumerate(expected)]
    # Other names: they count for nothing.
    second = [LayerShapes(f"dense_{place + 7}", tuple(shapes)) for place, shapes in enumerate(found)]

    assert (expected == found) == (difference(first, second) is None)


@given(shapes=st.lists(SHAPES, min_size=1, max_size=5), data=st.data())
@settings(max_examples=40, deadline=None)
def test_layers_taken_out_are_missing_and_put_in_are_too_many(
    shapes: List[List[Tuple[int, ...]]], data: st.DataObject
) -> None:
    whole = [LayerShapes(f"dense_{place}", tuple(each)) for place, each in enumerate(shapes)]
    gone = data.draw(st.integers(0, len(whole) - 1))
    rest = [layer for place, layer in enumerate(whole) if place != gone]
    missing, extra = difference(whole, rest), difference(rest, whole)

    assert missing is not None
    assert extra is not None
    assert missing.found.startswith("it lacks layer dense_")
    assert extra.found.startswith("it has layer dense_")


DENSE, CONVOLUTION = LayerShapes("dense", ((784, 10), (10,))), LayerShapes("conv2d", ((2, 2, 1, 8), (8,)))
NORMALISATION = LayerShapes("norm", ((8,), (8,)))


@pytest.mark.parametrize(
    ("expected", "found", "why"),
    [
        ([DENSE], [LayerShapes("dense_7", DENSE.shapes)], None),
        (
            [CONVOLUTION, DENSE],
            [DENSE],
            Difference(
                "it lacks layer conv2d (2×2×1×8, 8)", "2 layers with weights: conv2d (2×2×1×8, 8), dense (784×10, 10)"
            ),
        ),
        (
            [DENSE],
            [CONVOLUTION, NORMALISATION, DENSE],
            Difference(
                "it has layers conv2d (2×2×1×8, 8), norm (8, 8) too many", "1 layer with weights: dense (784×10, 10)"
            ),
        ),
        (
            [CONVOLUTION, DENSE],
            [DENSE, CONVOLUTION],
            Difference("its layer 1 with weights is dense (784×10, 10)", "conv2d (2×2×1×8, 8) there"),
        ),
        (
            [DENSE],
            [CONVOLUTION, NORMALISATION],
            Difference("its layer 1 with weights is conv2d (2×2×1×8, 8)", "dense (784×10, 10) there"),
        ),
        ([], [LayerShapes("odd", ((),))], Difference("it has layer odd (scalar) too many", "0 layers with weights: ")),
    ],
)
def test_the_first_difference_is_said(
    expected: List[LayerShapes], found: List[LayerShapes], why: Optional[Difference]
) -> None:
    assert why == difference(expected, found)


def test_recipes_fit_by_shapes_alone() -> None:
    shapes = {name: shapes_of(lay_out(recipe.layers, recipe.input_shape)) for name, recipe in RECIPES.items()}

    assert ("wheel-softmax", "tf-softmax") == fitting(shapes["tf-softmax"])
    assert ("vgg7",) == fitting(shapes["vgg7"])
    assert () == fitting(shapes["vgg7"][1:])
