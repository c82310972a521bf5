"""The summary of a session: its state, and which of its tests have results."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, List

import pytest

from pjm.errors import BadInput
from pjm.plan.packing import Site
from pjm.sessions import index, summary
from pjm.sessions.session import JOURNAL
from pjm.sessions.summary import state_of, summarize
from tests.builders.following import MACHINE, REQUEST, A, B, Following, settings_of, tasks

PLANNED, TAKEN = {"event": "planned", "job": "x"}, {"event": "submitted", "job": "x"}
ASKED, NOT_TAKEN = {"event": "submitting", "job": "x"}, {"event": "not-taken", "job": "x"}
CANCELLED, DONE = {"event": "cancelled", "jobs": ["x"]}, {"event": "done"}
DELETING, DELETED = {"event": "deleting", "ids": ["1", "2"]}, {"event": "deleted", "ids": ["1"]}


@pytest.mark.parametrize(
    ("dry", "records", "expected"),
    [
        (True, [], "dry run"),
        (True, [PLANNED], "unfinished"),
        (False, [], "done"),
        (False, [PLANNED, TAKEN], "unfinished"),
        (False, [PLANNED, TAKEN, DONE], "done"),
        (False, [PLANNED, TAKEN, CANCELLED], "cancelled"),
        (False, [PLANNED, TAKEN, CANCELLED, PLANNED], "unfinished"),
        (False, [PLANNED, ASKED, CANCELLED], "unfinished"),
        (False, [PLANNED, ASKED, NOT_TAKEN, CANCELLED], "cancelled"),
        (False, [PLANNED, TAKEN, DELETING, DELETED, DONE], "unfinished"),
        (False, [PLANNED, TAKEN, DELETING, DELETED, {"event": "deleted", "ids": ["2"]}, DONE], "done"),
    ],
)
def test_the_state_is_that_of_the_last_record_unless_a_job_may_exist(
    tmp_path: Path, dry: bool, records: List[Dict[str, Any]], expected: str
) -> None:
    session = index.create(tmp_path, {"arguments": [], "checkout": {}, "dry_run": dry})

    assert expected == state_of(session, records)


def test_results_are_counted_from_the_events_of_the_jobs(one: Following) -> None:
    one.begin()
    one.results(0, 0, [A], end=False)

    numbers = {"tests": 2, "done": 1, "settled": {}, "missing": [B], "unread": 0, "jobs": 1, "arguments": ""}
    begun = {(one.watch.jobs[0].name, 0): "begun; 1 of 2 tests have results"}
    assert {"state": "unfinished", "begun": begun, "bad_ends": [], **numbers} == summarize(one.session)


def test_only_where_every_node_is_this_machine_files_are_read_at_full_speed(tmp_path: Path) -> None:
    rooms = []
    for here in (False, True):
        pace = summary.pace_of(index.create(tmp_path, {"here": here, "emulate": False}))
        pace.spend(100)
        rooms.append(pace.allows(100))

    assert [False, True] == rooms


def test_tests_that_were_reported_without_a_result_of_their_own_are_not_missing(tmp_path: Path) -> None:
    chain = Following(tmp_path, tasks(2, b=(A,)), settings_of(tmp_path))
    chain.begin()
    chain.scheduler.end("1.0", REQUEST)
    chain.scheduler.end("1.1", REQUEST)
    chain.step(60)

    found = summarize(chain.session)

    assert (2, []) == (found["done"], found["missing"])
    assert [A, B] == list(found["settled"])
    assert f"skipped: waits for {A}, which did not pass" == found["settled"][B]


def test_a_test_that_is_tried_again_is_missing(one: Following) -> None:
    one.begin()
    one.results(0, 0, [A], end=False)
    one.scheduler.end("1.0", MACHINE)
    one.step(60)

    found = summarize(one.session)

    assert ({}, [B], 2) == (found["settled"], found["missing"], found["jobs"])


@pytest.mark.parametrize(
    "record",
    [{"event": "planned"}, {"event": "settled", "tests": 1}, {"event": "deleting", "ids": 1}, {"event": "deleting"}],
    ids=str,
)
def test_a_record_that_makes_no_sense_is_a_corrupt_journal(tmp_path: Path, record: Dict[str, Any]) -> None:
    session = index.create(tmp_path, {"arguments": [], "checkout": {}})
    (session.folder / JOURNAL).write_text(json.dumps(record) + "\n")

    with pytest.raises(BadInput) as refusal:
        summarize(session)

    assert f"{session.folder / JOURNAL} is corrupt" == refusal.value.what


def test_shares_are_looked_into_for_some_seconds_only_and_the_others_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = Following(tmp_path, tasks(60), replace(settings_of(tmp_path), site=Site(tests_per_job=1)))
    many.begin()
    many.results(0, 0)
    many.step(2)
    for part in range(1, 60):
        many.results(0, part)
    monkeypatch.setattr(summary, "time", SimpleNamespace(monotonic=many.monotonic, sleep=many.step))

    found = summarize(many.session)

    assert (60, 60) == (found["done"] + found["unread"], found["done"] + len(found["missing"]))
    assert 30 <= found["done"] <= 50
