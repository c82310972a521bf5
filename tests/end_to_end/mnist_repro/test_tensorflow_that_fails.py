"""A TensorFlow that cannot be imported is named in one message, whatever is the matter with it."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from mnist_repro.training import framework
from tests.builders.command_line import ends_with_one_message, run_alone


def test_a_keras_json_that_keras_does_not_take_is_named(tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text('{"epsilon": "1e-07"}', encoding="utf-8")
    ended = run_alone("train", "tf-softmax", "--data", "surrogate", "--out", tmp_path, KERAS_HOME=str(tmp_path))

    ends_with_one_message(ended, f"Keras cannot be imported with the settings in {tmp_path / 'keras.json'}\n")
    assert "and its line `assert isinstance(_epsilon, float)` gives AssertionError\n" in ended.err
    assert f"  next: mv {tmp_path}/keras.json {tmp_path}/keras.json.old, so that " in ended.err


@pytest.mark.skipif(find_spec("optree") is None, reason="this Keras needs no optree")
def test_a_keras_that_is_broken_elsewhere_is_no_fault_of_a_keras_json(tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text("{}", encoding="utf-8")
    (tmp_path / "optree.py").touch()
    path = os.pathsep.join(map(str, (tmp_path, Path(framework.__file__).parents[2])))
    words = ("train", "tf-softmax", "--data", "surrogate", "--out", tmp_path / "run")
    ended = run_alone(*words, PYTHONPATH=path, KERAS_HOME=str(tmp_path))

    ends_with_one_message(ended, "Keras cannot be imported\n")


@pytest.mark.skipif(find_spec("keras") is None, reason="this TensorFlow has its Keras inside")
def test_the_variable_that_asks_for_a_keras_that_is_not_installed_is_named(tmp_path: Path) -> None:
    ended = run_alone("train", "tf-softmax", "--data", "surrogate", "--out", tmp_path, TF_USE_LEGACY_KERAS="1")

    ends_with_one_message(ended, "Keras cannot be imported with TF_USE_LEGACY_KERAS=1\n")
    version = ".".join(framework.tensorflow().__version__.split(".")[:2])
    assert f"  next: unset TF_USE_LEGACY_KERAS, or pip install --no-deps 'tf_keras=={version}.*'\n" in ended.err


@pytest.mark.parametrize("source", ["raise TypeError('descriptors of another protobuf')", ""])
def test_a_tensorflow_that_is_broken_is_named_once(source: str, tmp_path: Path) -> None:
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text(source, encoding="utf-8")
    (tmp_path / "tensorflow-2.99.0.dist-info").mkdir()
    path = os.pathsep.join(map(str, (tmp_path, Path(framework.__file__).parents[2])))
    ended = run_alone("train", "tf-softmax", "--data", "surrogate", "--out", tmp_path / "run", PYTHONPATH=path)

    ends_with_one_message(ended, "TensorFlow cannot be imported\n")
    assert "  next: python -c 'import tensorflow' shows more; " in ended.err
