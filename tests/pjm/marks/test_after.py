"""`after=` makes an order and chains; what is in a circle is never ready."""

from __future__ import annotations

from typing import Dict, List, Tuple

from hypothesis import given
from hypothesis import strategies as st

from pjm.marks.after import chains, in_order, never_ready, waited_for


def test_a_test_is_moved_behind_what_it_waits_for_and_the_others_stay_as_they_were() -> None:
    after: Dict[str, Tuple[str, ...]] = {"c": ("a", "b", "a"), "x": (), "a": (), "b": ("a",), "y": ()}

    assert ["x", "a", "b", "c", "y"] == in_order(after)


def test_only_those_in_a_circle_or_behind_one_are_never_ready() -> None:
    after: Dict[str, Tuple[str, ...]] = {"free": (), "a": ("b",), "b": ("a", "free"), "behind": ("a",), "own": ("own",)}

    assert ["a", "b", "behind", "own"] == never_ready(after)


def test_a_test_that_waits_for_one_that_is_not_there_is_never_ready() -> None:
    assert ["a"] == never_ready({"a": ("gone",), "b": ()})


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
def test_every_test_comes_behind_all_that_it_waits_for(edges: List[Tuple[int, int]]) -> None:
    after = {
        str(n): tuple({str(low) for high, low in edges if low < high == n}) for n in (7, 2, 9, 0, 5, 1, 8, 3, 6, 4)
    }
    ordered = in_order(after)

    assert sorted(after) == sorted(ordered)
    assert all(ordered.index(name) < ordered.index(nodeid) for nodeid in after for name in after[nodeid])


@given(st.permutations("abcde"))
def test_an_order_that_keeps_to_it_already_stays(names: List[str]) -> None:
    assert names == in_order({name: names[:place] for place, name in enumerate(names)})
