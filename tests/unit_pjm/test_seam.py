"""The seam between the plugin and a batch system: only one side of it speaks PJM."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Iterator, Set

import pytest

import pjm

PACKAGE = Path(pjm.__file__).parent
# The other side: what calls PJM's commands, reads what they say, and writes what they read.
SPEAKING = {"pjm_scheduler", "pjsub", "pjstat", "messages", "outcome", "causes", "directives"}
# What the user is told of PJM: help texts, and what settings are called.
TELLING = {"__init__", "cli"}
CHOOSING = {"opening"}  # looks for a batch system, and makes the other side
SILENT = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem not in SPEAKING | TELLING)
WORDS = re.compile(
    r"\bpj(?:sub|stat|del|hold|rls|wait|acl)\b(?!_)|#PJM|\bPJM\b|\b(?:RNA|RNP|RUN|EXT|CCL|RJT|HLD|QUE)\b"
)


def texts(module: str) -> Iterator[str]:
    """All that stands in quotes in a module, but for its docstrings."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    docstrings = {id(node.body[0].value) for node in nodes if node.body and isinstance(node.body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def imports(module: str) -> Set[str]:
    """The modules of the package that a module imports."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {alias.name for alias in node.names} if node.module == "pjm" else {node.module.partition(".")[2]}
    return found


@pytest.mark.parametrize("module", [name for name in SILENT if name not in CHOOSING])
def test_a_module_on_this_side_says_none_of_pjms_words(module: str) -> None:
    assert [] == [text for text in texts(module) if WORDS.search(text)]


@pytest.mark.parametrize("module", SILENT)
def test_a_module_on_this_side_knows_the_other_by_its_protocol(module: str) -> None:
    allowed = {"pjm_scheduler"} if module in CHOOSING else set()

    assert set() == imports(module) & SPEAKING - allowed


def test_the_words_are_found_where_they_are() -> None:
    assert all(
        any(WORDS.search(text) for text in texts(module)) for module in ("pjm_scheduler", "outcome", "directives")
    )
