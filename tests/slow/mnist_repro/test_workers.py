"""Runs in worker processes: what one suffers does not reach the others, and none outlives its parent."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Set

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.execution.components import Assignment
from mnist_repro.execution.workers import Progress, RunFailedError, Task, run_all
from mnist_repro.files.atomic import UNFINISHED
from mnist_repro.recipes import find
from mnist_repro.runs import run_json
from tests.builders.command_line import listed
from tests.builders.processes import NEEDED, alive, until, workers_of
from tests.builders.reproduced import Reproduced

FILES = ["eval.log", "evaluation.json", "learn.log", "model.h5", "param.hdf5", "run.json"]

pytestmark = NEEDED


def task(folder: Path, data: str, recipe: str, seed: int) -> Task:
    return Task(Assignment(find(recipe), seed, "subset"), data, folder / recipe / f"seed-{seed}")


@dataclass(frozen=True)
class Session:
    """Five tasks through one worker at a time: the second is killed, the data of the third is not there."""

    tasks: List[Task]
    outcomes: Dict[Task, Optional[BadInput]]
    seen: List[Progress]
    workers: List[int]


@pytest.fixture(scope="module")
def session(data: str, tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("workers")
    tasks = [
        task(folder, data, "wheel-softmax", 1),
        task(folder, data, "wheel-softmax", 2),
        task(folder, str(folder / "nowhere"), "wheel-softmax", 3),
        task(folder, data, "wheel-softmax", 0),
        task(folder, data, "tf-softmax", 0),
    ]
    seen: List[Progress] = []
    workers: List[int] = []

    def watch(progress: Progress) -> None:
        [worker] = workers_of(os.getpid())
        workers.append(worker)
        seen.append(progress)
        if progress.task == tasks[1]:
            # As if it had been about to write.
            (tasks[1].folder / f"{UNFINISHED}1").mkdir(parents=True)
            os.kill(worker, signal.SIGKILL)

    return Session(tasks, run_all(tasks, 1, watch), seen, workers)


def test_the_run_of_a_killed_worker_has_failed_and_says_how(session: Session) -> None:
    failure = session.outcomes[session.tasks[1]]

    assert failure is not None
    assert ("the process of this run was killed by signal 9", False) == (
        failure.what,
        not isinstance(failure, RunFailedError),
    )
    assert failure.why.startswith("its last words were:\n    ")


def test_bad_input_of_a_worker_arrives_whole(session: Session) -> None:
    failure = session.outcomes[session.tasks[2]]

    assert failure is not None
    assert (f"there is no {session.tasks[2].data} (named by --data)", True) == (
        failure.what,
        not isinstance(failure, RunFailedError),
    )
    assert failure.fix.startswith("fetch a whole copy with `mnist-repro data fetch`")


def test_the_other_runs_are_whole(session: Session) -> None:
    others = [session.tasks[at] for at in (0, 3, 4)]

    assert [None] * 3 == [session.outcomes[each] for each in others]
    assert [FILES] * 3 == [listed(each.folder) for each in others]
    assert [("wheel-softmax", 1), ("wheel-softmax", 0), ("tf-softmax", 0)] == [
        (made.recipe, made.seed) for made in (run_json.read(each.folder) for each in others)
    ]


def test_failed_runs_leave_nothing_behind(session: Session) -> None:
    assert [[], []] == [listed(session.tasks[at].folder) for at in (1, 2)]


def test_the_steps_of_a_run_are_reported_from_the_first_to_the_last(session: Session) -> None:
    reports = [progress for progress in session.seen if progress.task == session.tasks[0]]
    done = [progress.done for progress in reports]

    assert {237} == {progress.total for progress in reports}
    assert (0, 237, sorted(done)) == (done[0], done[-1], done)
    # 79 steps an epoch, before and after each of three.
    assert [79, 79, 158, 158] == [steps for steps in done if steps in (79, 158)]
    assert len(set(done)) > 4


def test_no_worker_is_left(session: Session) -> None:
    assert set() == {worker for worker in session.workers if alive(worker)}


def test_a_run_is_the_same_whatever_its_worker_did_before(session: Session, reproduced: Reproduced) -> None:
    # `reproduced` made them after vgg7-bn, in one process.
    for each in session.tasks[3:]:
        theirs = reproduced.folder(each.assignment.recipe.name)
        for name in ("param.hdf5", "learn.log", "eval.log"):
            assert (theirs / name).read_bytes() == (each.folder / name).read_bytes()


def test_ctrl_c_in_this_process_ends_its_workers(data: str, tmp_path: Path) -> None:
    this = os.getpid()
    seen: Set[int] = set()

    def interrupt() -> None:
        until(lambda: workers_of(this))
        seen.update(workers_of(this))
        os.kill(this, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        run_all([task(tmp_path, data, "keras-cnn", 0)], 1, lambda progress: None)

    assert (1, set()) == (len(seen), {worker for worker in seen if alive(worker)})
