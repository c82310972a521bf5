"""However often something was tried, there is a time to the next try."""

from __future__ import annotations

import pytest

from pjm.follow.submit import doubled


@pytest.mark.parametrize(("tries", "expected"), [(0, 10.0), (1, 20.0), (2, 40.0), (3, 60.0), (1024, 60.0)])
def test_it_doubles_up_to_the_longest(tries: int, expected: float) -> None:
    assert expected == doubled(10.0, tries, 60.0)


def test_without_a_longest_it_ends_to_grow() -> None:
    assert doubled(30.0, 10) == doubled(30.0, 5000)
