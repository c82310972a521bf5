"""Shows the progress of a download as a bar on a terminal. Without a terminal, shows nothing."""

from __future__ import annotations

import contextlib
import sys
from typing import Callable, Iterator


class TooMuchError(Exception):
    """The server sends more bytes than the file can have."""


class Meter:
    """The object to which pooch reports a download's progress, in bytes.

    Args:
        most: number of bytes after which the download stops, because the real file is shorter.
        show: called with the bytes received and the bytes announced (0 if the server does not say).
    """

    def __init__(self, most: int, show: Callable[[int, int], None]) -> None:
        self.total = 0
        self._most = most
        self._show = show
        self._received = 0

    def update(self, count: int) -> None:
        """Count ``count`` more bytes; pooch rounds them up to whole chunks."""
        self._received += count
        if self._received > self._most:
            raise TooMuchError
        self._show(self._received, self.total)

    def reset(self) -> None:
        """Set the count to zero. Pooch calls this at the end, before it reports the exact total."""
        self._received = 0

    def close(self) -> None:
        """Do nothing. Pooch calls this at the end, but not after an error, so `shown` closes the bar."""


@contextlib.contextmanager
def shown(title: str, most: int) -> Iterator[Meter]:
    """A meter that draws a bar on standard error while the block runs, if standard error is a terminal."""
    if not sys.stderr.isatty():
        yield Meter(most, lambda received, total: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn(title), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        # If the server does not say the size, the bytes received count as the total: rich 12 needs a total.
        task = progress.add_task(title, total=0)
        yield Meter(most, lambda received, total: progress.update(task, completed=received, total=total or received))
