"""Elapse limits are read as PJM reads them, and written as it writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjm.elapse import elapse_seconds, elapse_text

WHERE = "tests/test_a.py:12"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:30:00", 1800),
        ("0:10:0", 600),
        ("60:00", 3600),
        ("86400", 86400),
        ("1:00:00", 3600),
        ("100:00:00", 360000),
        ("1h2m3s", 3723),
        ("90M", 5400),
        ("2h", 7200),
        (5, 5),
    ],
)
def test_an_elapse_limit_is_read_as_pjm_reads_it(text: object, seconds: int) -> None:
    assert seconds == elapse_seconds(text, WHERE)


@given(st.integers(1, 2147483647))
def test_seconds_written_out_are_read_back(seconds: int) -> None:
    assert seconds == elapse_seconds(elapse_text(seconds), WHERE)


def test_fractions_of_a_second_are_rounded_up() -> None:
    assert "00:00:02" == elapse_text(1.2)
