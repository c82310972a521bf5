"""Opens and reads untrusted files: only regular files, and never more bytes than their header promises."""

from __future__ import annotations

import shlex
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from mnist_repro.errors import BadInput

WHOLE_COPY = (
    "fetch a whole copy with `mnist-repro data fetch`, and leave out --data and MNIST_REPRO_DATA; "
    "or name another folder with --data"
)

# Bytes per read: small, so that a header with a wrong size wastes little memory, and large enough for speed.
_CHUNK = 1 << 18


class Readable(Protocol):
    """A file that can be read, or a file inside a gzip or zip."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes; none at the end of the file."""


@dataclass(frozen=True)
class Expected:
    """The kind of file that a caller expects, and advice for messages.

    Args:
        kind: such as ``an HDF5 file``.
        rather: what the user should do if the path is something else.
        otherwise: what the user can do if the file cannot be read, apart from a check of name and permissions.
    """

    kind: str
    rather: str
    otherwise: str


DATA = Expected("a regular file", WHOLE_COPY, "name another place with --data")


def open_regular(path: Path, expected: Expected = DATA) -> IO[bytes]:
    """Open ``path`` for reading; a pipe or device is refused at once instead of waited for.

    Raises:
        BadInput: the path does not exist, is not a regular file, or is not readable by this user.
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
    """The message for a file that the operating system refuses to open or read."""
    return BadInput(
        f"cannot read {path}: {error.strerror or error}",
        f"{expected.kind} that is there, and readable by the user who runs this, is expected",
        f"check its name and permissions (ls -l {shlex.quote(str(path))}), or {expected.otherwise}",
    )


def read_promised(stream: Readable, promised: int) -> bytearray:
    """Read at most one byte more than ``promised``, so that the length shows whether the file is longer.

    The memory used grows with the real content and not with the size in a header.
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
        path: the file, and the part of it if it has several.

    Raises:
        BadInput: the content is truncated, or has bytes after its end.
    """
    expected = f"its header promises {promised:,} bytes after itself"
    if len(content) < promised:
        raise BadInput(f"{path} is truncated: {len(content):,} bytes of data", expected, WHOLE_COPY)
    if len(content) > promised:
        raise BadInput(f"{path} has bytes after its end", expected, WHOLE_COPY)
