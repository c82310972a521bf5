"""The summaries of pjstat."""

from __future__ import annotations

from pjm.emulator.listing.selection import Question
from pjm.emulator.listing.summary import limits, resources, summary
from pjm.emulator.machine.context import Context


def test_how_many_jobs_and_sub_jobs_are_in_each_state(context: Context) -> None:
    assert [
        "  ACCEPT QUEUED RUNING RUNOUT   HOLD  ERROR REJECT   EXIT CANCEL  TOTAL",
        "       0      3      1      0      0      0      0      0      0      4",
        "s      0      4      0      0      0      0      0      0      0      4",
    ] == summary(context, Question())


def test_limits_of_the_user_of_the_group_and_of_all(context: Context) -> None:
    lines = limits(context, False)

    assert ["System Resource Information:", "RSCUNIT: rscunit_ft01", "USER: somebody"] == lines[:3]
    assert " LIMIT-NAME                    LIMIT  ALLOC" == lines[3]
    assert " ru-accept                 unlimited      4" == lines[4]
    group = lines.index("GROUP: hp000000")
    assert " ru-accept                      1000      4" == lines[group + 2]
    assert " ru-accept-bulksubjob           2000      3" == lines[group + 4]
    assert " ru-use-node               unlimited      1" == lines[group + 8]
    assert ["ALL:", " ru-accept                 unlimited      5"] == lines[group + 14 : group + 17 : 2]


def test_limits_of_a_resource_group_have_other_names(context: Context) -> None:
    lines = limits(context, True)

    assert ("RSCGRP: small", " rg-accept                 unlimited      4") == (lines[2], lines[5])


def test_resource_groups_with_their_state(context: Context) -> None:
    lines = [line.split() for line in resources(context)]

    assert ["rscunit_ft01", "middle", "DISABLE,STOP"] in lines
    assert ["rscunit_ft01", "small", "ENABLE,START"] in lines
