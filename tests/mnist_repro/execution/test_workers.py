"""Runs side by side: each task ends with an outcome, and what one process suffers is no other task's."""

from __future__ import annotations

import os
import shlex
import subprocess
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, Callable, ClassVar, Dict, List, Mapping, Optional, Tuple, Type

import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.execution import fingerprint, workers
from mnist_repro.execution.components import Assignment
from mnist_repro.execution.fingerprint import TakenFingerprint
from mnist_repro.execution.processes import DiedError
from mnist_repro.execution.workers import (
    COMPONENTS,
    FINGERPRINT,
    RUN,
    Pool,
    Progress,
    RunFailedError,
    Task,
    cores,
    provenance_there,
    run_all,
    take_fingerprint,
)
from mnist_repro.files.atomic import UNFINISHED
from mnist_repro.recipes import find
from mnist_repro.runs import run_json
from tests.builders import made_up
from tests.builders.command_line import listed
from tests.builders.refused import refused


def task(folder: Path, seed: int, leaves: str = COMPONENTS) -> Task:
    return Task(Assignment(find("wheel-softmax"), seed, "subset"), "surrogate", folder / f"seed-{seed}", leaves)


class Rehearsed:
    """In the place of a worker process: of seed 1 it dies, seed 2 is refused, and seed 3 is answered with nonsense."""

    started: ClassVar[List[Rehearsed]] = []

    def __init__(self, module: str, environment: Optional[Mapping[str, str]] = None, niceness: int = 0) -> None:
        self.module, self.environment, self.niceness = module, environment, niceness
        self.jobs: List[Dict[str, Any]] = []
        self.closed = False
        self.started.append(self)

    def ask(self, job: Dict[str, Any], watch: Callable[[Dict[str, Any]], object]) -> None:
        self.jobs.append(job)
        if job["seed"] == 1:
            # As if it had been about to write.
            (Path(job["out"]) / f"{UNFINISHED}1").mkdir(parents=True)
            raise DiedError(-9, "its last words were:\n    ouch")
        if job["seed"] == 2:
            raise BadInput("a", "b", "c")
        watch({"done": 1, "total": 2} if job["seed"] != 3 else {"nonsense": 1})

    def kill(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def rehearsed(monkeypatch: pytest.MonkeyPatch) -> Type[Rehearsed]:
    monkeypatch.setattr(workers, "Process", Rehearsed)
    monkeypatch.setattr(Rehearsed, "started", [])
    return Rehearsed


def test_each_task_has_an_outcome_in_the_order_of_the_tasks(rehearsed: Type[Rehearsed], tmp_path: Path) -> None:
    tasks = [task(tmp_path, seed) for seed in (0, 1, 2, 3, 4)]
    seen: List[Progress] = []
    ended: List[Tuple[Task, Optional[BadInput]]] = []
    outcomes = run_all(tasks, 1, seen.append, lambda each, failure: ended.append((each, failure)))

    assert tasks == list(outcomes)
    assert list(outcomes.items()) == ended
    died, refused = outcomes[tasks[1]], outcomes[tasks[2]]
    assert isinstance(died, RunFailedError)
    assert not isinstance(refused, RunFailedError)
    assert [
        (
            "the process of this run was killed by signal 9",
            "its last words were:\n    ouch",
            "type the command again; if a signal 9 comes back, memory is short: on Linux, put `taskset -c 0` before "
            "the command and leave --processes out, so that it starts one process at a time",
        ),
        ("a", "b", "c"),
    ] == [getattr(each, "args", None) for each in (died, refused)]
    assert [None, None] == [outcomes[tasks[at]] for at in (0, 4)]
    assert "the process of this run could not be used" == getattr(outcomes[tasks[3]], "what", None)
    assert [(tasks[0], 1, 2), (tasks[4], 1, 2)] == [(each.task, each.done, each.total) for each in seen]


def test_a_process_makes_one_run_after_another_until_it_dies_and_leaves_nothing(
    rehearsed: Type[Rehearsed], tmp_path: Path
) -> None:
    run_all([task(tmp_path, seed) for seed in (0, 1, 2, 4)], 1, lambda progress: None)

    assert [[0, 1], [2, 4]] == [[job["seed"] for job in process.jobs] for process in rehearsed.started]
    assert all(process.closed for process in rehearsed.started)
    assert [] == listed(tmp_path / "seed-1")


def test_a_task_is_told_whole_to_its_process(rehearsed: Type[Rehearsed], tmp_path: Path) -> None:
    run_all([task(tmp_path, 7, RUN)], 1, lambda progress: None)
    [process] = rehearsed.started

    assert ("execution.workers", None) == (process.module, process.environment)
    assert [
        {
            **{"recipe": "wheel-softmax", "seed": 7, "scale": "subset", "arithmetic": "original"},
            **{"data": "surrogate", "out": str(tmp_path / "seed-7"), "leaves": "run"},
        }
    ] == process.jobs


def test_there_are_no_more_processes_than_tasks(rehearsed: Type[Rehearsed], tmp_path: Path) -> None:
    run_all([task(tmp_path, seed) for seed in (4, 5)], 16, lambda progress: None)

    assert len(rehearsed.started) <= 2


def test_a_process_that_did_not_answer_to_its_end_is_not_used_again(rehearsed: Type[Rehearsed], tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.task == first:
            raise KeyboardInterrupt

    first, second, third = (task(tmp_path, seed) for seed in (4, 5, 6))
    with closing(Pool(1, {"A": "b"}, interrupt)) as pool:
        with pytest.raises(KeyboardInterrupt):
            pool.submit(first).result()
        assert [None, None] == [pool.submit(each).result() for each in (second, third)]
    assert [[4], [5, 6]] == [[job["seed"] for job in process.jobs] for process in rehearsed.started]
    assert [({"A": "b"}, True)] * 2 == [(process.environment, process.closed) for process in rehearsed.started]


def test_a_pool_that_is_closed_begins_no_more_runs(
    rehearsed: Type[Rehearsed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, killed = threading.Event(), threading.Event()

    def wait(progress: Progress) -> None:
        begun.set()
        killed.wait(60)

    monkeypatch.setattr(rehearsed, "kill", lambda self: killed.set())
    with closing(Pool(1, watch=wait)) as pool:
        futures = [pool.submit(task(tmp_path, seed)) for seed in (4, 5)]
        begun.wait(60)
    assert [None, "this run was not begun"] == [getattr(each.result(), "what", None) for each in futures]
    assert [[4]] == [[job["seed"] for job in process.jobs] for process in rehearsed.started]


def test_cores_are_those_that_this_process_may_use() -> None:
    usable = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, usable[:1])
    try:
        assert 1 == cores()
    finally:
        os.sched_setaffinity(0, usable)


def test_a_worker_that_cannot_start_fails_the_run_and_not_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "mnist_repro"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError('not whole')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    only = task(tmp_path, 0)
    failure = run_all([only], 1, lambda progress: None)[only]

    assert failure is not None
    assert "the process of this run ended with exit code 1" == failure.what
    assert failure.why.endswith("ImportError: not whole")
    assert failure.fix.startswith("the last of its words say what to mend; ")
    assert isinstance(failure, RunFailedError)


def test_no_tasks_no_processes() -> None:
    assert {} == run_all([], 4, lambda progress: None)


BLACK = made_up.dataset("mnist")


def job(folder: Path, leaves: str, **changes: Any) -> Dict[str, Any]:
    return {
        **{"recipe": "wheel-softmax", "seed": 7, "scale": "subset", "arithmetic": "framework"},
        **{"data": "surrogate", "out": str(folder), "leaves": leaves, **changes},
    }


def test_a_run_alone_is_one_file(dataset: Dataset, tmp_path: Path) -> None:
    reports: List[Dict[str, int]] = []
    workers.make_run(job(tmp_path, RUN), dataset, lambda **report: reports.append(report))
    made = run_json.read(tmp_path)

    assert ["run.json"] == listed(tmp_path)
    assert ("wheel-softmax", 7, "subset", "framework") == (made.recipe, made.seed, made.scale, made.arithmetic)
    # 79 steps an epoch.
    assert ({"done": 0, "total": 237}, {"done": 237, "total": 237}) == (reports[0], reports[-1])


def test_both_components_work_on_the_same_folder_and_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: List[Any] = []
    monkeypatch.setattr(workers, "train_into", lambda *arguments: done.append(arguments[:3]))
    monkeypatch.setattr(workers, "estimate", lambda *arguments, out: done.append((*arguments, out)))
    workers.make_run(job(tmp_path, COMPONENTS), BLACK, lambda **report: None)
    [(folder, assignment, trained_on), (weights, recipe, scored_on, images, out)] = done

    assert (tmp_path, tmp_path / "param.hdf5", tmp_path) == (folder, weights, out)
    assert ("wheel-softmax", 7, "subset", "framework") == (
        *(assignment.recipe.name, assignment.seed),
        *(assignment.scale, assignment.arithmetic),
    )
    assert ("wheel-softmax", 10_000) == (recipe.name, images)
    assert trained_on is scored_on is BLACK


def test_a_fingerprint_is_taken_in_that_arithmetic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: List[Any] = []
    monkeypatch.setattr(fingerprint, "take", lambda *arguments: arguments)
    monkeypatch.setattr(fingerprint, "write", lambda *arguments: taken.append(arguments))
    workers.make_run(job(tmp_path, FINGERPRINT), BLACK, lambda **report: None)
    [((recipe, data, arithmetic), folder)] = taken

    assert (tmp_path, "wheel-softmax", "framework", True) == (folder, recipe.name, arithmetic, data is BLACK)


def test_a_folder_that_cannot_be_written_is_refused_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(workers, "train", pytest.fail)
    with pytest.raises(BadInput, match="is not a folder"):
        workers.make_run(job(tmp_path / "file", RUN), BLACK, lambda **report: None)


TAKEN = TakenFingerprint("vgg7", "mnist", "framework", {"steps": 9380}, {"loss of step 1": 2.5}, {"machine": "here"})


class Here:
    """In the place of a worker process: it answers in this one, or dies."""

    def __init__(self, module: str) -> None:
        assert "execution.workers" == module

    def ask(self, job: Dict[str, Any]) -> Any:
        if not job:
            return {"machine": "here"}
        if job["data"] == "deadly":
            raise DiedError(-9, "its last words were:\n    ouch")
        assert ("vgg7", "framework", "surrogate", FINGERPRINT) == (
            *(job["recipe"], job["arithmetic"]),
            *(job["data"], job["leaves"]),
        )
        fingerprint.write(TAKEN, Path(job["out"]))
        return None

    def close(self) -> None:
        pass


def test_another_process_gives_its_provenance_and_the_fingerprint_of_a_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "Process", Here)

    assert {"machine": "here"} == workers.provenance_there()
    assert TAKEN == workers.take_fingerprint(find("vgg7"), "surrogate", "framework")


def test_a_process_that_died_with_a_fingerprint_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "Process", Here)
    what, why, _ = refused(lambda: workers.take_fingerprint(find("vgg7"), "deadly", "original"))

    assert "the process that takes the fingerprint of vgg7 was killed by signal 9" == what
    assert "its last words were:\n    ouch" == why


def test_a_process_that_died_before_it_reported_its_tensorflow_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(self: Here, job: Dict[str, Any]) -> None:
        raise DiedError(-9, "its last words were:\n    ouch")

    monkeypatch.setattr(workers, "Process", Here)
    monkeypatch.setattr(Here, "ask", dies)
    what, _, _ = refused(workers.provenance_there)

    assert "the process that reports its TensorFlow was killed by signal 9" == what


@pytest.mark.parametrize("printed", ["hello", "1"])
@pytest.mark.parametrize("ask", [provenance_there, lambda: take_fingerprint(find("vgg7"), "surrogate", "original")])
def test_a_python_that_prints_at_its_start_is_said(
    ask: Callable[[], object], printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"print('{printed}', flush=True)\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    what, _, fix = refused(ask)

    assert what.startswith("the process that ")
    assert what.endswith(" could not be used")
    command = shlex.split(fix.partition("type ")[2].partition(":")[0])
    assert f"{printed}\n".encode() == subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
