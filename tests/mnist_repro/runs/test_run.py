"""A run gives its score after some epochs or steps."""

from __future__ import annotations

from tests.builders import made_up


def test_a_score_is_found_by_what_was_done_before_it() -> None:
    first, last = made_up.score(3, 0.125, 0.96), made_up.score(10, 0.03125, 0.99)
    run = made_up.run("vgg7", 0, first, last)

    assert (first, last, None) == (run.score_after(3), run.score_after(10), run.score_after(5))
