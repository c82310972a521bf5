"""What a test has printed and pytest has not reported yet: kept where it outlives the process, and the whole job."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, Iterator, Tuple

STREAMS = ("stdout", "stderr")
_LINES = 1000  # of each stream: what is shown of a test that never ends must end somewhere


def keep(folder: Path) -> None:
    """Have pytest, in this process, capture into files of this folder instead of nameless ones.

    pytest empties them whenever it reports a phase, so that what is left in them is of the phase that was running.
    """
    from _pytest import capture

    nameless = capture.TemporaryFile  # type: ignore[attr-defined]
    # The first two that pytest opens are the process's own; later ones belong to fixtures such as capfd.
    streams = iter(STREAMS)

    def temporary_file(*arguments: Any, **options: Any) -> Any:
        stream = next(streams, None)
        if stream is not None:
            with contextlib.suppress(OSError):
                flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
                return os.fdopen(os.open(str(_file(folder, stream)), flags, 0o600), "wb+", buffering=0)
        return nameless(*arguments, **options)

    capture.TemporaryFile = temporary_file  # type: ignore[attr-defined]


def kept(folder: Path, phase: str) -> Tuple[Tuple[str, str], ...]:
    """Title, as pytest has it, and text of what was captured of the phase that was running; nothing where it is empty.

    Args:
        folder: of the share.
        phase: setup, call or teardown.
    """
    return tuple((f"Captured {stream} {phase}", text) for stream, text in _texts(folder))


def forget(folder: Path) -> None:
    """Remove the files."""
    for stream in STREAMS:
        with contextlib.suppress(OSError):
            _file(folder, stream).unlink()


def last_lines(path: Path, lines: int) -> str:
    """The end of a text file; "" if there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - 64 * 1024))
            data = file.read()
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
