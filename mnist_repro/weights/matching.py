"""Finds the recipes whose weights have given shapes, and the first difference from a recipe. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, List, Optional, Sequence, Tuple, Union

from mnist_repro.recipes import RECIPES
from mnist_repro.recipes.layers import LayerSpec, lay_out
from mnist_repro.weights.layout import StoredLayer


@dataclass(frozen=True)
class LayerShapes:
    """A layer with weights: its name, and the shapes of its weights in order."""

    name: str
    shapes: Tuple[Tuple[int, ...], ...]

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(_times(shape) for shape in self.shapes)})"


@dataclass(frozen=True)
class Difference:
    """Why weights do not fit: one half sentence each on the file and on what is expected."""

    found: str
    expected: str


def shapes_of(layers: Iterable[Union[LayerSpec, StoredLayer]]) -> Tuple[LayerShapes, ...]:
    """The layers of a recipe or of a file that have weights, with their shapes."""
    return tuple(
        LayerShapes(each.name, tuple(weight.shape for weight in each.weights)) for each in layers if each.weights
    )


def difference(expected: Sequence[LayerShapes], found: Sequence[LayerShapes]) -> Optional[Difference]:
    """The first difference in order or shape, or None. Names are ignored, as in Keras, which changes their numbers."""
    if _shapes(expected) == _shapes(found):
        return None
    missing, extra = _left_over(expected, found), _left_over(found, expected)
    if missing:
        return Difference(f"it lacks {_listed(missing)}", _counted(expected))
    if extra:
        return Difference(f"it has {_listed(extra)} too many", _counted(expected))
    for place, (wanted, got) in enumerate(zip(expected, found), start=1):
        if wanted.shapes != got.shapes:
            return Difference(f"its layer {place} with weights is {got}", f"{wanted} there")
    return Difference(_counted(found), _counted(expected))


def fitting(found: Sequence[LayerShapes]) -> Tuple[str, ...]:
    """The names of the recipes whose weights have these shapes."""
    return tuple(
        recipe.name
        for recipe in RECIPES.values()
        if difference(shapes_of(lay_out(recipe.layers, recipe.input_shape)), found) is None
    )


def _shapes(layers: Sequence[LayerShapes]) -> List[Tuple[Tuple[int, ...], ...]]:
    return [layer.shapes for layer in layers]


def _left_over(longer: Sequence[LayerShapes], shorter: Sequence[LayerShapes]) -> Tuple[LayerShapes, ...]:
    """The layers of ``longer`` that ``shorter`` lacks, if there is no other difference; else nothing."""
    remaining = _shapes(shorter)
    left: List[LayerShapes] = []
    for layer in longer:
        if remaining and remaining[0] == layer.shapes:
            remaining.pop(0)
        else:
            left.append(layer)
    return () if remaining else tuple(left)


def _listed(layers: Sequence[LayerShapes]) -> str:
    return f"{'layer' if len(layers) == 1 else 'layers'} {', '.join(map(str, layers))}"


def _counted(layers: Sequence[LayerShapes]) -> str:
    return f"{len(layers)} {'layer' if len(layers) == 1 else 'layers'} with weights: {', '.join(map(str, layers))}"


def _times(shape: Tuple[int, ...]) -> str:
    """A shape as people write it: 784×10."""
    return "×".join(str(length) for length in shape) or "scalar"
