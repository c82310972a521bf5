from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.report import jobs_file
from mnist_repro.report.values import Jobs
from mnist_repro.runs.problems import Problems
from tests.builders.report_scene import Scene, add_jobs, job

# No float is as large.
HUGE = 10**400
ENDLESS = float("inf")


def read(scene: Scene, *jobs: Dict[str, Any]) -> Jobs:
    """The jobs of a session."""
    add_jobs(scene, job())
    file = scene.jobs / jobs_file.FILE
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), "jobs": jobs}), encoding="utf-8")
    return jobs_file.read(scene.jobs, Problems())


def test_a_job_has_its_times_and_the_number_of_its_tests(tmp_path: Path) -> None:
    jobs = read(Scene(tmp_path), job())

    assert (Scene.session, 0.01, 0.25) == (jobs.session, jobs.node_hours_used, jobs.node_hours_requested)
    assert [("4711", 36.0, 1)] == [(each.id, each.ran_seconds, each.tests) for each in jobs.jobs]


@pytest.mark.parametrize(
    "change",
    [
        {"part": ENDLESS},
        {"nodes": ENDLESS},
        {"ran_seconds": HUGE},
        {"elapse_limit_seconds": HUGE},
        {"nodes": [1]},
        {"tests": 7},
    ],
)
def test_a_job_with_odd_numbers_is_named_and_left_out(tmp_path: Path, change: Dict[str, Any]) -> None:
    scene, problems = Scene(tmp_path), Problems()
    add_jobs(scene, job(), job("pytest-1", id="4712", **change))

    jobs = jobs_file.read(scene.jobs, problems)

    assert [f"{scene.jobs / 'jobs.json'}: job 2 is not whole"] == [problem.what for problem in problems.found]
    assert (["4711"], 1) == ([each.id for each in jobs.jobs], jobs.left_out)


def test_of_a_folder_with_sessions_the_newest_is_read(tmp_path: Path) -> None:
    newer = Scene(tmp_path, "20260102-030406-0a1b")
    add_jobs(Scene(tmp_path), job(id="1"))
    os.utime(str(Scene(tmp_path).jobs / "jobs.json"), (1.0, 1.0))
    add_jobs(newer, job(id="4712"))

    assert ["4712"] == [each.id for each in jobs_file.read(tmp_path / ".pjm", Problems()).jobs]


def test_a_file_without_a_list_of_jobs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jobs.json").write_text('{"schema": 1, "jobs": {}}', encoding="utf-8")

    with pytest.raises(BadInput, match="has no list of jobs"):
        jobs_file.read(tmp_path, Problems())
