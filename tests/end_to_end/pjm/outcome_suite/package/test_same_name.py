"""In a package."""

from __future__ import annotations

from typing import List


def test_passes(packaged: List[str], whole: List[str]) -> None:
    packaged.append("first")


def test_shares_the_package(packaged: List[str]) -> None:
    assert ["first"] == packaged


class TestDeep:
    class TestDeeper:
        def test_deepest(self) -> None:
            raise AssertionError("deep")
