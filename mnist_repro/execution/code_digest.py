"""Hashes the modules that training depends on; runs with equal hashes are comparable."""

from __future__ import annotations

import ast
import functools
import hashlib
from pathlib import Path
from typing import Dict, Iterator, List

import mnist_repro
from mnist_repro.recipes import OURS, Recipe

# The module that trains and scores; every module of this package that it imports is hashed too.
ROOT = "mnist_repro.training.train"
_SHOWN = 12


def digest(root: str = ROOT) -> str:
    """12 hexadecimal digits that change with the code of ``root`` and of the modules that it imports.

    Comments, docstrings, imports and the names of modules do not count, so that code may move. Digests are
    comparable only within one version of Python, because they are hashes of syntax trees.
    """
    running = hashlib.sha256()
    for code in sorted(_code(tree) for tree in trees(root).values()):
        running.update(f"{code}\n".encode())
    return running.hexdigest()[:_SHOWN]


def of_recipe(code: str, recipe: Recipe) -> str:
    """The digest of the code and, if the recipe is not part of it, of the recipe."""
    if OURS.get(recipe.name) is recipe:
        return code
    return f"{code}-{hashlib.sha256(repr(recipe).encode()).hexdigest()[:_SHOWN]}"


@functools.lru_cache(maxsize=None)
def of_file(file: Path) -> str:
    """The digest of the code in one file; see `digest`."""
    return hashlib.sha256(_code(ast.parse(file.read_text(encoding="utf-8"))).encode()).hexdigest()[:_SHOWN]


@functools.lru_cache(maxsize=None)
def of_this_process() -> str:
    """The digest of the code that this process runs: that of the files at the first call, before they can change."""
    return digest()


def _code(tree: ast.Module) -> str:
    """The statements of a module that compute something, as text."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [each for each in body if not _computes_nothing(each)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _computes_nothing(statement: ast.stmt) -> bool:
    text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return text or isinstance(statement, (ast.Import, ast.ImportFrom))


def trees(root: str = ROOT) -> Dict[str, ast.Module]:
    """By name: the syntax trees of a module and of every module of this package that it imports, also indirectly."""
    found: Dict[str, ast.Module] = {}
    waiting: List[str] = [root]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found[module] = ast.parse(_file(module).read_text(encoding="utf-8"))
        waiting += _imported(found[module])
    return found


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            # `from package import name`: the name may be a module too.
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            # The import of a module also runs the packages that contain it.
            modules = [".".join(parts[: at + 1]) for at in range(len(parts))]
            yield from (module for module in modules if parts[0] == "mnist_repro" and _file(module).is_file())


def _file(module: str) -> Path:
    place = Path(str(mnist_repro.__file__)).parents[1].joinpath(*module.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
