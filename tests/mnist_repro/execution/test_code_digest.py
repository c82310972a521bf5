"""The hash of the source: runs made before and after a change of the code that trains are not taken for the same."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Callable

import pytest

import mnist_repro
from mnist_repro.execution import code_digest as source

PACKAGE = Path(str(mnist_repro.__file__)).parent


@pytest.fixture(scope="module")
def ours() -> str:
    return source.digest()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, whose hash is taken instead of ours."""
    copy = tmp_path / "mnist_repro"
    shutil.copytree(str(PACKAGE), str(copy), ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(mnist_repro, "__file__", str(copy / "__init__.py"))
    return copy


def test_what_trains_and_scores_counts_and_nothing_of_commands_or_gates() -> None:
    modules = {module.replace("mnist_repro.", "") for module in source.trees()}

    training = {f"training.{name}" for name in ("train", "model", "record", "arithmetic", "batches", "seeds")}
    assert training | {"runs.evaluation", "recipes.wheel"} <= modules
    assert not [module for module in modules if module.split(".")[0] in ("gate", "cli", "execution", "harness")]


@pytest.mark.parametrize(
    ("module", "edit", "changes"),
    [
        ("recipes/wheel.py", lambda text: text.replace("learning_rate=1e-3", "learning_rate=2e-3"), True),
        ("training/arithmetic.py", lambda text: text + "\nMORE = 1\n", True),
        ("training/train.py", lambda text: text + "\n\n# Why this is so.\n", False),
        ("training/train.py", lambda text: text.replace('"""Train a recipe', '"""Teach a recipe'), False),
        ("training/train.py", lambda text: text + "\nfrom mnist_repro import errors as elsewhere\n", False),
        ("gate/statistics.py", lambda text: text + "\nMORE = 1\n", False),
    ],
)
def test_code_that_trains_changes_it_and_comments_and_other_code_do_not(
    module: str, edit: Callable[[str], str], changes: bool, ours: str, package: Path
) -> None:
    text = (package / module).read_text(encoding="utf-8")
    assert text != edit(text)
    (package / module).write_text(edit(text), encoding="utf-8")

    assert re.fullmatch("[0-9a-f]{12}", ours)
    assert changes == (ours != source.digest())


def test_a_file_is_the_same_while_its_code_is(tmp_path: Path) -> None:
    file = tmp_path / "bugs.py"

    def told(text: str) -> str:
        source.of_file.cache_clear()
        file.write_text(text, encoding="utf-8")
        return source.of_file(file)

    assert told("def one(): return 1\n") == told('"""What it is for."""\n# a comment\ndef one(): return 1\n')
    assert told("def one(): return 1\n") != told("def one(): return 2\n")
