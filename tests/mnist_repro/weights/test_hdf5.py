"""Files that are no HDF5, or hold more than plain groups, attributes and numbers, are refused."""

from __future__ import annotations

import errno
import os
import zipfile
from pathlib import Path
from typing import Any, Callable, Optional, Tuple

import numpy as np
import pytest

from mnist_repro.weights import hdf5
from tests.builders.refused import refused
from tests.builders.weights_files import AGAIN, edited, written

DAMAGED = "HDF5 stopped reading it: "


def names(root: Any) -> object:
    return list(root)


def refusal(path: Path) -> Tuple[str, str, str]:
    return refused(lambda: read(path, names), PATH=path)


def read(path: Path, use: Callable[[Any], object]) -> object:
    """What ``use`` makes of the root group of a file."""
    with hdf5.opened(path) as root:
        return use(root)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no /proc: no file that root may open and not read")
def test_file_that_cannot_be_read_even_by_root() -> None:
    # Its first page is never mapped, so that reading fails for everybody.
    assert f"cannot read PATH: {os.strerror(errno.EIO)}" == refusal(Path("/proc/self/mem"))[0]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "PATH is empty: 0 bytes"),
        (b"PK\x03\x04 and so on", "PATH is not an HDF5 file: a zip archive, as .npz files are"),
        (b"\x1f\x8b\x08 and so on", "PATH is not an HDF5 file: a gzip file"),
        (b"Test loss: 0.27", "PATH is not an HDF5 file: it begins with b'Test los'"),
    ],
)
def test_other_formats(content: bytes, what: str, tmp_path: Path) -> None:
    path = tmp_path / "param.hdf5"
    path.write_bytes(content)

    rather = "name the file itself, such as DIR/param.hdf5; or make one: mnist-repro train RECIPE --out DIR"
    assert (what, rather if "is not an HDF5 file" in what else AGAIN) == refusal(path)[::2]


def test_a_keras_archive_is_told_how_to_become_an_hdf5_file(tmp_path: Path) -> None:
    path = tmp_path / "my model.keras"
    with zipfile.ZipFile(str(path), "w") as archive:
        for name in ("metadata.json", "config.json", "model.weights.h5"):
            archive.writestr(name, "{}")
    what, _, fix = refusal(path)

    assert "PATH is a .keras archive" == what
    assert fix.endswith(f" 'PATH' '{tmp_path}/my model.h5' && mnist-repro predict '{tmp_path}/my model.h5'")
    for name in ("my model.h5", "my model-2.h5"):
        (tmp_path / name).touch()
    assert refusal(path)[2].endswith(
        f" 'PATH' '{tmp_path}/my model-3.h5' && mnist-repro predict '{tmp_path}/my model-3.h5'"
    )


def test_truncated_file_says_how_much_is_there(tmp_path: Path) -> None:
    path = written(tmp_path, "vgg7")
    os.truncate(path, 1_000_000)
    what, why, fix = refusal(path)

    assert ("PATH is truncated or damaged: 1,000,000 bytes", DAMAGED, AGAIN) == (what, why[: len(DAMAGED)], fix)


def test_truncated_anywhere(tmp_path: Path) -> None:
    path = written(tmp_path, "wheel-softmax")
    content = path.read_bytes()

    for length in (*range(1, 100), *range(100, len(content), 997), len(content) - 1):
        path.write_bytes(content[:length])

        assert refusal(path)[0].startswith("PATH is truncated or damaged: ")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"ascii", "ascii"), ("grün".encode(), "grün"), ("grün", "grün"), (np.bytes_(b"fixed"), "fixed")],
)
def test_text_is_text_however_it_was_stored(value: Any, expected: str, tmp_path: Path) -> None:
    path = edited(written(tmp_path, "vgg7"), lambda root: root.attrs.__setitem__("word", value))

    assert [expected, None] == read(path, lambda root: [hdf5.text(root, name) for name in ("word", "missing")])


@pytest.mark.parametrize("value", [3, np.array([[b"a"]]), np.arange(2), np.array([b"\xff"])])
def test_what_is_no_row_of_names_is_damage(value: Any, tmp_path: Path) -> None:
    path = edited(written(tmp_path, "vgg7"), lambda root: root.attrs.__setitem__("row", value))
    what, why, _ = refused(lambda: read(path, lambda root: hdf5.texts(root, "row")), PATH=path)

    assert what.startswith("PATH is truncated or damaged: ")
    assert why.startswith(DAMAGED)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("dense", "/dense"),
        ("dense/dense", "/dense/dense"),
        ("dense/missing", None),
        ("dense/dense/bias:0/deeper", None),
    ],
)
def test_objects_are_found_from_group_to_group(name: str, found: Optional[str], tmp_path: Path) -> None:
    path = written(tmp_path, "wheel-softmax")

    assert found == read(path, lambda root: getattr(hdf5.child(root, name, path), "name", None))


@pytest.mark.parametrize("name", ["../dense", "/dense", "dense//dense", "."])
def test_no_name_leads_out_of_its_group(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, "wheel-softmax")
    found = refused(lambda: read(path, lambda root: hdf5.child(root, name, path)), PATH=path)

    assert f"PATH names {name!r} in /" == found[0]


@pytest.mark.parametrize(
    ("name", "expected"), [("a\x1bb", r"'a\x1bb'"), ("n" * 60, repr("n" * 60)), ("n" * 61, repr("n" * 60 + "…"))]
)
def test_names_in_messages_are_short_and_control_no_terminal(name: str, expected: str) -> None:
    assert expected == hdf5.shown(name)
