"""TensorFlow's import, and why it may fail; tests/end_to_end has failures of whole commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Dict

import pytest

from mnist_repro.training.tensorflow_import import refusal

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
def test_a_folder_of_the_same_name_that_nobody_installed_is_named_with_what_renames_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "my project" / name
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.delitem(sys.modules, name, raising=False)
    found = refusal(AttributeError("no"))

    assert f"{folder} is imported instead of the package {name}" == found.what
    assert found.fix.startswith(f"rename it (mv '{folder}' '{folder}_'), ")


@pytest.mark.parametrize(("name", "installed"), [("keras", "Keras-2.4.3"), ("tensorflow", "tf_nightly-2.99.0")])
def test_a_package_that_was_installed_under_another_name_is_not_to_be_renamed(
    name: str, installed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    (tmp_path / f"{installed}.dist-info").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)

    assert "imported instead" not in refusal(AttributeError("no")).what


@pytest.mark.parametrize("name", ["keras", "tensorflow"])
def test_a_module_of_the_same_name_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"{name}.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)

    assert f"{tmp_path / name}.py is imported instead of the package {name}" == refusal(AttributeError("no")).what
