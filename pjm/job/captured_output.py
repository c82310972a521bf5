"""Keeps captured output in files, so that it survives a test that kills its process."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, Iterator, Tuple

STREAMS = ("stdout", "stderr")
_LINES = 1000  # the most lines to show of each stream: a test that never ends may print without end
OUTPUT = "output.txt"  # of a rank other than the first: what it prints outside its tests
UNENDED = "unended.txt"  # where threads were when a Python that did not end was given up
_LAST = 64 * 1024  # bytes that are looked at for the last lines


def keep(folder: Path) -> None:
    """Make pytest, in this process, capture output into files of this folder instead of nameless files.

    pytest empties the files whenever it reports a phase, so they always hold the output of the running phase only.
    """
    from _pytest import capture

    nameless = capture.TemporaryFile  # type: ignore[attr-defined]
    # The first two files that pytest opens are for the process itself; later ones belong to fixtures such as capfd.
    streams = iter(STREAMS)

    def temporary_file(*arguments: Any, **options: Any) -> Any:
        stream = next(streams, None)
        if stream is not None:
            with contextlib.suppress(OSError):
                flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
                return os.fdopen(os.open(str(_file(folder, stream)), flags, 0o600), "wb+", buffering=0)
        return nameless(*arguments, **options)

    capture.TemporaryFile = temporary_file  # type: ignore[attr-defined]


def of_rank(folder: Path, rank: int, phase: str) -> Iterator[Tuple[str, str]]:
    """What a rank had captured in a phase, as `kept`, and what it printed itself, such as where its threads were."""
    own = last_lines(folder / OUTPUT, 30)
    for title, text in (*kept(folder, phase), *([("Output", own)] if own else [])):
        yield f"{title} (rank {rank})", text


def kept(folder: Path, phase: str) -> Tuple[Tuple[str, str], ...]:
    """The captured output of the phase that was running: pytest's title and the text of each stream that is not empty.

    Of a test with ranks, it is that of all ranks of the last start of mpiexec.

    Args:
        folder: the folder of the share.
        phase: setup, call or teardown.
    """
    for launch in sorted(folder.glob("ranks-*"))[-1:]:
        numbered = ((rank.name.rpartition("-")[2], rank) for rank in launch.glob("rank-*"))
        ranks = sorted((int(number), rank) for number, rank in numbered if number.isdecimal())
        return tuple(section for number, rank in ranks for section in of_rank(rank, number, phase))
    return tuple((f"Captured {stream} {phase}", text) for stream, text in _texts(folder))


def forget(folder: Path) -> None:
    """Remove the files of captured output."""
    for stream in STREAMS:
        with contextlib.suppress(OSError):
            _file(folder, stream).unlink()


def unended(folder: Path) -> str:
    """Where the threads of a process were that was given up, which is then forgotten; "" if it has ended by itself."""
    text = last_lines(folder / UNENDED, 100)
    with contextlib.suppress(OSError):
        (folder / UNENDED).unlink()
    return text


def last_lines(path: Path, lines: int) -> str:
    """The last lines of a text file; "" if the file cannot be read."""
    try:
        file = os.open(str(path), os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.pread(file, _LAST, max(0, os.fstat(file).st_size - _LAST))
        finally:
            os.close(file)
    except OSError:
        return ""
    return "\n".join(data.decode("utf-8", "replace").splitlines()[-lines:])


def _texts(folder: Path) -> Iterator[Tuple[str, str]]:
    for stream in STREAMS:
        text = last_lines(_file(folder, stream), _LINES)
        if text:
            yield stream, text


def _file(folder: Path, stream: str) -> Path:
    return folder / f"captured.{stream}"
