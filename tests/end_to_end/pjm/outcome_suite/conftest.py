"""Marks every test, and has fixtures of every scope."""

from __future__ import annotations

from typing import Iterator, List

import pytest


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    for item in items:
        if not item.get_closest_marker("here") and not item.get_closest_marker("fugaku"):
            item.add_marker(pytest.mark.fugaku(elapse=600))


@pytest.fixture(scope="session")
def whole() -> List[str]:
    return []


@pytest.fixture(scope="package")
def packaged() -> List[str]:
    return []


@pytest.fixture
def broken() -> None:
    raise RuntimeError("setup is broken")


@pytest.fixture
def breaking() -> Iterator[None]:
    print("before")
    yield
    print("after")
    raise RuntimeError("teardown is broken")
