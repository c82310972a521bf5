"""Holds Ctrl-C and SIGTERM back while a step that must not be interrupted is running."""

from __future__ import annotations

import contextlib
import signal
import threading
from types import FrameType
from typing import Any, Callable, ContextManager, Dict, Iterator, Optional

# Called with the text to show when a signal has to wait; "" shows nothing.
Hold = Callable[[str], ContextManager[object]]


class Interrupts:
    """Raises KeyboardInterrupt for SIGINT and SIGTERM, but only after the end of a `held` block.

    A second signal does not wait.

    Args:
        say: called in the signal's handler with the text that `held` was given.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._reason = ""
        self._holding = False
        self._pending = False

    @contextlib.contextmanager
    def raised(self) -> Iterator[None]:
        """Inside this block both signals raise KeyboardInterrupt. Outside the main thread nothing changes."""
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
    def held(self, reason: str = "") -> Iterator[None]:
        """Inside this block a first signal waits; a `reason` that is not "" is then shown to the user."""
        self._holding, self._reason = True, reason
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
            if self._reason:
                self._say(self._reason)
            return
        self._pending = False
        raise KeyboardInterrupt(signal.Signals(number).name)
