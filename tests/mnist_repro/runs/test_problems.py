"""Input that is left out is remembered, each problem once."""

from __future__ import annotations

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.runs.problems import Problems


def test_problems_are_kept_in_order_and_each_once() -> None:
    problems = Problems()
    for what in ("b", "a", "b"):
        with problems.leaving_out():
            raise BadInput(what, "why", "fix")
    with problems.leaving_out():
        pass
    problems.add(BadInput("a", "another why", "fix"))

    assert [
        {"what": "b", "why": "why", "fix": "fix"},
        {"what": "a", "why": "why", "fix": "fix"},
        {"what": "a", "why": "another why", "fix": "fix"},
    ] == problems.fields()


def test_a_mistake_of_ours_is_no_problem_of_the_input() -> None:
    problems = Problems()
    with pytest.raises(ZeroDivisionError), problems.leaving_out():
        raise ZeroDivisionError

    assert [] == problems.fields()
