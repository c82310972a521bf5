"""Ctrl-C and SIGTERM, kept away from what must not be torn apart."""

from __future__ import annotations

import contextlib
import signal
import threading
from types import FrameType
from typing import Any, Dict, Iterator, Optional


class Interrupts:
    """Raises KeyboardInterrupt for SIGINT and SIGTERM, after the end of what is being held together.

    A second signal does not wait.
    """

    def __init__(self) -> None:
        self._holding = False
        self._pending = False

    @contextlib.contextmanager
    def raised(self) -> Iterator[None]:
        """While this lasts, both signals raise; outside of the main thread nothing is changed."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before: Dict[int, Any] = {
            number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """While this lasts, a first signal waits."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: Optional[FrameType]) -> None:
        if self._holding and not self._pending:
            self._pending = True
            return
        self._pending = False
        raise KeyboardInterrupt(signal.Signals(number).name)
