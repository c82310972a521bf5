"""A download shows a bar on a terminal, and stops where the file cannot be longer."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from typing import List, Tuple

import pytest

from mnist_repro.data.progress import Meter, TooMuchError, shown


def test_a_terminal_sees_a_bar() -> None:
    program = (
        "from mnist_repro.data.progress import shown\n"
        "with shown('downloading MNIST', 99) as meter:\n"
        "    meter.total = 50; meter.update(25); meter.reset(); meter.update(50); meter.close()\n"
    )
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    subprocess.run([sys.executable, "-c", program], stderr=theirs, check=True, env=environment)
    os.close(theirs)
    seen = b""
    # Linux reports the closed other end as an error.
    with os.fdopen(ours, "rb", buffering=0) as terminal, contextlib.suppress(OSError):
        while True:
            seen += terminal.read(1000)

    assert b"downloading MNIST" in seen
    assert b"50/50 bytes" in seen


def test_without_a_terminal_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with shown("downloading MNIST", 99) as meter:
        meter.update(50)

    assert ("", "") == capsys.readouterr()


def test_more_than_the_file_can_have_stops_the_download() -> None:
    seen: List[Tuple[int, int]] = []
    meter = Meter(50, lambda received, total: seen.append((received, total)))
    meter.total = 40
    meter.update(20)
    meter.update(30)
    # Pooch counts whole chunks, and the exact number in the end.
    meter.reset()
    meter.update(40)

    assert [(20, 40), (50, 40), (40, 40)] == seen
    with pytest.raises(TooMuchError):
        meter.update(11)
