"""What a resource group allows is read from pjacl's listing."""

from __future__ import annotations

import pytest

from pjm.pjacl import Bounds, bounds, limit
from pjm.request import LONGEST_ELAPSE, Limit

LISTING = """\
# JOBACL information
pjsub option parameters
    (-L/--rsc-list)      lower       upper       default
        (elapse=)        00:01:00    24:00:00    00:01:00
        (node=)          385         12288       385
        (proc-core=)     -           unlimited   0
"""


def test_every_bound_is_read_and_the_heading_is_none() -> None:
    expected = {
        "elapse=": Bounds("00:01:00", "24:00:00", "00:01:00"),
        "node=": Bounds("385", "12288", "385"),
        "proc-core=": Bounds("-", "unlimited", "0"),
    }
    assert expected == bounds(LISTING)


def test_nodes_and_elapse_are_the_limit() -> None:
    assert Limit(385, 12288, 86400) == limit(LISTING)


def test_what_is_unlimited_is_as_much_as_can_be_counted() -> None:
    text = LISTING.replace("24:00:00", "unlimited").replace("12288", "unlimited")

    assert Limit(385, 10**9, LONGEST_ELAPSE) == limit(text)


@pytest.mark.parametrize("text", ["", "# JOBACL information\n", LISTING.replace("node=", "other")])
def test_a_listing_that_does_not_say_is_no_limit(text: str) -> None:
    assert None is limit(text)
