"""The pace of file operations: how many are allowed at once, and when more are."""

from __future__ import annotations

from dataclasses import dataclass

from pjm.sessions.pace import RATE, Pace


@dataclass
class Hand:
    """A clock that the test moves."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_was_saved_up_may_be_spent_at_once_and_comes_back_with_time() -> None:
    clock = Hand()
    pace = Pace(10.0, clock)
    pace.spend(5)
    assert (False, 0.5) == (pace.allows(), pace.pause)

    clock.now += 0.25
    assert (True, False) == (pace.allows(2.5), pace.allows(3))
    clock.now += 100

    assert (True, 0.0) == (pace.allows(5), pace.pause)
    pace.spend(5)
    assert not pace.allows()


def test_what_takes_more_than_can_be_saved_up_waits_for_all_of_that_and_then_delays_the_rest() -> None:
    clock = Hand()
    pace = Pace(10.0, clock)
    assert pace.allows(1000)

    pace.spend(25)

    assert 2.5 == pace.pause
    clock.now += 2.0
    assert not pace.allows()
    clock.now += 0.5
    assert pace.allows(1000)


def test_in_no_second_are_there_more_than_fifty() -> None:
    clock, moments = Hand(), []
    pace = Pace(RATE, clock)
    for _ in range(1000):
        operations = 23 if pace.allows(23) else 3 if pace.allows() else 0
        pace.spend(operations)
        moments.append((clock.now, operations))
        clock.now += 0.1

    assert 30 <= max(sum(each for then, each in moments if now <= then < now + 1) for now, _ in moments) <= 50
