"""The seam between the plugin and a batch system: only one side of it speaks PJM."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Iterator

import pytest

import pjm

PACKAGE = Path(pjm.__file__).parent
# What calls PJM's commands, reads what they print, and writes what they read; and the emulator, which is PJM here.
SPEAKING = ("batch/pjm/", "emulator/")
# What tells the user of PJM: help texts, and what settings are called.
TELLING = {"__init__", "cli"}
CHOOSING = {"client/open_session"}  # looks for a batch system
MODULES = sorted(path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py"))
SILENT = [module for module in MODULES if not module.startswith(SPEAKING) and module not in TELLING | CHOOSING]
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


@pytest.mark.parametrize("module", SILENT)
def test_a_module_on_this_side_says_none_of_pjms_words(module: str) -> None:
    assert [] == [text for text in texts(module) if WORDS.search(text)]


def test_the_words_are_found_where_they_are() -> None:
    speaking = ("batch/pjm/scheduler", "batch/pjm/status", "batch/pjm/directives")

    assert all(any(WORDS.search(text) for text in texts(module)) for module in speaking)
