"""The seam between the plugin and a batch system: only one side of it speaks PJM, or Slurm."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Iterator, Pattern

import pytest

import pjm

PACKAGE = Path(pjm.__file__).parent
# What calls a batch system's commands, reads what they print, and writes what they read; the emulator is PJM here.
PJM, SLURM = ("batch/pjm/", "emulator/"), ("batch/slurm/",)
# What tells the user of PJM: help texts, and what settings are called.
TELLING = {"__init__", "cli"}
CHOOSING = {"client/batch_system", "client/open_session"}  # looks for a batch system
MODULES = sorted(path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py"))
OTHERS = [module for module in MODULES if module not in TELLING | CHOOSING]
PJMS_WORDS = re.compile(
    r"\bpj(?:sub|stat|del|hold|rls|wait|acl)\b(?!_)|#PJM|\bPJM\b|\b(?:RNA|RNP|RUN|EXT|CCL|RJT|HLD|QUE)\b"
)
SLURMS_WORDS = re.compile(
    r"\b(?:sbatch|squeue|sacct|scancel|scontrol|sinfo|slurm)\b|SBATCH|Slurm|\b(?:COMPLETING|NODE_FAIL|OUT_OF_MEMORY)\b"
)


def texts(module: str) -> Iterator[str]:
    """All that stands in quotes in a module, but for its docstrings."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    docstrings = {id(node.body[0].value) for node in nodes if node.body and isinstance(node.body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@pytest.mark.parametrize("module", [module for module in OTHERS if not module.startswith(PJM)])
def test_a_module_on_this_side_says_none_of_pjms_words(module: str) -> None:
    assert [] == [text for text in texts(module) if PJMS_WORDS.search(text)]


@pytest.mark.parametrize("module", [module for module in OTHERS if not module.startswith(SLURM)])
def test_a_module_on_this_side_says_none_of_slurms_words(module: str) -> None:
    assert [] == [text for text in texts(module) if SLURMS_WORDS.search(text)]


@pytest.mark.parametrize(("system", "words"), [("pjm", PJMS_WORDS), ("slurm", SLURMS_WORDS)])
def test_the_words_are_found_where_they_are(system: str, words: Pattern[str]) -> None:
    speaking = [f"batch/{system}/{module}" for module in ("scheduler", "status", "codes")]

    assert [] == [module for module in speaking if not any(words.search(text) for text in texts(module))]
