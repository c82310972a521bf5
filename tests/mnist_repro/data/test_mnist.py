"""Where MNIST is looked for, in which containers it may come, and what is refused."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path
from typing import List

import numpy as np
import pytest

from mnist_repro.data import idx, locate, mnist, npz
from mnist_repro.data.dataset import HASHES, Dataset, describe, recognise
from mnist_repro.errors import BadInput
from tests.builders.mnist_files import black, black_digest, find_real_mnist, isolate, surrogate_cache, write_folder


@pytest.fixture(scope="module")
def real() -> Dataset:
    return find_real_mnist()


@pytest.fixture(scope="module")
def black_npz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("black") / "mnist.npz"
    arrays = black()
    np.savez_compressed(
        str(path),
        x_train=arrays["x_train"],
        y_train=arrays["y_train"],
        x_test=arrays["x_test"],
        y_test=arrays["y_test"],
    )
    return path


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return surrogate_cache(tmp_path_factory)


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)


def said(request: str | None = None) -> List[str]:
    """The announcements of a load."""
    lines: List[str] = []
    locate.load(request, lines.append)
    return lines


def test_real_mnist_is_recognised_and_in_its_order(real: Dataset) -> None:
    assert ("mnist", HASHES["mnist"]) == (real.name, real.sha256)
    assert [5, 0, 4, 1, 9, 2, 1, 3, 1, 4] == real.train_labels[:10].tolist()
    assert 7 == real.train_labels[5000]
    assert [7, 2, 1, 0, 4, 1, 4, 9, 5, 9] == real.test_labels[:10].tolist()
    assert ((60_000, 28, 28), (10_000, 28, 28)) == (real.train_images.shape, real.test_images.shape)
    assert f"data: MNIST (60,000 + 10,000 images) from {real.source}" == describe(real)


def test_one_changed_pixel_is_no_longer_mnist(real: Dataset) -> None:
    images = real.train_images.copy()
    images[59_999, 27, 27] ^= 1
    changed = recognise("here", images, real.train_labels, real.test_images, real.test_labels)

    assert "unrecognised" == changed.name


def test_arrays_are_read_only_and_the_callers_own_stay_writable() -> None:
    images, labels = np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8)
    dataset = recognise("here", images, labels, images, labels)

    with pytest.raises(ValueError, match="read-only"):
        dataset.train_images[0, 0, 0] = 1
    images[0, 0, 0] = 1


def test_folder_and_npz_and_every_spelling_give_the_same_dataset(black_npz: Path, tmp_path: Path) -> None:
    plain = write_folder(tmp_path)
    expected = black_digest()

    assert expected == mnist.read(black_npz).sha256
    assert expected == mnist.read(black_npz.parent).sha256
    assert expected == mnist.read(plain).sha256
    labels = plain / "t10k-labels-idx1-ubyte"
    labels.rename(plain / "t10k-labels.idx1-ubyte")
    idx.write(plain / "train-labels-idx1-ubyte.gz", black()["y_train"])
    (plain / "train-labels-idx1-ubyte").unlink()
    (plain / "train-images-idx3-ubyte").rename(plain / "train-images.idx3-ubyte")
    # Some archives have a folder of the same name beside the file.
    (plain / "train-images-idx3-ubyte").mkdir()
    assert expected == mnist.read(plain).sha256


def test_missing_idx_files_are_named(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()

    with pytest.raises(BadInput) as caught:
        mnist.read(tmp_path)
    assert f"{tmp_path} lacks t10k-labels-idx1-ubyte" == caught.value.what


def test_a_folder_with_some_idx_files_and_an_npz_is_read_from_the_npz(black_npz: Path, tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    shutil.copy(str(black_npz), str(tmp_path))

    assert black_digest() == mnist.read(tmp_path).sha256


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (npy(np.array([None], dtype=object)), "holds Python objects (pickle)"),
        (npy(np.zeros(3, np.float32)), "holds float32 of shape (3,)"),
        (npy(np.zeros(3, np.uint8))[:-1], "is truncated: 2 bytes of data"),
        (npy(np.zeros(3, np.uint8)) + b"\0", "has bytes after its end"),
        (npy(np.zeros(3, np.uint8)).replace(b"(3,)", b"(-1,)"), "shape (-1,)"),
        (npy(np.zeros(3, np.uint8)).replace(b"(3,), }         ", b"(4000000000,), }"), "is truncated: 3 bytes of data"),
        (b"no npy", "damaged"),
        (b"\x93NUMPY\x03\x00" + bytes(100), "version (3, 0)"),
    ],
    ids=["objects", "floats", "cut", "longer", "negative", "gigabytes", "other", "version"],
)
def test_a_broken_member_of_an_npz_is_refused(tmp_path: Path, member: bytes, expected: str) -> None:
    path = tmp_path / "mnist.npz"
    with zipfile.ZipFile(str(path), "w") as archive:
        for key in npz.KEYS:
            archive.writestr(f"{key}.npy", member)

    with pytest.raises(BadInput) as caught:
        npz.read(path)
    assert expected in caught.value.what
    assert str(path) in caught.value.what


def test_an_npz_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    small = np.zeros(3, np.uint8)
    np.savez(str(path), x_train=small, y_train=small, x_test=small, y_test=small)
    whole = path.read_bytes()
    assert [0, 0, 0] == npz.read(path)["x_test"].tolist()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])

        with pytest.raises(BadInput, match="damaged"):
            npz.read(path)


def test_an_npz_with_a_byte_flipped_raises_nothing_but_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    small = np.zeros(3, np.uint8)
    np.savez(str(path), x_train=small, y_train=small, x_test=small, y_test=small)
    whole = path.read_bytes()
    refused = 0
    for position in range(0, len(whole), 5):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            npz.read(path)
        except BadInput:
            refused += 1

    assert refused > 10


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


def test_a_broken_variable_is_an_error_and_no_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_REPRO_DATA", str(tmp_path / "nothing"))

    with pytest.raises(BadInput) as caught:
        locate.load()
    assert f"there is no {tmp_path / 'nothing'} (named by MNIST_REPRO_DATA)" == caught.value.what


def test_insisting_on_mnist_checks_the_place_of_the_variable(black_npz: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_REPRO_DATA", str(black_npz))

    with pytest.raises(BadInput, match="well-formed but not MNIST"):
        locate.load("mnist")


@pytest.mark.parametrize("variable", ["", "mnist", "surrogate"])
def test_insisting_on_mnist_names_all_that_was_tried(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_REPRO_DATA", variable)

    with pytest.raises(BadInput) as caught:
        locate.load("mnist")
    assert "--data mnist insists on the real MNIST, and there is none" == caught.value.what
    assert [
        f"tried were: Keras cache {tmp_path}/keras/datasets/mnist.npz: not there",
        f"own cache {tmp_path}/cache/mnist.npz: not there",
        "download: switched off by MNIST_REPRO_OFFLINE",
    ] == caught.value.why.split("; ")


def test_the_variable_can_insist_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_REPRO_DATA", "mnist")

    with pytest.raises(BadInput, match="MNIST_REPRO_DATA=mnist insists"):
        locate.load()


@pytest.mark.parametrize("cache", ["keras/datasets", "cache"])
def test_unnamed_places_give_real_mnist(cache: str, real: Dataset, tmp_path: Path) -> None:
    path = tmp_path / cache / "mnist.npz"
    path.parent.mkdir(parents=True)
    np.savez(
        str(path),
        x_train=real.train_images,
        y_train=real.train_labels,
        x_test=real.test_images,
        y_test=real.test_labels,
    )

    assert ("mnist", str(path)) == (locate.load().name, locate.load("mnist").source)
    assert [] == said()


def test_broken_unnamed_places_are_passed_over_in_a_line_each_and_the_surrogate_is_announced(
    black_npz: Path, drawn: Path, tmp_path: Path
) -> None:
    keras, own = tmp_path / "keras" / "datasets" / "mnist.npz", tmp_path / "cache" / "mnist.npz"
    for path in (keras, own):
        path.parent.mkdir(parents=True)
    keras.write_bytes(b"PK")
    shutil.copy(str(black_npz), str(own))
    for copy in drawn.iterdir():
        (own.parent / copy.name).symlink_to(copy)
    lines: List[str] = []
    dataset = locate.load(None, lines.append)

    assert "surrogate" == dataset.name
    assert "data: SURROGATE digits, not MNIST (60,000 + 10,000 images) drawn by mnist-repro" == describe(dataset)
    assert lines[0].startswith(f"mnist-repro: passed over the Keras cache {keras}: ")
    assert f"mnist-repro: passed over the own cache {own}: well-formed but not MNIST\n" == lines[1]
    assert [1, 1, 3] == [line.count("\n") for line in lines]
    assert "NO MNIST" in lines[2]
    assert "no published figure" in lines[2]
    assert "mnist-repro data fetch" in lines[2]
