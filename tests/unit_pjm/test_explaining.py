"""What is said of a test whose job ended before it did."""

from __future__ import annotations

from pathlib import Path

from pjm.explaining import explain
from pjm.parts import FollowedJob, Part
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
