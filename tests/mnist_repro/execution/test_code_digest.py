"""The hash of the source: runs made before and after a change of the code that trains are not taken for the same."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

import mnist_repro
from mnist_repro.execution import code_digest as source
from tests.builders.command_line import environment

PACKAGE = Path(str(mnist_repro.__file__)).parent


def digest_after(folder: Path, module: str, edit: Callable[[str], str]) -> str:
    """The hash that a copy of the package has when one of its modules has been edited."""
    shutil.copytree(str(PACKAGE), str(folder / "mnist_repro"), ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "mnist_repro" / module
    text = file.read_text(encoding="utf-8")
    assert text != edit(text)
    file.write_text(edit(text), encoding="utf-8")
    program = "from mnist_repro.execution import code_digest as source; print(source.digest())"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=environment({"PYTHONPATH": str(folder)}),
        cwd=str(folder),
        stdout=subprocess.PIPE,
        check=True,
    )
    return ended.stdout.decode().strip()


def test_what_trains_and_scores_counts_and_nothing_of_commands_or_gates() -> None:
    modules = {module.replace("mnist_repro.", "") for module in source.trees()}

    training = {f"training.{name}" for name in ("train", "model", "record", "arithmetic", "batches", "seeds")}
    assert training | {"runs.evaluation", "recipes.wheel"} <= modules
    assert not [module for module in modules if module.split(".")[0] in ("gate", "cli", "execution", "harness")]


def test_it_is_twelve_digits() -> None:
    assert 12 == len(source.digest())
    assert set(source.digest()) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("module", "edit"),
    [
        ("recipes/wheel.py", lambda text: text.replace("learning_rate=1e-3", "learning_rate=2e-3")),
        ("training/arithmetic.py", lambda text: text + "\nMORE = 1\n"),
    ],
)
def test_changed_code_changes_it(module: str, edit: Callable[[str], str], tmp_path: Path) -> None:
    assert source.digest() != digest_after(tmp_path, module, edit)


@pytest.mark.parametrize(
    ("module", "edit"),
    [
        ("training/train.py", lambda text: text + "\n\n# Why this is so.\n"),
        ("training/train.py", lambda text: text.replace('"""Train a recipe', '"""Teach a recipe')),
        ("training/train.py", lambda text: text + "\nfrom mnist_repro import errors as elsewhere\n"),
        ("gate/statistics.py", lambda text: text + "\nMORE = 1\n"),
    ],
)
def test_comments_and_other_code_do_not(module: str, edit: Callable[[str], str], tmp_path: Path) -> None:
    assert source.digest() == digest_after(tmp_path, module, edit)
