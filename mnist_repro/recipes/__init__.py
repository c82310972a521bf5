"""Recipes: the published trainings as values, found by name; ours, and those of files and packages that were named."""

from __future__ import annotations

import difflib
from typing import Dict, Iterator, Mapping, Optional

from mnist_repro.errors import BadInput
from mnist_repro.recipes import outside
from mnist_repro.recipes.hello_world import VGG7, VGG7_BN
from mnist_repro.recipes.keras_example import KERAS_CNN
from mnist_repro.recipes.recipe import Recipe
from mnist_repro.recipes.tensorflow_tutorials import TF_CNN, TF_SOFTMAX
from mnist_repro.recipes.wheel import WHEEL_SOFTMAX

__all__ = ["RECIPES", "Recipe", "find"]

OURS = {recipe.name: recipe for recipe in (WHEEL_SOFTMAX, KERAS_CNN, TF_SOFTMAX, TF_CNN, VGG7, VGG7_BN)}


class _Recipes(Mapping[str, Recipe]):
    """All recipes by name. Those from outside are loaded at the first look, after files have been named."""

    def __init__(self) -> None:
        self._all: Optional[Dict[str, Recipe]] = None

    def __getitem__(self, name: str) -> Recipe:
        return self._loaded()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded())

    def __len__(self) -> int:
        return len(self._loaded())

    def forget(self) -> None:
        """Load those from outside again at the next look."""
        self._all = None

    def _loaded(self) -> Dict[str, Recipe]:
        if self._all is None:
            # Set before the load: a file with recipes may look for one of ours.
            self._all = dict(OURS)
            try:
                for where, recipe in outside.load():
                    if self._all.get(recipe.name, recipe) is not recipe:
                        raise BadInput(
                            f"{where} has a recipe {recipe.name}, and there is one of that name already",
                            "runs and baselines are kept under the names of recipes",
                            "give it another name",
                        )
                    self._all[recipe.name] = recipe
            except BaseException:
                self._all = None
                raise
        return self._all


#: All recipes by name, a mapping. It has those of this package, of installed packages and of the files that were named.
RECIPES = _Recipes()


# How a recipe of somebody's own is given to a program, and to pytest.
OWN = "for one of your own, name its file: --recipes FILE.py, in pytest --repro-recipes=FILE.py"


def find(name: str) -> Recipe:
    """Find a recipe by its name.

    Args:
        name: such as ``wheel-softmax``; see `RECIPES`.

    Raises:
        BadInput: there is no such recipe; the message names the nearest name.
    """
    if name in RECIPES:
        return RECIPES[name]
    near = difflib.get_close_matches(name, RECIPES, n=1, cutoff=0.4)
    raise BadInput(
        f"unknown recipe {name!r}",
        f"the recipes are {', '.join(RECIPES)}",
        f"type {near[0] if near else next(iter(RECIPES))} in its place; {OWN}",
    )
