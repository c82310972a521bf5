"""A message has three parts."""

from __future__ import annotations

from pjm.errors import BadInput


def test_a_message_says_what_happened_why_and_what_to_type() -> None:
    refusal = BadInput("x is -1", "it is at least 0", "say x = 1")

    assert "x is -1\n  why: it is at least 0\n  next: say x = 1" == str(refusal)
    assert ("x is -1", "it is at least 0", "say x = 1") == (refusal.what, refusal.why, refusal.fix)
