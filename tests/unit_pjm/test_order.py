"""`after=` is checked for what is missing and for circles, and makes chains."""

from __future__ import annotations

from typing import Dict, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjm.errors import BadInput
from pjm.order import chains, check, waited_for


def test_an_order_that_can_be_kept_is_fine_however_it_is_written() -> None:
    check({"c": ("a", "b", "a"), "a": (), "b": ("a",)})


def test_only_those_in_the_circle_or_behind_it_are_named() -> None:
    with pytest.raises(BadInput) as refusal:
        check({"free": (), "a": ("b",), "b": ("a", "free"), "behind": ("a",)})

    assert "these tests wait for one another: a, b, behind" == refusal.value.why


def test_what_a_test_waits_for_is_all_that_has_to_pass_before_in_the_order_given() -> None:
    after: Dict[str, Tuple[str, ...]] = {"d": ("c", "a"), "x": ("d",), "a": (), "b": (), "c": ("a",)}

    assert (["a", "c"], []) == (waited_for("d", after), waited_for("b", after))


def test_chains_keep_the_order_given() -> None:
    after: Dict[str, Tuple[str, ...]] = {"d": ("a",), "x": (), "a": (), "e": ("d",), "y": ("x",)}

    assert [["d", "a", "e"], ["x", "y"]] == chains(after)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_a_chain_holds_all_that_its_members_wait_for(edges: List[Tuple[int, int]]) -> None:
    after = {str(n): tuple(sorted({str(low) for high, low in edges if high == n})) for n in range(10)}
    found = chains(after)

    assert sorted(after) == sorted(name for chain in found for name in chain)
    for chain in found:
        assert all(set(after[name]) <= set(chain) for name in chain)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_what_waits_only_for_lower_numbers_is_never_a_circle(edges: List[Tuple[int, int]]) -> None:
    check({str(n): tuple({str(low) for high, low in edges if low < high == n}) for n in range(10)})
