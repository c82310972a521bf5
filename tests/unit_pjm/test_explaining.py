"""What is said of a test whose job ended before it did."""

from __future__ import annotations

from pathlib import Path

from pjm.explaining import completed, explain
from pjm.parts import FollowedJob, Part
from pjm.reading import TestEvents
from pjm.scheduler import Ending, Resources

ENDING = Ending(False, "ran over its elapse limit", "raise elapse=")


def test_the_running_test_had_what_the_job_had_without_those_before_it(tmp_path: Path) -> None:
    part = Part(tmp_path, 0, ("a", "b", "c"), Resources(1, 60), elapsed=60.0)
    FollowedJob("job", (part,), bulk=False, step=False)
    list(
        part.reading.take(
            [
                {"event": "begin", "time": 1000.0},
                {"event": "start", "test": "a", "time": 1002.0},
                {"event": "stop", "test": "a"},
                {"event": "start", "test": "b", "time": 1010.0},
            ]
        )
    )

    assert {"b": 50.0, "c": None} == {test: explain(test, part, ENDING, 0).cut_off for test in ("b", "c")}


def test_a_test_that_waits_for_others_is_run_again_with_them(tmp_path: Path) -> None:
    part = Part(tmp_path, 0, ("t.py::b[$x]",), Resources(1, 60))
    FollowedJob("job", (part,), bulk=False, step=False)
    unknown = Ending(False, "was taken by the batch system in part only", "")

    lost = explain("t.py::b[$x]", part, unknown, 0, needed=["t.py::a"])
    crashed = completed(part, TestEvents("t.py::b[$x]", crash="signal 9"), ["t.py::a"])

    assert [
        "run it again: pytest --fugaku t.py::a 't.py::b[$x]'",
        "run it here to see more: pytest t.py::a 't.py::b[$x]'",
    ] == [each.trouble.advice for each in (lost, crashed) if each.trouble is not None]
