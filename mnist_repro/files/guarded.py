"""Opens and reads files that nobody vouches for: regular files only, and never more bytes than were promised."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from mnist_repro.errors import BadInput

WHOLE_COPY = "fetch a whole copy with `mnist-repro data fetch`, or name another folder with --data"

# Small enough that a header with a wrong size costs nothing, large enough for speed.
_CHUNK = 1 << 18


class Readable(Protocol):
    """What is read from: a file, or one inside a gzip or zip."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes, none at the end."""


@dataclass(frozen=True)
class Expected:
    """What somebody wants to read, for messages.

    Args:
        kind: such as ``an HDF5 file``.
        rather: what to do where something else lies there.
        otherwise: what to do where it cannot be read, besides looking at its name and permissions.
    """

    kind: str
    rather: str
    otherwise: str


DATA = Expected("a regular file", WHOLE_COPY, "name another place with --data")


def open_regular(path: Path, expected: Expected = DATA) -> IO[bytes]:
    """Open ``path`` for reading; a pipe or device is refused at once instead of waited for.

    Raises:
        BadInput: not there, not a regular file, or not readable by this user.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            return path.open("rb")
    except OSError as error:
        raise unreadable(path, error, expected) from error
    found = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
    raise BadInput(f"cannot read {path}: it is {found}", f"{expected.kind} is expected", expected.rather)


def unreadable(path: Path, error: OSError, expected: Expected = DATA) -> BadInput:
    """The message for what the operating system refuses."""
    return BadInput(
        f"cannot read {path}: {error.strerror or error}",
        f"{expected.kind} that is there, and readable by the user who runs this, is expected",
        f"check its name and permissions (ls -l {path}), or {expected.otherwise}",
    )


def read_promised(stream: Readable, promised: int) -> bytearray:
    """Read until the end or until one byte more than ``promised``, so that the length tells which it was.

    Memory grows with what is really there, not with what a header promises.
    """
    content = bytearray()
    while len(content) <= promised:
        piece = stream.read(min(_CHUNK, promised + 1 - len(content)))
        if not piece:
            break
        content += piece
    return content


def check_promised(content: bytearray, promised: int, path: str) -> None:
    """Refuse content that is shorter or longer than its header promised.

    Args:
        content: from `read_promised`.
        promised: bytes after the header.
        path: the file, and where in it.

    Raises:
        BadInput: truncated, or with bytes after the end.
    """
    expected = f"its header promises {promised:,} bytes after itself"
    if len(content) < promised:
        raise BadInput(f"{path} is truncated: {len(content):,} bytes of data", expected, WHOLE_COPY)
    if len(content) > promised:
        raise BadInput(f"{path} has bytes after its end", expected, WHOLE_COPY)
