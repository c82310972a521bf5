"""Whatever weights go into a file come out bit by bit, and the file's bytes are a function of the weights alone."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any, List, Tuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_repro.errors import BadInput
from mnist_repro.recipes import Recipe, find
from mnist_repro.recipes.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPooling2D,
    Weights,
    lay_out,
)
from mnist_repro.weights import param_hdf5 as weights
from tests.builders.refused import refused
from tests.builders.weights_files import as_bytes

SPATIAL: st.SearchStrategy[Layer] = st.one_of(
    st.builds(Conv2D, st.integers(1, 3), st.integers(1, 2), st.sampled_from(["same", "valid"]), st.just("relu")),
    st.just(MaxPooling2D("same")),
    st.just(BatchNormalization()),
    st.just(Dropout(0.5)),
)
DENSE: st.SearchStrategy[Layer] = st.builds(Dense, st.integers(1, 4), st.just("softmax"))

# Every finite float32: zeros of both signs and subnormal numbers too.
FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


@st.composite
def recipes(draw: Any) -> Recipe:
    """Recipes of layers that no source has put together."""
    spatial: List[Layer] = draw(st.lists(SPATIAL, max_size=4))
    dense: List[Layer] = draw(st.lists(DENSE, min_size=1, max_size=3))
    layers = (*spatial, Flatten(), *dense)
    return dataclasses.replace(find("vgg7"), name="drawn", input_shape=(5, 5, 1), layers=layers)


@st.composite
def recipes_and_weights(draw: Any) -> Tuple[Recipe, Weights]:
    recipe = draw(recipes())
    values = tuple(
        tuple(draw(arrays.arrays(np.float32, weight.shape, elements=FINITE)) for weight in spec.weights)
        for spec in lay_out(recipe.layers, recipe.input_shape)
    )
    return recipe, values


@given(case=recipes_and_weights(), share=st.floats(0.0, 1.0, exclude_max=True))
@settings(max_examples=40, deadline=None)
def test_round_trip_and_no_part_of_a_file_is_taken_for_the_whole(case: Tuple[Recipe, Weights], share: float) -> None:
    recipe, values = case
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "param.hdf5"
        weights.write(path, recipe, values)
        back = weights.read(path, recipe)
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(BadInput, match=r"is truncated|is empty"):
            weights.read(path, recipe)

    assert as_bytes(values) == as_bytes(back)
    assert [[array.shape for array in layer] for layer in values] == [
        [array.shape for array in layer] for layer in back
    ]


@given(case=recipes_and_weights(), other=FINITE)
@settings(max_examples=40, deadline=None)
def test_bytes_are_a_function_of_the_weights(case: Tuple[Recipe, Weights], other: float) -> None:
    recipe, values = case
    copied = tuple(tuple(np.asfortranarray(array.copy()) for array in layer) for layer in values)
    changed = tuple(tuple(array.copy() for array in layer) for layer in values)
    changed[-1][-1][0] = other
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("straight.hdf5", "elsewhere/copied.hdf5", "changed.hdf5")]
        for file, written in zip(files, (values, copied, changed)):
            weights.write(file, recipe, written)
        straight, again, otherwise = (file.read_bytes() for file in files)

    assert straight == again
    assert (as_bytes(values) == as_bytes(changed)) == (straight == otherwise)


@given(case=recipes_and_weights(), bad=st.sampled_from([np.nan, np.inf, -np.inf]), data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_number_that_is_not_finite_is_found_anywhere(
    case: Tuple[Recipe, Weights], bad: float, data: st.DataObject
) -> None:
    recipe, values = case
    holding = [number for number, layer in enumerate(values) if layer]
    number = data.draw(st.sampled_from(holding))
    array = data.draw(st.sampled_from(values[number]))
    array.flat[data.draw(st.integers(0, array.size - 1))] = bad
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "param.hdf5"
        weights.write(path, recipe, values)
        what = refused(lambda: weights.read(path, recipe), PATH=path)[0]

    name = lay_out(recipe.layers, recipe.input_shape)[number].name
    assert what.startswith(f"PATH holds {bad} in layer '{name}', weight '{name}/")
