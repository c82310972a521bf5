"""Ctrl-C and SIGTERM, kept away from what must not be torn apart."""

from __future__ import annotations

import contextlib
import signal
import threading
from types import FrameType
from typing import Any, Callable, ContextManager, Dict, Iterator, Optional

# Takes what to say when a signal has to wait; "" for nothing.
Hold = Callable[[str], ContextManager[object]]


class Interrupts:
    """Raises KeyboardInterrupt for SIGINT and SIGTERM, after the end of what is being held together.

    A second signal does not wait.

    Args:
        say: called, within the signal's handler, with what `held` was given.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said = ""
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
    def held(self, said: str = "") -> Iterator[None]:
        """While this lasts, a first signal waits; `said`, if it is not "", tells its sender why."""
        self._holding, self._said = True, said
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
            if self._said:
                self._say(self._said)
            return
        self._pending = False
        raise KeyboardInterrupt(signal.Signals(number).name)
