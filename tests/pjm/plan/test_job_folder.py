"""What the client writes into a job's folder is what the job reads there; its script starts pytest as asked."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Tuple

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from pjm.batch.pjm.scheduler import PjmScheduler
from pjm.batch.scheduler import Resources, Scheduler
from pjm.batch.slurm.scheduler import SlurmScheduler
from pjm.emulator.running.steps import Dependency, dependency
from pjm.job.assignment import Assignment, read_assignment
from pjm.job.interpreter import START
from pjm.plan.job_folder import Outputs, Workplace, outputs, read_job, write_job
from pjm.plan.job_folder import script as script_for
from pjm.plan.packing import Job, Share, Site, Task, pack
from pjm.sessions.session import Session

WORKPLACE = Workplace(
    python=("python3",),
    prologue=("module load gcc",),
    start=Path("/project"),
    files={
        "a.py::a": Path("/project/a.py"),
        "a.py::b": Path("/project/a.py"),
        "b.py::c[富岳]": Path("/project/b.py"),
        "status": None,
    },
    places=("tests",),
    arguments=("-x", "tests"),
    environment={"CI": "1"},
    path=True,
    junit="xunit1",
    grace=120.0,
    mpiexec=("srun", "-n", "{ranks}"),
    ranks_gate="mpi4py",
)
JOB = Job(
    "s-0",
    (
        Share(("a.py::a", "a.py::b"), Resources(1, 60, "small", "hp1", "/vol1:/vol2", (("A", "1 2"), ("CI", ""))), 2.5),
        Share(("b.py::c[富岳]",), Resources(2, 3600, ranks=5), 1.0, (0,)),
    ),
)


def test_a_job_is_read_as_it_was_written(session: Session) -> None:
    folder = write_job(session, JOB, WORKPLACE, PjmScheduler(), retry=True)

    assert (JOB, True) == read_job(folder)


def test_each_share_reads_what_it_has_to_do_and_the_mark_goes_before_the_clients_environment(session: Session) -> None:
    folder = write_job(session, JOB, WORKPLACE, PjmScheduler(), retry=False)

    first = Assignment(
        tests=("a.py::a", "a.py::b"),
        files=("/project/a.py",),
        places=("tests",),
        arguments=("-x", "tests"),
        artifacts=session.artifacts,
        events=folder / "share-0" / "events.jsonl",
        environment={"CI": ""},
        path=True,
        junit="xunit1",
        grace=120.0,
        mpiexec=("srun", "-n", "{ranks}"),
        gate="mpi4py",
    )
    assert first == read_assignment(folder, 0)
    second = read_assignment(folder, 1)
    assert (("b.py::c[富岳]",), ("/project/b.py",), {"CI": "1"}) == (second.tests, second.files, second.environment)
    assert (5, 3) == (second.ranks, second.ranks_per_node)


def test_a_share_with_a_test_that_comes_from_no_file_collects_all_that_the_client_does(session: Session) -> None:
    job = Job("s-0", (Share(("a.py::a", "status"), Resources(1, 60), 1.0),))

    assert () == read_assignment(write_job(session, job, WORKPLACE, PjmScheduler(), retry=False), 0).files


def test_a_step_job_has_a_script_for_each_step(session: Session) -> None:
    folder = write_job(session, JOB, WORKPLACE, PjmScheduler(), retry=False)

    assert ["job.json", "script-0.sh", "script-1.sh"] == sorted(path.name for path in folder.iterdir())


FOLDER = Path("/vol0001/data/hp000000/u00000/project/.pjm/s/jobs/pjm-s-0")
PLACE = Workplace(
    ("/vol0001/data/hp000000/u00000/venv/bin/python",),
    Path("/vol0001/data/hp000000/u00000/project"),
    ("export PATH=/home/apps/oss/TensorFlow-2.2.0/bin:$PATH", "export LD_LIBRARY_PATH=/lib64:$LD_LIBRARY_PATH"),
)
REQUEST = Resources(nodes=1, elapse=1800, rscgrp="small", env=(("OMP_NUM_THREADS", "48"),))
SITE = Site(group="hp000000", gfscache="/vol0003:/vol0004", tests_per_job=1)


def packed(*tests: Tuple[str, Tuple[str, ...]], resources: Resources = REQUEST, site: Site = SITE) -> Job:
    (job,) = pack([Task(name, resources, "m", after=after) for name, after in tests], site, "pjm-s")
    return job


def script(job: Job, number: int, folder: Path, place: Workplace) -> str:
    return script_for(job, number, folder, place, PjmScheduler())


def test_a_normal_job(file_regression: FileRegressionFixture) -> None:
    file_regression.check(script(packed(("a", ())), 0, FOLDER, PLACE), extension=".sh")


def test_a_bulk_job(file_regression: FileRegressionFixture) -> None:
    file_regression.check(script(packed(("a", ()), ("b", ())), 0, FOLDER, PLACE), extension=".sh")


def test_the_last_of_three_steps(file_regression: FileRegressionFixture) -> None:
    job = packed(("train", ()), ("train again", ()), ("estimate", ("train", "train again")))

    file_regression.check(script(job, 2, FOLDER, PLACE), extension=".sh")


@pytest.mark.parametrize("scheduler", [PjmScheduler(), SlurmScheduler()], ids=["pjm", "slurm"])
def test_a_job_with_ranks(file_regression: FileRegressionFixture, scheduler: Scheduler) -> None:
    job = packed(("a", ()), resources=Resources(nodes=2, elapse=1800, ranks=7), site=Site())

    file_regression.check(script_for(job, 0, FOLDER, PLACE, scheduler), extension=".sh")


def test_a_step_that_waits_for_hundreds_of_others_fits_into_a_line() -> None:
    names = [f"train[{number}]" for number in range(500)]
    job = packed(*((name, ()) for name in names), ("estimate", tuple(names)))

    (line,) = [line for line in script(job, 500, FOLDER, PLACE).splitlines() if "--sparam" in line]

    assert len(line) < 4096
    sn, *conditions = line.split('"')[1].split(",")
    assert "sn=500" == sn
    read = [dependency(text.partition("sd=")[2]) for text in conditions]
    expected = [Dependency(code, "!=", (0,), "after", tuple(range(500))) for code in ("ec", "pc")]
    assert expected == read


def test_a_site_that_sets_nothing_and_values_no_directive_can_carry(file_regression: FileRegressionFixture) -> None:
    awkward = (("COMMA", "a,b"), ("EMPTY", ""), ("JAPANESE", "富岳"), ("LINES", "a\nb"), ("QUOTES", "\"'`$(id)`"))
    job = packed(("a", ()), resources=Resources(2, 360000, env=awkward), site=Site())
    place = Workplace(("python3",), Path("/a b/$(id)/'/富岳"))

    text = script(job, 0, Path("/a b/,/%j/-x"), place)

    file_regression.check(text, extension=".sh", encoding="utf-8")


@pytest.mark.parametrize("golden", sorted(Path(__file__).with_suffix("").glob("*.sh")), ids=lambda path: path.stem)
def test_stored_scripts_are_valid_shell_with_directives_first(golden: Path) -> None:
    assert 0 == subprocess.run(["/bin/bash", "-n", str(golden)], check=False).returncode
    lines = golden.read_text(encoding="utf-8").splitlines()
    head = lines[: lines.index("")]

    assert "#!/bin/bash" == head[0]
    assert all(line.startswith(("#PJM ", "#SBATCH ")) and len(line) < 4096 for line in head[1:])
    assert not any(line.startswith("#PJM") for line in lines[len(head) :])


def test_outputs_are_in_the_folder_of_the_job() -> None:
    assert Outputs(FOLDER / "share-3.out", FOLDER / "share-3.err", FOLDER / "share-3.stats") == outputs(FOLDER, 3)


PRINT = """
import json, os, sys
names = ["PYTEST_PJM_FOLDER", "PYTEST_PJM_SHARE", "HOSTILE", "FROM_PROLOGUE"]
print(json.dumps([sys.argv[1:], os.getcwd(), {name: os.environ.get(name) for name in names}]), flush=True)
os._exit(int(os.environ.get("END", "0")))
"""


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Something that says what it was started with, under a name with a blank and a quote."""
    path = tmp_path / "it's a python"
    path.write_text("#!/usr/bin/env python3\n" + PRINT)
    path.chmod(0o755)
    return path


def run(text: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "job.sh"
    path.write_text(text, encoding="utf-8")
    env = {**os.environ, "PYTHONUTF8": "1", **environment}
    return subprocess.run(
        ["/bin/bash", str(path)], env=env, stdout=subprocess.PIPE, encoding="utf-8", check=False, cwd=str(tmp_path)
    )


def test_hostile_words_arrive_whole(tmp_path: Path, python: Path) -> None:
    hostile = "a,b 'c' \"d\" $(id) `id` \\ \n 富岳 ; rm -rf *"
    root = tmp_path / "a $(b) 'c'"
    root.mkdir()
    job = Job("s-0", (Share(("a",), Resources(1, 60, env=(("HOSTILE", hostile),)), 1.0),))
    place = Workplace((str(python),), root, ("export FROM_PROLOGUE=yes",))

    done = run(script(job, 0, tmp_path / "$(d)", place), tmp_path)

    environment: Dict[str, str] = {
        "PYTEST_PJM_FOLDER": str(tmp_path / "$(d)"),
        "PYTEST_PJM_SHARE": "0",
        "HOSTILE": hostile,
        "FROM_PROLOGUE": "yes",
    }
    expected: List[object] = [["-c", START.format(function="main")], str(root), environment]
    assert expected == json.loads(done.stdout)


def test_neither_the_project_nor_an_empty_entry_comes_before_our_own_code_and_the_standard_library(
    tmp_path: Path,
) -> None:
    project, code = tmp_path / "project", tmp_path / "lib"
    for folder in (project, code):
        (folder / "pjm" / "job").mkdir(parents=True)
        (folder / "pjm" / "__init__.py").touch()
        (folder / "pjm" / "job" / "__init__.py").touch()
        (folder / "pjm" / "job" / "worker.py").write_text(
            "import json, socket\ndef main(): print(socket.__file__, __file__)\n"
        )
    (project / "socket.py").write_text("raise SystemExit('the project was asked first')\n")
    path = shlex.quote(str(code))
    place = Workplace((sys.executable,), project, prologue=(f"export PYTHONPATH={path}:",))

    done = run(script(packed(("a", ())), 0, FOLDER, place), tmp_path)

    assert f"{socket.__file__} {code / 'pjm' / 'job' / 'worker.py'}\n" == done.stdout


def test_a_sub_job_is_told_its_number(tmp_path: Path, python: Path) -> None:
    text = script(packed(("a", ()), ("b", ())), 0, FOLDER, Workplace((str(python),), tmp_path))

    assert "1" == json.loads(run(text, tmp_path, PJM_BULKNUM="1").stdout)[2]["PYTEST_PJM_SHARE"]


def test_a_step_is_told_its_number(tmp_path: Path, python: Path) -> None:
    text = script(packed(("a", ()), ("b", ("a",))), 1, FOLDER, Workplace((str(python),), tmp_path))

    assert "1" == json.loads(run(text, tmp_path).stdout)[2]["PYTEST_PJM_SHARE"]


def test_the_script_ends_as_pytest_does(tmp_path: Path, python: Path) -> None:
    text = script(packed(("a", ())), 0, FOLDER, Workplace((str(python),), tmp_path))

    assert 3 == run(text, tmp_path, END="3").returncode


def test_a_script_whose_pytest_is_killed_ends_with_the_signal(tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    killed.write_text("#!/bin/bash\nkill -SEGV $$\n")
    killed.chmod(0o755)

    assert 139 == run(script(packed(("a", ())), 0, FOLDER, Workplace((str(killed),), tmp_path)), tmp_path).returncode


def test_at_the_elapse_limit_the_script_waits_for_pytests_last_words(tmp_path: Path) -> None:
    signalled = tmp_path / "signalled"
    signalled.write_text("#!/bin/bash\ntrap 'echo last words; exit 7' XCPU\nkill -XCPU $PPID\nkill -XCPU $$\nsleep 9\n")
    signalled.chmod(0o755)
    done = run(script(packed(("a", ())), 0, FOLDER, Workplace((str(signalled),), tmp_path)), tmp_path)

    assert (7, "last words\n") == (done.returncode, done.stdout)


def test_a_project_folder_that_is_not_there_ends_the_script_with_its_own_code(tmp_path: Path, python: Path) -> None:
    text = script(packed(("a", ())), 0, FOLDER, Workplace((str(python),), tmp_path / "gone"))

    assert (125, "") == (run(text, tmp_path).returncode, run(text, tmp_path).stdout)
