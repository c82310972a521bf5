"""Which data a command uses: what was named, else what is found, else the surrogate, and it says so."""

from __future__ import annotations

import shutil
from http import HTTPStatus
from pathlib import Path
from typing import Any, Callable, List, Optional

import numpy as np
import pytest

from mnist_repro.data import locate, mnist, surrogate
from mnist_repro.data.dataset import DRAWN, HASHES, Dataset, describe, recognise
from mnist_repro.errors import BadInput
from tests.builders import made_up
from tests.builders.misbehaving_server import serving
from tests.builders.mnist_files import black, surrogate_cache, write_folder
from tests.builders.refused import refused


def said(request: str | None = None) -> List[str]:
    """The announcements of a load."""
    lines: List[str] = []
    locate.load(request, lines.append)
    return lines


def test_a_named_place_goes_before_the_variable_and_the_variable_before_the_caches(
    black_npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_folder(tmp_path)
    monkeypatch.setenv("MNIST_REPRO_DATA", str(black_npz))

    assert str(folder) == locate.load(str(folder), lambda line: None).source
    assert str(black_npz) == locate.load(None, lambda line: None).source


def test_a_named_place_that_is_no_mnist_is_announced(black_npz: Path) -> None:
    assert [f"mnist-repro: {black_npz} is well-formed but NOT MNIST: no published figure can be tested on it\n"] == (
        said(str(black_npz))
    )


@pytest.mark.parametrize(
    ("variable", "request_", "what"),
    [
        ("NPZ", "mnist", "NPZ is well-formed but not MNIST"),
        ("mnist", None, "MNIST_REPRO_DATA=mnist asks for the real MNIST, which was not found"),
        ("/nowhere", None, "there is no /nowhere (named by MNIST_REPRO_DATA)"),
    ],
)
def test_who_names_or_insists_gets_no_other_data(
    variable: str, request_: Optional[str], what: str, black_npz: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_REPRO_DATA", variable.replace("NPZ", str(black_npz)))

    assert what in refused(lambda: locate.load(request_), NPZ=black_npz)[0]


@pytest.mark.parametrize("variable", ["", "mnist", "surrogate"])
def test_insisting_on_mnist_names_all_that_was_tried(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_REPRO_DATA", variable)

    with pytest.raises(BadInput) as caught:
        locate.load("mnist")
    assert "--data mnist asks for the real MNIST, which was not found" == caught.value.what
    assert [
        f"tried were: Keras cache {tmp_path}/keras/datasets/mnist.npz: not there",
        f"own cache {tmp_path}/cache/mnist.npz: not there",
        "download: switched off by MNIST_REPRO_OFFLINE",
    ] == caught.value.why.split("; ")


@pytest.mark.parametrize("cache", ["keras/datasets", "cache"])
def test_unnamed_places_give_real_mnist(cache: str, real_npz: Path, tmp_path: Path) -> None:
    path = tmp_path / cache / "mnist.npz"
    path.parent.mkdir(parents=True)
    path.symlink_to(real_npz)
    lines: List[str] = []
    dataset = locate.load(None, lines.append)

    assert ("mnist", str(path), []) == (dataset.name, dataset.source, lines)
    assert dataset is mnist.require_mnist(dataset, "somebody")


def test_broken_unnamed_places_are_passed_over_in_a_line_each_and_the_surrogate_is_announced(
    black_npz: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keras, own = tmp_path / "keras" / "datasets" / "mnist.npz", tmp_path / "cache" / "mnist.npz"
    for path in (keras, own):
        path.parent.mkdir(parents=True)
    keras.write_bytes(b"PK")
    shutil.copy(str(black_npz), str(own))
    for copy in surrogate_cache(tmp_path_factory).iterdir():
        (own.parent / copy.name).symlink_to(copy)
    lines: List[str] = []
    dataset = locate.load(None, lines.append)

    assert "surrogate" == dataset.name
    assert "data: SURROGATE digits, not MNIST (60,000 + 10,000 images) drawn by mnist-repro" == describe(dataset)
    assert lines[0].startswith(f"mnist-repro: could not use the Keras cache {keras}: ")
    assert (
        f"mnist-repro: could not use the own cache {own}: well-formed but not MNIST; continuing without it\n"
        == lines[1]
    )
    assert [1, 1, 3] == [line.count("\n") for line in lines]
    assert "NO MNIST" in lines[2]
    assert "no published figure" in lines[2]
    assert "mnist-repro data fetch" in lines[2]


def test_a_command_goes_on_without_the_download_and_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("MNIST_REPRO_CACHE", str(surrogate_cache(tmp_path_factory)))
    monkeypatch.setenv("MNIST_REPRO_OFFLINE", "")
    with serving(b"") as server:
        monkeypatch.setenv("MNIST_REPRO_URL", f"{server}/gone")
        lines: List[str] = []
        assert "surrogate" == locate.load(None, lines.append).name

    assert lines[0].startswith(
        f"mnist-repro: could not download MNIST (the download from {server}/gone failed; 0 bytes had come"
    )
    assert lines[0].endswith(f"HTTP status 404 {HTTPStatus.NOT_FOUND.phrase}); continuing without it\n")
    assert [1, 3] == [line.count("\n") for line in lines]


def test_the_search_is_announced_on_standard_error_when_nobody_listens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("MNIST_REPRO_CACHE", str(surrogate_cache(tmp_path_factory)))
    locate.load("surrogate")

    assert ("", True) == ((captured := capsys.readouterr()).out, "NO MNIST" in captured.err)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (DRAWN, lambda here: "surrogate"),
        # Not the words, which would mean other digits.
        ("surrogate", lambda here: str(here / "surrogate")),
        ("mnist", lambda here: str(here / "mnist")),
        ("/data/mnist.npz", lambda here: "/data/mnist.npz"),
    ],
)
def test_workers_are_given_the_same_data_whatever_its_folder_is_called(
    source: str, expected: Callable[[Path], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found: Any = made_up.dataset("mnist")
    object.__setattr__(found, "source", source)

    assert expected(tmp_path) == locate.place(found)


def test_the_second_time_it_is_read_and_not_drawn(drawn: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    locate._keep_surrogate(drawn, locate.surrogate_path())
    monkeypatch.setattr(surrogate, "draw", None)

    assert HASHES["surrogate"] == locate.surrogate_dataset().sha256


def test_a_copy_with_other_digits_is_drawn_again(drawn: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    locate._keep_surrogate(recognise("here", *black().values()), locate.surrogate_path())
    images = np.concatenate([drawn.train_images, drawn.test_images])
    labels = np.concatenate([drawn.train_labels, drawn.test_labels])
    monkeypatch.setattr(surrogate, "draw", lambda: (images, labels))

    assert HASHES["surrogate"] == locate.surrogate_dataset().sha256
    assert "surrogate" == mnist.read(locate.surrogate_path()).name


def test_a_cache_that_cannot_be_written_is_no_error(drawn: Dataset) -> None:
    assert ("surrogate", "drawn by mnist-repro") == (drawn.name, drawn.source)
