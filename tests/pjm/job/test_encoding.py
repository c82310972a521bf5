"""Values that JSON has no words for come back as they were, or shown as they were."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjm.job.events import VALUE_KIND, decode, encode

HASHABLE = st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.tuples(st.integers(), st.text())
VALUES = st.recursive(
    HASHABLE | st.floats(allow_nan=False) | st.sets(HASHABLE) | st.frozensets(HASHABLE),
    lambda inner: st.lists(inner) | st.dictionaries(HASHABLE, inner) | st.lists(inner).map(tuple),
    max_leaves=10,
)


def sent(value: object) -> Any:
    return json.loads(json.dumps(encode(value)), object_hook=decode)


class Silent:
    def __repr__(self) -> str:
        raise ValueError("no")


@given(VALUES)
def test_a_value_comes_back_with_its_type(value: object) -> None:
    assert repr(value) == repr(sent(value)) or value == sent(value)


@given(st.dictionaries(st.sampled_from([VALUE_KIND, "a"]), st.sampled_from(["tuple", "x"])))
def test_a_dictionary_that_looks_like_a_code_is_a_dictionary(value: object) -> None:
    assert value == sent(value)


@pytest.mark.parametrize(
    ("value", "text", "representation"),
    [
        (Decimal("1.50"), "1.50", "Decimal('1.50')"),
        (Path("a", "b"), "a/b", "'a/b'"),
        (Silent(), *["<Silent that cannot be shown: ValueError>"] * 2),
    ],
    ids=["a number", "a path", "an object that fails"],
)
def test_any_other_value_looks_as_it_did(value: object, text: str, representation: str) -> None:
    found = sent(value)

    assert (text, representation) == (str(found), repr(found))


@pytest.mark.parametrize("kind", ["later", 1, ["tuple"]], ids=str)
def test_a_kind_of_a_later_version_is_refused(kind: object) -> None:
    with pytest.raises(ValueError, match="is no kind of value that this version of pjm knows"):
        decode({VALUE_KIND: kind})
