"""kill -9 of the client while its slow pjsub runs on: whoever comes back waits for that one's end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Tuple

import pytest

from pjm.batch import submission_lock
from pjm.batch.scheduler import AnswerLostError
from tests.builders.fugaku_project import FugakuProject
from tests.builders.made_up_scheduler import write_results
from tests.end_to_end.pjm.test_watch import A, B, Following, settings_of, tasks

SLOW = [{"fault": "delay", "command": "pjsub", "seconds": 6, "when": "before", "times": 1}]


def test_a_job_is_submitted_once_although_its_pjsub_outlived_the_client(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_once():\n    open('ran', 'a').write('x')\n")
    project.emulate(faults=SLOW)
    client = project.start("--fugaku", "--fugaku-emulate")
    limit = time.monotonic() + 60
    journal = project.emulator / "journal.jsonl"
    while not (journal.exists() and '"pjsub"' in journal.read_text()):
        assert time.monotonic() < limit
        time.sleep(0.02)
    os.kill(client.pid, signal.SIGKILL)
    client.communicate()

    resumed = project.run("--fugaku-resume", "-o", "fugaku_grace=0.5")

    assert (0, {"passed": 1}) == (resumed.code, resumed.counts()), resumed.out
    assert 1 == len([job for call in project.submissions() for job in call.jobs]), project.submissions()
    assert 1 == len(project.submissions())
    assert "x" == (project.path / "ran").read_text()


def test_a_look_that_takes_longer_than_the_grace_time_is_no_reason_to_submit_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Following(tmp_path, tasks(2), settings_of(tmp_path))
    one.scheduler.refusals = [AnswerLostError("killed")]
    one.begin()
    one.came_back()

    def find(name: str) -> Tuple[str, ...]:
        one.now += 500
        return ()

    monkeypatch.setattr(one.scheduler, "find", find)
    with submission_lock.begin(one.watch.jobs[0].folder, 0):
        one.step(20)
    one.step()

    assert 1 == len(one.scheduler.submissions)


def test_the_grace_time_begins_when_the_submission_is_over(tmp_path: Path) -> None:
    one = Following(tmp_path, tasks(2), settings_of(tmp_path))
    one.scheduler.refusals = [AnswerLostError("killed")]
    one.begin()
    one.came_back()
    one.watch.start(one.watch.plan_unassigned())
    job = one.watch.jobs[0]

    with submission_lock.begin(job.folder, 0):
        one.step(1000)
        assert "may still be under way" in str(one.watch.trouble)
    one.step(60)
    one.scheduler.known[job.name] = ("77.0",)
    write_results(job.folder, 0)
    one.scheduler.end("77.0")
    one.step(60)

    assert 1 == len(one.scheduler.submissions)
    assert {A: "passed", B: "passed"} == one.outcomes()
    assert one.watch.trouble is None
