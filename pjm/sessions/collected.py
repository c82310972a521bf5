"""A copy of all events that a client has read, in one file: a later reader need not open the file of each share."""

from __future__ import annotations

import collections
import contextlib
import errno
import json
import os
import zlib
from pathlib import Path
from typing import BinaryIO, Iterable, Iterator, Mapping, NamedTuple, Optional, Protocol, Sequence, Tuple, TypeVar

from pjm.files import append_whole
from pjm.job.events import Tail
from pjm.job.share_events import Reading

COLLECTED = "events.copy"
_CHUNK = 32 << 20  # bytes of the copy that are read at once


class HasEvents(Protocol):
    """A share with a file of events."""

    @property
    def tail(self) -> Tail:
        """Reads the file."""
        ...

    @property
    def reading(self) -> Reading:
        """What its events say."""
        ...


S = TypeVar("S", bound=HasEvents)


class Piece(NamedTuple):
    """Lines of one share's file of events.

    Attributes:
        job: name of the job.
        part: number of the share.
        offset: where in the file they begin.
        lines: whole lines.
    """

    job: str
    part: int
    offset: int
    lines: bytes


class Collected:
    """The copy in a session's folder. It may lack what was read last: each piece says where it continues a file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / COLLECTED
        self._file = -1
        self._whole = -1  # bytes of the pieces that were read

    def add(self, pieces: Iterable[Piece]) -> None:
        """Append pieces. What is left of an earlier client's unfinished piece is removed first.

        Raises:
            OSError: the pieces could not be written; the copy is unchanged.
        """
        if self._file < 0:
            if self._whole < 0:
                collections.deque(self.pieces(), maxlen=0)
            if self._whole < 0:
                raise OSError(errno.EIO, "it cannot be read", str(self._path))
            self._file = os.open(str(self._path), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            os.ftruncate(self._file, self._whole)
        append_whole(self._file, b"".join(_heading(piece) + piece.lines for piece in pieces))

    def pieces(self) -> Iterator[Piece]:
        """All pieces in order, up to one that is not whole; none if there is no copy, or if it cannot be read."""
        whole, self._whole = 0, -1  # unknown until the end: who stops before it must not cut off the rest
        with contextlib.suppress(OSError):
            with contextlib.suppress(FileNotFoundError), self._path.open("rb", buffering=_CHUNK) as file:
                size = os.fstat(file.fileno()).st_size
                for piece in iter(lambda: _read(file, size), None):
                    whole = file.tell()
                    yield piece
            self._whole = whole

    def lines(self, jobs: Mapping[str, Sequence[S]]) -> Iterator[Tuple[S, bytes]]:
        """The shares of jobs, and the lines that continue what has been taken of each: take them before the next."""
        for piece in self.pieces():
            shares = jobs.get(piece.job, ())
            if piece.part < len(shares) and shares[piece.part].tail.offset == piece.offset:
                yield shares[piece.part], piece.lines

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


def _heading(piece: Piece) -> bytes:
    facts = [piece.job, piece.part, piece.offset, len(piece.lines), zlib.crc32(piece.lines)]
    return json.dumps(facts).encode("ascii") + b"\n"


def _read(file: BinaryIO, size: int) -> Optional[Piece]:
    heading = file.readline()
    try:
        job, part, offset, length, _ = json.loads(heading.decode("ascii"))
    except (ValueError, TypeError, RecursionError):
        return None
    if not (isinstance(job, str) and all(type(each) is int and each >= 0 for each in (part, offset, length))):
        return None
    piece = Piece(job, part, offset, file.read(min(length, size)))
    return piece if heading == _heading(piece) else None  # length and check sum
