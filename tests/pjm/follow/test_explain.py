"""What is said of a test whose job ended before it did."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import pytest

from pjm.batch.scheduler import Ending, Resources
from pjm.follow.explain import completed, explain
from pjm.follow.jobs import FollowedJob, FollowedShare
from pjm.job.share_events import TestEvents
from pjm.plan.packing import Job, Share

ENDING = Ending(False, "ran over its elapse limit", "raise elapse=")


def share_of(folder: Path, *tests: str) -> FollowedShare:
    return FollowedJob(folder, Job("job", (Share(tests, Resources(1, 60), 1.0),))).shares[0]


def test_the_running_test_had_what_the_job_had_without_those_before_it(tmp_path: Path) -> None:
    share = share_of(tmp_path, "a", "b", "c")
    share.elapsed = 60.0
    share.reading.take(
        [
            {"event": "begin", "time": 1000.0},
            {"event": "start", "test": "a", "time": 1002.0},
            {"event": "stop", "test": "a"},
            {"event": "start", "test": "b", "time": 1010.0},
        ]
    )

    assert {"b": 50.0, "c": None} == {test: explain(test, share, ENDING, 0).cut_off for test in ("b", "c")}


def test_a_test_that_waits_for_others_is_run_again_with_them(tmp_path: Path) -> None:
    share = share_of(tmp_path, "t.py::b[$x]")
    unknown = Ending(False, "was taken by the batch system in part only", "")

    lost = explain("t.py::b[$x]", share, unknown, 0, needed=["t.py::a"])
    crashed = completed(share, TestEvents("t.py::b[$x]", crash="signal 9"), ["t.py::a"])

    assert [
        "run it again: pytest --fugaku t.py::a 't.py::b[$x]'",
        "run it here to see more: pytest t.py::a 't.py::b[$x]'",
    ] == [each.trouble.advice for each in (lost, crashed) if each.trouble is not None]


@pytest.mark.parametrize(
    ("path", "missing", "advised"),
    [
        ("src:a b", "ModuleNotFoundError: No module named 'x'", "can have the line export PYTHONPATH='src:a b'"),
        ("src", "no such test was collected", "(fugaku_python) agree with those here"),
        (None, "ModuleNotFoundError: No module named 'x'", "(fugaku_python) agree with those here"),
    ],
)
def test_a_module_that_only_a_variable_of_this_shell_finds_is_looked_for_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: Optional[str], missing: str, advised: str
) -> None:
    share = share_of(tmp_path, "a")
    monkeypatch.setenv("PYTHONPATH", path) if path else monkeypatch.delenv("PYTHONPATH", raising=False)

    result = completed(share, TestEvents("a", missing=missing))

    assert result.trouble is not None
    assert result.trouble.advice.endswith(advised)
