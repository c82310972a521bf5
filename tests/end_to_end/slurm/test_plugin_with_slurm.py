"""`pytest --fugaku` on a real Slurm: what only Slurm does, and how often each test ran."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Callable, Iterator

import pytest

from tests.builders.processes import PATIENCE, until
from tests.builders.slurm_project import SlurmProject
from tests.end_to_end.slurm.conftest import CONTROLLER, FORGOTTEN, Outcome, documented
from tests.slurm.machine import Running

# A test notes that it runs, and the first time it waits to be told to go on.
NOTES = """
HERE = os.path.dirname(os.path.abspath(__file__))

def note(name, wait=False):
    with open(f"{HERE}/ran-{name}", "a") as file:
        file.write("x")
    while wait and not os.path.exists(f"{HERE}/go") and len(open(f"{HERE}/ran-{name}").read()) == 1:
        time.sleep(0.1)

@pytest.mark.fugaku
def test_quick():
    note("quick")

@pytest.mark.fugaku(elapse="00:20:00")
def test_waits():
    note("waits", wait=True)
"""
CHAIN = """
@pytest.mark.fugaku(after="test_quick")
def test_after():
    note("after")
"""

Make = Callable[[Running], SlurmProject]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made = []

    def project(running: Running) -> SlurmProject:
        made.append(SlurmProject(tmp_path / "project", running))
        return made[0]

    yield project
    for each in made:
        each.stop()


def ran(project: SlurmProject, name: str) -> int:
    """How often a test ran."""
    file = project.path / f"ran-{name}"
    return len(file.read_text()) if file.exists() else 0


def test_a_client_that_is_killed_comes_back_and_every_test_has_run_once(plain: Running, make: Make) -> None:
    project = make(plain)
    project.write(NOTES + CHAIN)
    first = project.start("--fugaku", "--fugaku-emulate")
    until(lambda: ran(project, "waits"))
    first.kill()
    first.communicate(timeout=PATIENCE)
    (project.path / "go").touch()

    second = project.run("--fugaku-resume", "--fugaku-emulate")

    assert (0, {"passed": 3}) == (second.code, second.counts()), second.out
    assert [1, 1, 1] == [ran(project, name) for name in ("quick", "waits", "after")]


def test_the_batch_system_that_a_session_was_begun_with_goes_on_with_it(plain: Running, make: Make) -> None:
    project = make(plain)
    project.write(NOTES)
    left = project.run("--fugaku-emulate", "--fugaku-detach")
    (project.path / "go").touch()

    refused = project.run("--fugaku-resume", "--fugaku-scheduler=pjm")
    resumed = project.run("--fugaku-resume", "--fugaku-emulate")

    assert (0, 4, 0) == (left.code, refused.code, resumed.code), left.out + refused.out + resumed.out
    assert "was begun with the batch system slurm" in refused.out
    assert "--fugaku-scheduler=slurm" in refused.out
    assert [1, 1] == [ran(project, name) for name in ("quick", "waits")]


def test_where_pjm_is_too_the_user_is_asked_and_nothing_is_submitted(plain: Running, make: Make) -> None:
    project = make(plain)
    project.write(NOTES)
    (project.commands / "pjsub").write_text("#!/bin/sh\n")
    (project.commands / "pjsub").chmod(0o755)

    asked = project.run("--fugaku")

    assert 4 == asked.code
    assert "ERROR: there are two batch systems here: PJM and Slurm" in asked.out
    assert [] == project.submissions()


def test_a_controller_that_is_killed_in_a_session_loses_nothing_and_runs_nothing_twice(
    crashing: Running, make: Make
) -> None:
    project = make(crashing)
    project.write(NOTES + CHAIN)
    client = project.start("--fugaku", "--fugaku-emulate")
    until(lambda: ran(project, "waits") and ran(project, "after"))
    crashing.kill("slurmctld")
    (project.path / "go").touch()
    crashing.start("slurmctld")

    out, _ = client.communicate(timeout=PATIENCE)

    assert 0 == client.returncode, out
    assert [1, 1, 1] == [ran(project, name) for name in ("quick", "waits", "after")]
    assert Outcome("passed", "no", "1") == documented()[CONTROLLER]


def test_a_job_that_is_forgotten_while_nobody_asks_is_not_run_again(forgetful: Running, make: Make) -> None:
    project = make(forgetful)
    project.write(NOTES)
    left = project.run("--fugaku-emulate", "--fugaku-detach")
    until(lambda: ran(project, "waits") and len(project.running()) == 1)
    forgetful.run("scancel", *project.running())
    until(lambda: not forgetful.run("squeue", "-h", "-t", "all").strip())

    resumed = project.run("--fugaku-resume", "--fugaku-emulate")

    assert (0, 1) == (left.code, resumed.code), left.out + resumed.out
    assert {"passed": 1, "failed": 1} == resumed.counts(), resumed.out
    words = "ended in an unknown way: Slurm keeps no history here"
    assert f"{words} and forgets a job 2 s after its end" in resumed.out
    assert "forgets a job 2 s after its end (MinJobAge)" in left.out
    assert [1, 1] == [ran(project, name) for name in ("quick", "waits")]
    assert Outcome(f"failed: *{words}*", "no", "1") == documented()[FORGOTTEN]


def test_without_a_history_nothing_is_missed_by_a_client_that_stays(forgetful: Running, make: Make) -> None:
    project = make(forgetful)
    project.write(NOTES + CHAIN)
    (project.path / "go").touch()

    whole = project.send("--fugaku-poll=20-60")  # asked more often than that: Slurm forgets too soon

    assert (0, {"passed": 3}) == (whole.code, whole.counts()), whole.out
    assert [1, 1, 1] == [ran(project, name) for name in ("quick", "waits", "after")]


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ('rscgrp="nope"', "invalid partition specified: nope"),
        ("nodes=1, env={'SLURM_JOB_ID': '1'}", "sets the environment variable SLURM_JOB_ID"),
    ],
)
def test_what_cannot_work_is_said_and_runs_nothing(plain: Running, make: Make, mark: str, said: str) -> None:
    project = make(plain)
    project.write(NOTES.replace('elapse="00:20:00"', mark))
    (project.path / "go").touch()

    refused = project.send()

    assert refused.code in (1, 4)
    assert said in refused.out
    assert 0 == ran(project, "waits")
    assert (refused.code == 1) == any(project.workdir.glob("*/session.json"))  # else it is refused before that


def test_ctrl_c_cancels_the_jobs(plain: Running, make: Make) -> None:
    project = make(plain)
    project.write(NOTES)
    client = project.start("--fugaku", "--fugaku-emulate")
    until(lambda: ran(project, "waits") or client.poll() is not None)
    assert client.poll() is None, client.communicate()[0]

    client.send_signal(signal.SIGINT)
    out, _ = client.communicate(timeout=PATIENCE)

    assert 2 == client.returncode, out
    assert re.search("[12] jobs? cancelled; ", out), out
    project.wait_for_end()
