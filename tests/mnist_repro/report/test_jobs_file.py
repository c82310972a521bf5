from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, List

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.report import jobs_file
from mnist_repro.report.values import Job, Jobs
from mnist_repro.runs.problems import Problems
from tests.builders.report_scene import SCRIPT, Scene, add_jobs, job

# No float is as large.
HUGE = 10**400
ENDLESS = float("inf")


def read(scene: Scene, *jobs: Dict[str, Any]) -> Jobs:
    """The jobs of a session, in whose folder pytest-0 has a script and a log."""
    add_jobs(scene, job())
    file = scene.jobs / jobs_file.FILE
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), "jobs": jobs}), encoding="utf-8")
    return jobs_file.read(scene.jobs, Problems())


def texts(shown: Job) -> List[str]:
    return [text.text for text in shown.texts]


def test_a_job_has_the_end_of_its_log_and_its_script(tmp_path: Path) -> None:
    jobs = read(Scene(tmp_path), job())

    assert (Scene.session, 0.01, 0.25) == (jobs.session, jobs.node_hours_used, jobs.node_hours_requested)
    assert [[SCRIPT, "all is well"]] == [texts(each) for each in jobs.jobs]


@pytest.mark.parametrize("part", [7, HUGE])
def test_a_part_of_a_bulk_job_shows_the_script_that_all_share_and_no_log_of_another(tmp_path: Path, part: int) -> None:
    [shown] = read(Scene(tmp_path), job(part=part)).jobs

    assert [SCRIPT] == texts(shown)


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


@pytest.mark.parametrize("name", ["../../..", "..", ".", "", "/", "a/../../../..", "nul\0", "n" * 300])
def test_a_job_whose_name_is_no_name_of_a_folder_has_no_texts(tmp_path: Path, name: str) -> None:
    scene = Scene(tmp_path)
    read(scene, job(name))
    for folder in (tmp_path, scene.jobs, scene.jobs / "jobs"):
        (folder / "script-0.sh").write_text("a secret", encoding="utf-8")

    [shown] = jobs_file.read(scene.jobs, Problems()).jobs

    assert ("4711", []) == (shown.id, texts(shown))


def test_a_log_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    add_jobs(scene, job())
    (tmp_path / "secret").write_text("a secret", encoding="utf-8")
    log = scene.jobs / "jobs" / "pytest-0" / "share-0.out"
    log.unlink()
    log.symlink_to(tmp_path / "secret")

    assert [SCRIPT] == texts(jobs_file.read(scene.jobs, Problems()).jobs[0])


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
