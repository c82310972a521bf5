"""What a page shows and what a command prints: alike but for what no two runs have alike."""

from __future__ import annotations

import pytest

from tests.docs.comparing import difference


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("1 passed in 0.12s\n", "1 passed in 3.4s\n"),
        ("===== 2 passed in 70.1s (0:01:10) =====", "=== 2 passed in 0.1s ==="),
        ("first\n…\nlast\n", "first\nlast\n"),
        ("first\n…\nlast\n", "first\nother\nlines\nlast\n"),
        ("first\n  …\nlast\n", "first\n  other\n  lines\nlast\n"),
        ("data: from …, whole", "data: from /some/where, whole"),
        ("a   b", "a b"),
        ("back to 20260102-030405-0a1b", "back to 20271112-131415-ffff"),
    ],
)
def test_what_differs_from_run_to_run_is_no_difference(expected: str, actual: str) -> None:
    assert "" == difference(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("loss 0.2697", "loss 0.2698"),
        ("1 passed in 0.1s", "1 failed in 0.1s"),
        ("first\nlast", "first\nother\nlast"),
        ("first", "first\nmore"),
        ("", "something"),
        ("something", ""),
    ],
)
def test_everything_else_is(expected: str, actual: str) -> None:
    assert "" != difference(expected, actual)
