"""Statistics of jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Dict

from pjm.emulator.machine.store import WHOLE, Job
from pjm.emulator.running.statistics import ALONE, Parts, elapsed, shown, text, write

SPEC: Dict[str, object] = {"cwd": "/data", "given": ["elapse"], "second": 0.5}
ENDED = Job(12, WHOLE, "NM", "name", "user", "group", state="EXT", ec=3, elapse=5400, started=10.0, ended=40.0)
BULK = Job(12, WHOLE, "BU", "many", "user", "group", elapse=60)


def test_the_file_of_an_ended_job() -> None:
    lines = text(ENDED, SPEC, True).splitlines()

    assert "Job Statistical Information" == lines[0]
    assert " EXIT CODE                 : 3" in lines
    assert " ELAPSE TIME (LIMIT)       : 01:30:00 (5400)" in lines
    assert " ELAPSE TIME (USE)         : 00:01:00 (60)" in lines
    assert ["Node Statistical Information", " NODE ID                   : 0x01010001"] == lines[-4:-2]


def test_chosen_items_in_their_order() -> None:
    assert [
        "[Job Statistical Information]",
        " STATE                       : EXT",
        " JOB NAME                    : name",
    ] == shown(ENDED, SPEC, False, ALONE, ["st", "nonsense", "jnam"])


def test_sub_jobs_are_counted_and_a_limit_that_was_not_asked_for_is_marked() -> None:
    lines = shown(BULK, {**SPEC, "given": []}, True, Parts(10, 11, 2, 12), ["snum", "sbn", "ebn", "elpl", "ec"])

    assert ["10/11", "2", "12", "00:01:00 (60) <DEFAULT>", "-"] == [line.partition(": ")[2] for line in lines[1:]]


def test_a_file_is_written_only_when_asked_for(tmp_path: Path) -> None:
    write(ENDED, {**SPEC, "cwd": str(tmp_path), "stats": ""})
    assert [] == list(tmp_path.iterdir())
    write(ENDED, {**SPEC, "cwd": str(tmp_path), "stats": "s"})
    assert [tmp_path / "name.12.stats"] == list(tmp_path.iterdir())


def test_elapsed_time_is_in_seconds_of_pjm() -> None:
    assert (None, 60.0) == (elapsed(BULK, SPEC, 40.0), elapsed(ENDED, SPEC, 100.0))
