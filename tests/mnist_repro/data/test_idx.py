"""IDX files, sound and broken."""

from __future__ import annotations

import gzip
import shlex
import struct
import subprocess
import tracemalloc
from pathlib import Path
from typing import Tuple

import pytest

from mnist_repro.data import idx
from mnist_repro.errors import BadInput

THREE_BY_TWO = bytes([0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6])
# Without the time: it would change the names of the tests.
PACKED = gzip.compress(THREE_BY_TWO, mtime=0)


def refusal(path: Path) -> BadInput:
    """The error without the path, whose folders bear the test's own words."""
    with pytest.raises(BadInput) as caught:
        idx.read(path)
    assert str(path) in caught.value.what
    return BadInput(caught.value.what.replace(str(path), "FILE"), caught.value.why, caught.value.fix)


def test_bytes_are_read_as_the_format_says(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(THREE_BY_TWO)

    assert [[1, 2], [3, 4], [5, 6]] == idx.read(path).tolist()


@pytest.mark.parametrize(
    ("code", "letter", "value"),
    [(0x08, "B", 200), (0x09, "b", -3), (0x0B, "h", -300), (0x0C, "i", -70_000), (0x0D, "f", 0.5), (0x0E, "d", 0.1)],
)
def test_every_type_is_big_endian_in_the_file_and_native_in_memory(
    tmp_path: Path, code: int, letter: str, value: float
) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes([0, 0, code, 1, 0, 0, 0, 1]) + struct.pack(f">{letter}", value))
    array = idx.read(path)

    assert [value] == array.tolist()
    assert array.dtype.isnative


@pytest.mark.parametrize(("name", "whole"), [("file", THREE_BY_TWO), ("file.gz", PACKED)])
def test_a_truncated_file_is_refused_at_every_length(name: str, whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    # One byte is not enough to tell that it is gzip.
    for length in [0, *range(2, len(whole))]:
        path.write_bytes(whole[:length])

        assert "truncated" in refusal(path).what


@pytest.mark.parametrize(
    ("name", "content", "what", "fix"),
    [
        # A bit of the checksum; and bytes behind the end, which do not make it an unpacked file.
        ("file.gz", PACKED[:-8] + bytes([PACKED[-8] ^ 1]) + PACKED[-7:], "FILE is truncated or damaged", ""),
        ("file.gz", PACKED + b"junk", "FILE is truncated or damaged", ""),
        ("file.gz", THREE_BY_TWO, "FILE is not gzip", "rename it to file;"),
        ("file", b"\1\0\x08\1" + THREE_BY_TWO[4:], "0x01000801", "mnist-repro data fetch"),
        ("file", b"\0\0\x0a\1" + THREE_BY_TWO[4:], "0x00000a01", "mnist-repro data fetch"),
        ("file", b"\x1f\x8b\x08\0" + THREE_BY_TWO[4:], "0x1f8b0800", "rename it to file.gz"),
        ("file", bytes([0, 0, 8, 200]) + struct.pack(">I", 1) * 200 + b"\0", "dimensions", ""),
    ],
)
def test_a_file_that_is_no_idx_says_what_it_is(name: str, content: bytes, what: str, fix: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    error = refusal(tmp_path / name)

    assert (True, True) == (what in error.what, fix in error.fix)
    assert ("rename" in fix) == ("rename" in error.fix)


def test_a_file_that_was_packed_twice_can_be_read_after_what_is_advised(tmp_path: Path) -> None:
    path = tmp_path / "my file.gz"
    path.write_bytes(gzip.compress(PACKED))
    command = refusal(path).fix.partition("type ")[2].partition(",")[0]
    subprocess.run(shlex.split(command), check=True)

    assert "rename it to my file.gz" in refusal(tmp_path / "my file").fix
    (tmp_path / "my file").rename(path)
    assert (3, 2) == idx.read(path).shape


def test_no_packed_file_is_to_be_replaced_by_another(tmp_path: Path) -> None:
    for name in ("file", "file.gz"):
        (tmp_path / name).write_bytes(PACKED)

    fix = refusal(tmp_path / "file").fix
    assert f"it looks like gzip, and file.gz is there as well: move file out of {tmp_path}" == fix


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_bytes_after_the_end_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    content = THREE_BY_TWO + b"\0"
    path.write_bytes(gzip.compress(content) if suffix else content)

    assert "after its end" in refusal(path).what


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("shape", [(4_000_000_000, 28, 28), (0, 4_294_967_295, 4_294_967_295, 4_294_967_295)])
def test_a_header_that_promises_terabytes_allocates_nothing(
    tmp_path: Path, shape: Tuple[int, ...], suffix: str
) -> None:
    path = tmp_path / f"file{suffix}"
    content = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + bytes(100 if shape[0] else 0)
    path.write_bytes(gzip.compress(content) if suffix else content)
    tracemalloc.start()
    try:
        refusal(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 2_000_000
