"""Sizes, and the tables of resources."""

from __future__ import annotations

from typing import Optional

import pytest

from pjm.emulator.machine.resources import CUSTOM, NUMERIC, PROCESS_LIMITS, size


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("5", False, 5 * 1024**2),
        ("5Ki", False, 5 * 1024),
        ("87Gi", False, 87 * 1024**3),
        ("1Pi", False, 1024**5),
        ("5", True, 5_000_000),
        ("5G", True, 5_000_000_000),
        ("5G", False, None),
        ("5Gi", True, None),
        ("", False, None),
        ("-1", False, None),
        ("5 Mi", False, None),
        ("５", False, None),
        ("1" * 11, False, None),
    ],
)
def test_sizes(text: str, decimal: bool, expected: Optional[int]) -> None:
    assert expected == size(text, decimal)


def test_numbers_are_custom_resources_of_any_value() -> None:
    assert {()} == {CUSTOM[name] for name in NUMERIC}


def test_a_limit_and_an_item_stand_once() -> None:
    assert 11 == len({limit.name for limit in PROCESS_LIMITS}) == len({limit.item for limit in PROCESS_LIMITS})
