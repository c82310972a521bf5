"""Shows how far a download is: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import contextlib
import sys
from typing import Callable, Iterator


class TooMuchError(Exception):
    """More bytes than the file can have."""


class Meter:
    """What pooch tells of a download's progress, in bytes.

    Args:
        most: bytes after which the download is given up, because no honest answer is that long.
        show: called with the bytes so far and the bytes announced (0 where the server does not say).
    """

    def __init__(self, most: int, show: Callable[[int, int], None]) -> None:
        self.total = 0
        self._most = most
        self._show = show
        self._received = 0

    def update(self, count: int) -> None:
        """``count`` more bytes, rounded up to whole chunks by pooch."""
        self._received += count
        if self._received > self._most:
            raise TooMuchError
        self._show(self._received, self.total)

    def reset(self) -> None:
        """Called by pooch before it reports the exact total at the end."""
        self._received = 0

    def close(self) -> None:
        """Called by pooch at the end; `shown` tidies up, because pooch does not call this after an error."""


@contextlib.contextmanager
def shown(title: str, most: int) -> Iterator[Meter]:
    """A meter that draws a bar on standard error while the block runs, if that is a terminal."""
    if not sys.stderr.isatty():
        yield Meter(most, lambda received, total: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn(title), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        # Where the server does not say the size, what has come counts as all: rich 12 knows no unknown total.
        task = progress.add_task(title, total=0)
        yield Meter(most, lambda received, total: progress.update(task, completed=received, total=total or received))
