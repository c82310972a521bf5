"""An .npz of four arrays of bytes, and everything that is none."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mnist_repro.data import npz
from mnist_repro.errors import BadInput


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
        for key in npz.KEYS:
            archive.writestr(f"{key}.npy", member)

    with pytest.raises(BadInput) as caught:
        npz.read(path)
    assert f"{path} is truncated, damaged or no .npz at all" == caught.value.what


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
