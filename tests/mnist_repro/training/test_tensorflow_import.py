"""TensorFlow's import, most of it in fresh processes."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Dict

import pytest

from mnist_repro.training.tensorflow_import import refusal
from tests.builders.command_line import ends_with_one_message, run_alone

PROGRAM = """
import gc, importlib, os, sys
from mnist_repro.training.tensorflow_import import quick_and_quiet

with quick_and_quiet():
    os.write(2, b"never mind")
    for package in ("matplotlib", "pandas", "scipy"):
        try:
            importlib.import_module(package)
        except ImportError:
            print(f"no {package}")
print(gc.isenabled(), gc.get_freeze_count() > 0)
try:
    with quick_and_quiet():
        os.write(2, b"this is why")
        raise ImportError
except ImportError:
    print("matplotlib" in sys.modules)
import matplotlib
with quick_and_quiet():
    import matplotlib as again
print(again is matplotlib)
"""


def test_a_failure_is_heard_and_leaves_nothing_behind_and_a_matplotlib_that_is_there_stays() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True, encoding="utf-8")

    assert ["no matplotlib", "no pandas", "no scipy", "True True", "False", "True"] == ran.stdout.splitlines()
    assert "this is why" == ran.stderr


def test_a_keras_json_that_keras_does_not_take_is_named(tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text('{"epsilon": "1e-07"}', encoding="utf-8")
    ended = run_alone("train", "tf-softmax", "--data", "surrogate", "--out", tmp_path, KERAS_HOME=str(tmp_path))

    ends_with_one_message(ended, f"Keras cannot be imported with the settings in {tmp_path / 'keras.json'}\n")
    assert "and its line `assert isinstance(_epsilon, float)` gives AssertionError\n" in ended.err


@pytest.mark.skipif(find_spec("keras") is None, reason="this TensorFlow has its Keras inside")
def test_the_variable_that_asks_for_a_keras_that_is_not_installed_is_named(tmp_path: Path) -> None:
    ended = run_alone("train", "tf-softmax", "--data", "surrogate", "--out", tmp_path, TF_USE_LEGACY_KERAS="1")

    ends_with_one_message(ended, "Keras cannot be imported with TF_USE_LEGACY_KERAS=1\n")
    assert "  next: unset TF_USE_LEGACY_KERAS, or pip install tf_keras\n" in ended.err


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        ({"KERAS_NNX_ENABLED": "True"}, "Keras cannot be imported with KERAS_NNX_ENABLED=True"),
        ({"KERAS_MAX_EPOCHS": "all"}, "Keras cannot be imported with KERAS_MAX_EPOCHS=all"),
        ({"KERAS_MAX_EPOCHS": "3", "KERAS_NNX_ENABLED": "0"}, "Keras cannot be imported"),
    ],
    ids=["nnx", "no number", "harmless"],
)
def test_only_a_variable_that_keeps_keras_out_is_named(
    variables: Dict[str, str], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensorflow = ModuleType("tensorflow")
    tensorflow.keras = None  # type: ignore[attr-defined]  # so that it looks whole
    monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert what == refusal(ValueError("no")).what


@pytest.mark.parametrize("name", ["keras", "tensorflow"])
def test_a_module_of_the_same_name_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"{name}.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)

    assert f"{tmp_path / name}.py is imported instead of the package {name}" == refusal(AttributeError("no")).what
