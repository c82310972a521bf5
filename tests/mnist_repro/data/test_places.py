"""Where MNIST may be on this machine, as the environment says."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Tuple

import pytest

from mnist_repro.data import places


@pytest.mark.parametrize(
    ("forbids", "words"), [(False, ("", "0", "no", "False", "NO")), (True, ("1", "yes", "on", "True"))]
)
def test_the_download_is_forbidden_by_a_word_that_says_so(
    forbids: bool, words: Tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for word in words:
        monkeypatch.setenv("MNIST_REPRO_OFFLINE", word)
        assert forbids == places.offline(), word


def test_the_caches_are_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("KERAS_HOME", "~/of keras")
    monkeypatch.setenv("MNIST_REPRO_CACHE", "~/ours")

    assert Path("/home/somebody/of keras/datasets/mnist.npz") == places.keras_cache()
    assert Path("/home/somebody/ours") == places.own_cache()


def test_without_a_word_the_caches_are_those_of_keras_and_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/somebody/cache")
    for name in ("KERAS_HOME", "MNIST_REPRO_CACHE"):
        monkeypatch.setenv(name, "")

    assert Path("/home/somebody/.keras/datasets/mnist.npz") == places.keras_cache()
    assert "mnist-repro" == places.own_cache().name


def test_the_home_of_somebody_who_is_unknown_stays_as_it_was_typed() -> None:
    assert Path("~nobody-of-this-name/mnist") == places.expanded("~nobody-of-this-name/mnist")


@pytest.mark.parametrize(("value", "expected"), [("", None), ("/data", "/data"), ("mnist", "mnist")])
def test_an_empty_variable_names_nothing(value: str, expected: Optional[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_REPRO_DATA", value)

    assert expected == places.named_by_variable()
