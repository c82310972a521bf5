"""A dry run: its lines say what would be submitted, and its scripts are in the session folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import List, Optional

import pytest

from pjm.plan.dry_run import dry_run, printable
from pjm.plan.packing import Site
from tests.builders.following import A, B, C, Following, settings_of, tasks


def lines(made: Following, budget: Optional[float] = None) -> List[str]:
    """The lines without those of the scripts."""
    written = dry_run(made.session, made.watch.plan_unassigned(), made.place, made.scheduler, budget)
    return [line for line in written if not line.startswith("    |")]


def folder(made: Following) -> Path:
    return made.session.job_folder(f"pytest-{made.session.identity}-0-0")


def test_a_job_is_shown_with_its_tests_and_its_script(one: Following) -> None:
    name = folder(one).name
    assert [
        f"{name}: job, 2 tests, 1 node, elapse 00:30:00, 0.50 node-hours",
        "  runs (2 of 2 tests not timed yet):",
        f"    {A}",
        f"    {B}",
        f"  {folder(one) / 'script-0.sh'}:",
        "dry run: 1 job, 2 tests, 0.50 node-hours at most; nothing was submitted",
    ] == lines(one)
    assert [] == one.scheduler.submissions
    assert f"#MADE-UP {name} 1 0 None" in (folder(one) / "script-0.sh").read_text()


def test_steps_name_those_before_them_and_tests_that_were_timed_their_time(tmp_path: Path) -> None:
    timed = [replace(task, seconds=90.0) for task in tasks(2, b=(A,))]
    chain = Following(tmp_path, timed, settings_of(tmp_path))

    shown = lines(chain)

    assert shown[0].endswith(": step job, 2 tests, 1 node, elapse 00:30:00, 1.00 node-hours")
    assert ["  step 0 (about 00:01:30):", "  step 1 (about 00:01:30, after 0):"] == [shown[1], shown[3]]


def test_sub_jobs_are_numbered_and_a_budget_that_is_too_small_is_said(tmp_path: Path) -> None:
    bulk = Following(tmp_path, tasks(3), replace(settings_of(tmp_path), site=Site(tests_per_job=1)))

    shown = lines(bulk, budget=1.0)

    assert ["  sub job 0", "  sub job 1", "  sub job 2"] == [
        line.split(" (")[0] for line in shown if "sub job " in line
    ]
    assert [f"    {test}" for test in (A, B, C)] == [line for line in shown if line.startswith("    ")]
    assert "1.50 node-hours at most, more than --fugaku-budget 1 allows; nothing was submitted" in shown[-1]


@pytest.mark.parametrize(("text", "expected"), [("富岳", "富岳"), ("caf\udce9", "caf\\udce9"), (Path("a"), "a")])
def test_any_text_can_be_printed(text: object, expected: str) -> None:
    assert expected == printable(text)
