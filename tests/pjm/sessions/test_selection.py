"""A session is resumed with the tests with which it was begun."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional

import pytest

from pjm.errors import BadInput
from pjm.sessions.selection import check_selection, variables

FOLDER = Path("project", ".pjm", "1")


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.delenv(name)


@pytest.mark.parametrize("before", [["a", "b"], ["b", "a"]])
def test_the_same_tests_in_any_order_are_accepted(before: List[str]) -> None:
    check_selection({"tests": before}, ["a", "b"], FOLDER)


def test_a_session_without_its_tests_is_corrupt() -> None:
    with pytest.raises(BadInput, match=r"1/session\.json is corrupt\n +why: its tests are missing"):
        check_selection({}, ["a", "b"], FOLDER)


@pytest.mark.parametrize(
    ("before", "now", "what", "why"),
    [
        (["a", "b"], ["a"], "tests that are not", "b would be left out"),
        (["a", "b", "c"], ["c"], "tests that are not", "a and 1 more would be left out"),
        (["a"], ["a", "b"], "fewer tests than are", "b would be submitted as well"),
        (["a"], ["b"], "tests that are not", "a would be left out; b would be submitted as well"),
    ],
)
def test_each_difference_is_named(before: List[str], now: List[str], what: str, why: str) -> None:
    with pytest.raises(BadInput) as refusal:
        check_selection({"tests": before, "variables": {}}, now, FOLDER)

    assert f"session 1 has {what} selected now" == refusal.value.what
    assert why == refusal.value.why
    assert refusal.value.fix.startswith(
        "select what it was begun with, with no -k, -m or files: pytest --fugaku-resume=1"
    )


@pytest.mark.parametrize(
    ("before", "now", "why", "typed"),
    [
        ("-k a", None, "PYTEST_ADDOPTS was '-k a' and is not set", "PYTEST_ADDOPTS='-k a' pytest "),
        (None, "-k a", "PYTEST_ADDOPTS was not set and is '-k a'", "env -u PYTEST_ADDOPTS pytest "),
        ("-k b", "-k a", "PYTEST_ADDOPTS was '-k b' and is '-k a'", "PYTEST_ADDOPTS='-k b' pytest "),
    ],
)
def test_a_variable_that_may_select_tests_is_named_with_its_value_then(
    monkeypatch: pytest.MonkeyPatch, before: Optional[str], now: Optional[str], why: str, typed: str
) -> None:
    if now is not None:
        monkeypatch.setenv("PYTEST_ADDOPTS", now)
    facts = {"tests": ["a"], "variables": {} if before is None else {"PYTEST_ADDOPTS": before}}

    with pytest.raises(BadInput) as refusal:
        check_selection(facts, ["b"], FOLDER)

    assert refusal.value.why.endswith(f"; {why}")
    assert f": {typed}" in refusal.value.fix
