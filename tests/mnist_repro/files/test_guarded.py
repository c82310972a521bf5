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
from tests.builders.refused import refused

PICTURE = Expected("a picture", "name a PNG file", "name another with --image")


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("file", Path.mkdir, "it is a folder"),
        ("file", os.mkfifo, "it is a pipe, socket or device"),
        ("file", a_socket, "it is a pipe, socket or device"),
        ("missing", lambda path: None, os.strerror(errno.ENOENT)),
        ("n" * 300, lambda path: None, os.strerror(errno.ENAMETOOLONG)),
    ],
)
def test_what_is_no_regular_file_is_refused_and_not_waited_for(
    name: str, make: Callable[[Path], object], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The name of a socket must be short.
    monkeypatch.chdir(tmp_path)
    make(Path(name))

    assert f"cannot read {name}: {said}" == refused(lambda: open_regular(Path(name), PICTURE))[0]


def test_the_command_that_shows_permissions_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert "(ls -l 'my digit.png')" in refused(lambda: open_regular(Path("my digit.png"), PICTURE))[2]


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
