"""What is remembered of how long tests took: only of such as ran, or of how long they had before they were cut off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pjm.follow.durations import FILE, Durations
from pjm.follow.results import NoResult, Result

RAN = Result(
    "a",
    events=[
        {"event": "report", "data": {"when": when, "outcome": "passed", "duration": seconds}}
        for when, seconds in (("setup", 1.0), ("call", 20.0), ("teardown", 0.5))
    ],
)
KILLED = Result("a", trouble=NoResult("over its elapse limit", "raise it", "job 1"), cut_off=60.0)
LOST = Result("a", trouble=NoResult("vanished", "run it again", "job 1"))
SKIPPED = Result("a", skipped="waits for b, which did not pass")


def test_a_test_took_what_its_phases_took(tmp_path: Path) -> None:
    durations = Durations(tmp_path / FILE)

    durations.learn(RAN)
    durations.save()

    assert {"a": 21.5} == Durations(tmp_path / FILE).known()


@pytest.mark.parametrize("result", [LOST, SKIPPED], ids=["lost", "skipped"])
def test_what_never_ran_changes_nothing(tmp_path: Path, result: Result) -> None:
    (tmp_path / "durations.json").write_text('{"a": 3600.0}')
    durations = Durations(tmp_path / FILE)

    durations.learn(result)
    durations.save()

    assert {"a": 3600.0} == Durations(tmp_path / FILE).known()


@pytest.mark.parametrize(("before", "after"), [(None, 60.0), (10.0, 60.0), (90.0, 90.0)])
def test_what_was_cut_off_takes_at_least_as_long(tmp_path: Path, before: object, after: float) -> None:
    (tmp_path / "durations.json").write_text(json.dumps({} if before is None else {"a": before}))
    durations = Durations(tmp_path / FILE)

    durations.learn(KILLED)
    durations.save()

    assert {"a": after} == Durations(tmp_path / FILE).known()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"a": 1',
        b"\xff",
        b"\0",
        b"[]",
        b"[" * 200_000,
        b'{"a": "1", "b": NaN, "c": Infinity, "d": 1%s}' % (b"0" * 400),
    ],
    ids=["empty", "truncated", "not ASCII", "NUL", "list", "nested", "values"],
)
def test_a_damaged_file_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "durations.json").write_bytes(content)

    assert {} == Durations(tmp_path / FILE).known()
