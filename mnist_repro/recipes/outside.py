"""Recipes from outside this package: from Python files that were named, and from installed packages."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from mnist_repro.errors import BadInput
from mnist_repro.recipes.recipe import Recipe

# Files with recipes, joined with the system's separator of paths. Worker processes and jobs inherit it.
VARIABLE = "MNIST_REPRO_RECIPES"
# The group of entry points under which a package names its recipes.
GROUP = "mnist_repro.recipes"


def name_files(files: List[Path]) -> None:
    """Have this process and its children know the recipes of these files, besides those that were named before.

    Raises:
        BadInput: a file is missing.
    """
    named = named_files()
    for file in files:
        path = str(file.absolute())
        if not file.is_file():
            raise BadInput(
                f"there is no file {path}", "recipes were to be read from it", "name a Python file that has recipes"
            )
        named += [] if path in named else [path]
    if named:
        os.environ[VARIABLE] = os.pathsep.join(named)


def named_files() -> List[str]:
    """The files that were named."""
    return [name for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]


def option() -> str:
    """The option that names the same files in another command, such as `` --recipes mine.py``; empty without files."""
    return "".join(f" --recipes {shlex.quote(name)}" for name in named_files())


def load() -> Iterator[Tuple[str, Recipe]]:
    """Every recipe from outside, with the place that it comes from.

    Raises:
        BadInput: a file or an entry point cannot be imported, or has no recipe.
    """
    for name in named_files():
        for recipe in _of_file(Path(name)):
            yield name, recipe
    for point in _entry_points():
        where = f"the entry point {point.name} of {GROUP}"
        try:
            found = point.load()
        except (Exception, SystemExit) as error:
            module = point.value.partition(":")[0]
            raise _unusable(where, error, f"-c 'import {module}'") from error
        for recipe in _recipes(where, found if isinstance(found, (list, tuple)) else [found]):
            yield where, recipe


def _of_file(file: Path) -> List[Recipe]:
    name = f"mnist_repro_recipes_{hashlib.sha256(str(file).encode()).hexdigest()[:8]}_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise BadInput(f"{file} is no Python file", "its name ends in .py", "rename it")
    module: ModuleType = importlib.util.module_from_spec(spec)
    # Dataclasses look for their module there.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _unusable(str(file), error, shlex.quote(str(file))) from error
    values: Dict[int, Any] = {id(value): value for value in vars(module).values() if isinstance(value, Recipe)}
    return _recipes(str(file), list(values.values()))


def _recipes(where: str, found: Sequence[Any]) -> List[Recipe]:
    recipes = [each for each in found if isinstance(each, Recipe)]
    if not recipes or len(recipes) < len(found):
        raise BadInput(
            f"{where} has no recipe" if not recipes else f"{where} has other things than recipes",
            "a recipe is a value of mnist_repro.recipes.recipe.Recipe",
            "see docs/how-to/add-a-recipe.md",
        )
    return recipes


def _unusable(where: str, error: BaseException, run: str) -> BadInput:
    return BadInput(
        f"{where} cannot be imported",
        f"{type(error).__name__}: {error}",
        f"mend it: python {run} shows the line",
    )


def _entry_points() -> List[metadata.EntryPoint]:
    found: Any = metadata.entry_points()
    # Before Python 3.10 it is a dict of lists, in which an installed package may come twice.
    points = found.select(group=GROUP) if hasattr(found, "select") else found.get(GROUP, ())
    return list({point.value: point for point in points}.values())
