"""What plain pytest does not survive; not collected unless it is named."""

from __future__ import annotations

import os
import signal
import time
from typing import Iterator

import pytest


def test_before() -> None:
    pass


def test_killed_by_a_signal() -> None:
    print("last words")
    os.kill(os.getpid(), signal.SIGKILL)


def test_between() -> None:
    pass


def test_segmentation_fault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def test_leaves_at_once() -> None:
    os._exit(0)


def test_leaves_at_once_with_a_code() -> None:
    os._exit(7)


@pytest.fixture
def deadly() -> Iterator[None]:
    yield
    os._exit(1)


def test_dies_in_teardown(deadly: None) -> None:
    pass


@pytest.fixture
def deadly_before() -> None:
    os._exit(1)


def test_dies_in_setup(deadly_before: None) -> None:
    pass


def test_is_interrupted() -> None:
    raise KeyboardInterrupt


@pytest.mark.fugaku(elapse=4)
def test_takes_too_long() -> None:
    time.sleep(600)


def test_after() -> None:
    pass
