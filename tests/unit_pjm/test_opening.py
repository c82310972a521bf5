"""What a session begins with."""

from __future__ import annotations

from typing import Optional

import pytest

from pjm.opening import history_days

NOW = 1_800_000_000.0


@pytest.mark.parametrize(("days", "expected"), [(0, None), (1.9, None), (2, 4), (10.5, 12), (400, 90)])
def test_an_old_session_has_the_history_looked_at_that_far_back(days: float, expected: Optional[int]) -> None:
    assert expected == history_days(NOW - days * 86400, NOW)


def test_a_session_that_does_not_say_when_it_began_is_taken_for_a_young_one() -> None:
    assert None is history_days(None, NOW)
