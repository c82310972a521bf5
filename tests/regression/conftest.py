"""With --fugaku, the comparisons run as batch jobs."""

from __future__ import annotations

from typing import List

import pytest


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    for item in items:
        if "baseline" in getattr(item, "fixturenames", ()):
            # The longest are three seeds of a CNN at full scale, side by side on one node.
            item.add_marker(pytest.mark.fugaku(elapse="06:00:00"))
