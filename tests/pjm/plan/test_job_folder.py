"""What is written into a job's folder is what the client and the job read there."""

from __future__ import annotations

from pathlib import Path

from pjm.batch.pjm.scheduler import PjmScheduler
from pjm.batch.scheduler import Resources
from pjm.job.assignment import Assignment, read_assignment
from pjm.plan.job_folder import Workplace, read_job, write_job
from pjm.plan.packing import Job, Share
from pjm.sessions.session import Session

PLACE = Workplace(
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
    folder = write_job(session, JOB, PLACE, PjmScheduler(), retry=True)

    assert (JOB, True) == read_job(folder)


def test_each_share_reads_what_it_has_to_do_and_the_mark_goes_before_the_clients_environment(session: Session) -> None:
    folder = write_job(session, JOB, PLACE, PjmScheduler(), retry=False)

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

    assert () == read_assignment(write_job(session, job, PLACE, PjmScheduler(), retry=False), 0).files


def test_a_step_job_has_a_script_for_each_step(session: Session) -> None:
    folder = write_job(session, JOB, PLACE, PjmScheduler(), retry=False)

    assert ["job.json", "script-0.sh", "script-1.sh"] == sorted(path.name for path in folder.iterdir())
