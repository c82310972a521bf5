"""The summaries of pjstat."""

from __future__ import annotations

import pytest

from pjm.emulator.listing.summary import limits, resources, summary
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.messages import Refusal


def test_how_many_jobs_and_sub_jobs_are_in_each_state(context: Context) -> None:
    assert [
        "  ACCEPT QUEUED RUNING RUNOUT   HOLD  ERROR REJECT   EXIT CANCEL  TOTAL",
        "       0      3      1      0      0      0      0      0      0      4",
        "s      0      4      0      0      0      0      0      0      0      4",
    ] == summary(context, [], {})


HEADING = "  LIMIT-NAME                           LIMIT         ALLOC"


def test_limits_of_the_user_of_the_group_and_of_all(context: Context) -> None:
    lines = limits(context, {})

    assert [" System Resource Information:", " RSCUNIT: rscunit_ft01", " USER: somebody", HEADING] == lines[:4]
    # LIMIT ends at column 44 and ALLOC at 58, as recorded on Fugaku in 2026.
    assert (44, 58) == (HEADING.index(" LIMIT ") + len(" LIMIT"), len(HEADING))
    assert "  ru-accept                        unlimited             4" == lines[4]
    group = lines.index(" GROUP: hp000000")
    assert "  ru-accept                             1000             4" == lines[group + 2]
    assert "  ru-accept-bulksubjob                  2000             3" == lines[group + 4]
    assert "  ru-use-node                      unlimited             1" == lines[group + 8]
    assert [" ALL:", "  ru-accept                        unlimited             5"] == lines[group + 14 : group + 17 : 2]
    assert {58} == {len(line) for line in lines if line.startswith("  ")}


def test_limits_of_another_user_and_group(context: Context) -> None:
    lines = limits(context, {"user": "else", "group": "hp000001"})

    user, group = lines.index(" USER: else"), lines.index(" GROUP: hp000001")
    used = "  ru-accept                        unlimited             1"
    assert (used, "  ru-accept                             1000             1") == (lines[user + 2], lines[group + 2])
    assert " GROUP: nobody-knows" in limits(context, {"group": "nobody-knows"})
    assert " USER: root" in limits(context, {"user": "0"})
    assert " GROUP: 4294967290" in limits(context, {"group": "4294967290"})


def test_limits_of_a_resource_group_have_other_names_and_its_own_jobs(context: Context) -> None:
    lines = limits(context, {"rscgrp": "small"})

    # The blank before the colon: End-user's Guide, page 67.
    assert (" RSCGRP : small", "  rg-accept                        unlimited             4") == (lines[2], lines[5])
    assert "  rg-accept                        unlimited             0" == limits(context, {"rscgrp": "large"})[5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rscunit": "x"}, "0297 pjstat Resource unit does not exist: x."),
        ({"rscgrp": "x"}, "0298 pjstat Resource group does not exist: x."),
    ],
)
def test_limits_of_what_there_is_not(context: Context, options: dict[str, str], message: str) -> None:
    with pytest.raises(Refusal) as refused:
        limits(context, options)

    assert (f"[ERR.] PJM {message}",) == refused.value.lines("pjstat")


def test_the_resource_groups_are_a_header_alone() -> None:
    line = "RSCUNIT                          RSCUNIT_SIZE RSCGRP                           RSCGRP_SIZE"

    assert [[line], [f"{line} MAX_SIZE   "]] == [resources(False), resources(True)]
