"""Files that nobody vouches for: only regular ones are opened, and no more is read than their header promises."""

from __future__ import annotations

import errno
import gzip
import io
import os
import socket
from pathlib import Path
from typing import Callable

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.files.guarded import Expected, check_promised, open_regular, read_promised

PICTURE = Expected("a picture", "name a PNG file", "name another with --image")


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize(
    ("make", "found"),
    [(Path.mkdir, "a folder"), (os.mkfifo, "a pipe, socket or device"), (a_socket, "a pipe, socket or device")],
)
def test_what_is_no_regular_file_is_refused_and_not_waited_for(
    make: Callable[[Path], object], found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The name of a socket must be short.
    monkeypatch.chdir(tmp_path)
    make(Path("file"))
    with pytest.raises(BadInput) as caught:
        open_regular(Path("file"), PICTURE)

    assert (f"cannot read file: it is {found}", "a picture is expected", "name a PNG file") == caught.value.args


@pytest.mark.parametrize(("name", "number"), [("missing", errno.ENOENT), ("n" * 300, errno.ENAMETOOLONG)])
def test_what_the_system_refuses_is_told_in_its_words(name: str, number: int, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        open_regular(tmp_path / name, PICTURE)

    assert (
        f"cannot read {tmp_path / name}: {os.strerror(number)}",
        "a picture that is there, and readable by the user who runs this, is expected",
        f"check its name and permissions (ls -l {tmp_path / name}), or name another with --image",
    ) == caught.value.args


def test_a_regular_file_is_read_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("file")
    with open_regular(tmp_path / "link") as file:
        assert b"abc" == file.read()


@pytest.mark.parametrize(("promised", "length"), [(0, 1), (3, 4), (999_999, 1_000_000), (10**15, 1_000_000)])
def test_at_most_one_byte_more_than_promised_is_read(promised: int, length: int) -> None:
    packed = gzip.compress(bytes(1_000_000))
    with gzip.open(io.BytesIO(packed)) as stream:
        assert length == len(read_promised(stream, promised))


@pytest.mark.parametrize(
    ("promised", "what"), [(4, "FILE is truncated: 3 bytes of data"), (2, "FILE has bytes after its end")]
)
def test_what_is_shorter_or_longer_than_promised_is_refused(promised: int, what: str) -> None:
    check_promised(bytearray(3), 3, "FILE")
    with pytest.raises(BadInput) as caught:
        check_promised(bytearray(3), promised, "FILE")

    assert (what, f"its header promises {promised} bytes after itself") == caught.value.args[:2]
