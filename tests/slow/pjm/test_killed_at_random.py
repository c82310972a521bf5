"""kill -9 of the client at twenty random moments of a run with five jobs, then resume; on PJM or Slurm."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import List

import pytest

from tests.builders import junit
from tests.builders.fugaku_project import FugakuProject, Ran
from tests.builders.processes import until
from tests.builders.slurm_project import SlurmProject
from tests.end_to_end.pjm.conftest import Make

TESTS = """
@pytest.fixture(autouse=True)
def noted(request):
    with open(f"ran-{request.node.name}", "a") as file:
        file.write("x")

@pytest.mark.fugaku(nodes=1)
@pytest.mark.parametrize("number", range(4))
def test_some(number):
    time.sleep(0.05)
    assert number != 2

@pytest.mark.fugaku(nodes=2)
def test_crashes():
    os.kill(os.getpid(), signal.SIGSEGV)

@pytest.mark.fugaku(elapse="00:20:00")
def test_skips():
    pytest.skip("not this one")

@pytest.mark.fugaku
def test_train(artifacts):
    (artifacts.folder / "weights").write_text("trained")

@pytest.mark.fugaku(after="test_train")
def test_estimate(artifacts):
    assert "trained" == (artifacts.of("test_train") / "weights").read_text()

@pytest.mark.fugaku(elapse="00:40:00")
def test_slow():
    time.sleep(0.5)

def test_here():
    time.sleep(0.1)
"""
IN_JOBS = 9  # tests; the one here may run a second time
SEED = random.SystemRandom().randrange(1000)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory, make_project: Make) -> FugakuProject:
    project = prepared(make_project(tmp_path_factory.mktemp("unbroken") / "project"))
    begun = time.monotonic()
    project.send("--junitxml=report.xml")
    (project.path / "seconds").write_text(str(time.monotonic() - begun))
    project.stop()
    return project


def prepared(project: FugakuProject) -> FugakuProject:
    """With the tests, and with enough time for a pjsub that outlives its client on a slow machine."""
    project.write(TESTS)
    (project.path / "pytest.ini").write_text("[pytest]\nfugaku_grace = 60\n", encoding="utf-8")
    return project


@pytest.mark.parametrize("number", range(20))
def test_nothing_is_lost_and_nothing_submitted_twice(
    project: FugakuProject, unbroken: FugakuProject, number: int
) -> None:
    prepared(project)
    moment = random.Random(f"{SEED} {number}").uniform(0.1, float((unbroken.path / "seconds").read_text()))  # noqa: S311
    process = project.start("--fugaku", "--fugaku-emulate", "--junitxml=report.xml")
    time.sleep(moment)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    resumed = _resumed(project)

    where = f"killed after {moment:.3f} s (seed {SEED})\n{resumed.out}"
    assert 1 == resumed.code, where
    assert _cases(unbroken.path) == _cases(project.path), where
    submitted = [job for call in project.submissions() for job in call.jobs]
    assert len(submitted) == len(set(submitted)), where
    runs = {file.name: len(file.read_text()) for file in project.path.glob("ran-*") if file.name != "ran-test_here"}
    assert [1] * IN_JOBS == list(runs.values()), f"{runs}\n{where}"
    if not isinstance(project, SlurmProject):  # there, a chain that was half in is cancelled and submitted again
        assert len(unbroken.submissions()) == len(project.submissions()) == 5, where


def _resumed(project: FugakuProject) -> Ran:
    resumed = project.run("--fugaku-resume", "--fugaku-emulate", "--junitxml=report.xml")
    if "there is no session that submitted jobs" in resumed.out:  # it died before it had begun one
        return project.send("--junitxml=report.xml")
    return resumed


def _cases(folder: Path) -> object:
    # Files are named after the session, and ids after the job.
    counts, properties, cases = junit.read(folder / "report.xml")
    return counts, properties, [(case[1], [child[0] for child in case[3]]) for case in cases]


def test_the_emulator_outlives_nobody(project: FugakuProject) -> None:
    project.needs_emulator("it is looked for among all processes")
    project.write(TESTS)
    project.send()
    project.stop()

    def there() -> List[str]:
        listed = subprocess.run(["ps", "-eo", "args"], stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S607
        return [line for line in listed.splitlines() if str(project.path) in line]

    # A process lets go of what it holds, and then it is gone.
    until(lambda: not there())
