"""Where MNIST is looked for, in which containers it may come, and what is refused."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mnist_repro.data import mnist
from mnist_repro.data.dataset import HASHES, Dataset, describe
from mnist_repro.errors import BadInput
from tests.builders.mnist_files import black, black_digest, write_folder, write_idx


def test_real_mnist_is_recognised_and_in_its_order(real: Dataset) -> None:
    assert ("mnist", HASHES["mnist"]) == (real.name, real.sha256)
    assert [5, 0, 4, 1, 9, 2, 1, 3, 1, 4] == real.train_labels[:10].tolist()
    assert 7 == real.train_labels[5000]
    assert [7, 2, 1, 0, 4, 1, 4, 9, 5, 9] == real.test_labels[:10].tolist()
    assert ((60_000, 28, 28), (10_000, 28, 28)) == (real.train_images.shape, real.test_images.shape)
    assert f"data: MNIST (60,000 + 10,000 images) from {real.source}" == describe(real)


def test_folder_and_npz_and_every_spelling_give_the_same_dataset(black_npz: Path, tmp_path: Path) -> None:
    plain = write_folder(tmp_path)
    expected = black_digest()

    assert expected == mnist.read(black_npz).sha256
    assert expected == mnist.read(black_npz.parent).sha256
    assert expected == mnist.read(plain).sha256
    labels = plain / "t10k-labels-idx1-ubyte"
    labels.rename(plain / "t10k-labels.idx1-ubyte")
    write_idx(plain / "train-labels-idx1-ubyte.gz", black()["y_train"])
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
    "member",
    [
        npy(np.array([None], dtype=object)),
        npy(np.zeros(3, np.uint8))[:-1],
        npy(np.zeros(3, np.uint8)).replace(b"(3,)", b"(-1,)"),
        npy(np.zeros(3, np.uint8)).replace(b"(3,), }         ", b"(4000000000,), }"),
        npy(np.zeros(3, np.uint8)).replace(b"(3,), }           ", b"(9000000000000,), }"),
        b"no npy",
        b"\x93NUMPY\x03\x00" + bytes(100),
    ],
    ids=["objects", "cut", "negative", "gigabytes", "terabytes", "other", "version"],
)
def test_a_broken_member_of_an_npz_is_refused(tmp_path: Path, member: bytes) -> None:
    path = tmp_path / "mnist.npz"
    with zipfile.ZipFile(str(path), "w") as archive:
        for key in mnist.KEYS:
            archive.writestr(f"{key}.npy", member)

    with pytest.raises(BadInput) as caught:
        mnist.read_npz(path)
    assert f"{path} is truncated, damaged or no .npz at all" == caught.value.what


def test_an_npz_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    small = np.zeros(3, np.uint8)
    np.savez(str(path), x_train=small, y_train=small, x_test=small, y_test=small)
    whole = path.read_bytes()
    assert [0, 0, 0] == mnist.read_npz(path)[2].tolist()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])

        with pytest.raises(BadInput, match="damaged"):
            mnist.read_npz(path)


def test_an_npz_with_a_byte_flipped_raises_nothing_but_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    small = np.zeros(3, np.uint8)
    np.savez(str(path), x_train=small, y_train=small, x_test=small, y_test=small)
    whole = path.read_bytes()
    refused = 0
    for position in range(0, len(whole), 5):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            mnist.read_npz(path)
        except BadInput:
            refused += 1

    assert refused > 10
