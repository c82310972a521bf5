"""Ctrl-C waits for what must not be torn apart, says so, and waits only once."""

from __future__ import annotations

import os
import signal
from typing import List

import pytest

from pjm.follow.interrupts import Interrupts


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def press_within(interrupts: Interrupts, said: List[str], times: int, why: str = "wait for it") -> None:
    with interrupts.held(why):
        for _ in range(times):
            press()
        said.append("it ended")


def test_a_first_signal_waits_for_the_end_of_what_is_held_and_says_why() -> None:
    said: List[str] = []
    interrupts = Interrupts(said.append)

    with interrupts.raised(), pytest.raises(KeyboardInterrupt):
        press_within(interrupts, said, 1)

    assert ["wait for it", "it ended"] == said


def test_a_second_signal_does_not_wait() -> None:
    said: List[str] = []
    interrupts = Interrupts(said.append)

    with interrupts.raised(), pytest.raises(KeyboardInterrupt):
        press_within(interrupts, said, 2)

    assert ["wait for it"] == said


def test_what_takes_no_time_says_nothing() -> None:
    said: List[str] = []
    interrupts = Interrupts(said.append)

    with interrupts.raised(), pytest.raises(KeyboardInterrupt):
        press_within(interrupts, said, 1, "")

    assert ["it ended"] == said
