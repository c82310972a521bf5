"""A client that knows nothing of us, dpdispatcher with its batch type Fugaku, runs tasks to their end on the emulator.

In an environment of its own: `tox -e dpdispatcher`. It writes `pjsub` scripts, asks `pjstat ID` and `pjstat -H ID`, and
reads the answers by position.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest
from dpdispatcher import Machine, Resources, Submission, Task  # type: ignore[import-not-found,unused-ignore]

from pjm import emulator


@pytest.fixture
def emulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An emulator's commands on PATH."""
    folder = tmp_path / "emulator"
    for name, value in emulator.environment(folder).items():
        monkeypatch.setenv(name, value)
    yield folder
    assert emulator.stop(folder, 120)


def submission(folder: Path, *commands: str) -> Submission:
    """Tasks in folders of their own, each with an input to take along and a result to bring back."""
    local, remote = folder / "local", folder / "remote"
    remote.mkdir(exist_ok=True)
    tasks = []
    for number, command in enumerate(commands):
        place = local / str(number)
        place.mkdir(parents=True, exist_ok=True)
        (place / "input").write_text(f"{number}\n")
        tasks.append(Task(command, str(number), ["input"], ["result"], outlog="out", errlog="err"))
    machine = Machine(batch_type="Fugaku", context_type="LocalContext", local_root=str(local), remote_root=str(remote))
    resources = Resources(number_node=1, cpu_per_node=4, gpu_per_node=0, queue_name="small", group_size=1)
    return Submission(work_base=".", machine=machine, resources=resources, task_list=tasks)


def test_tasks_run_to_their_end_as_jobs(emulated: Path, tmp_path: Path) -> None:
    submission(tmp_path, *["cat input input > result"] * 2).run_submission(check_interval=1)

    assert ["0\n0\n", "1\n1\n"] == [(tmp_path / "local" / str(number) / "result").read_text() for number in (0, 1)]
    assert ["EXT", "EXT"] == [job.state for job in emulator.jobs(emulated)]
    assert 2 == len(emulator.calls(emulated, "pjsub"))
    assert all(call.exit == 0 for call in emulator.calls(emulated))


def test_a_task_that_fails_once_is_submitted_again(emulated: Path, tmp_path: Path) -> None:
    once = "test -e ../tried && cp input result || { touch ../tried; false; }"

    submission(tmp_path, once).run_submission(check_interval=1)

    assert "0\n" == (tmp_path / "local" / "0" / "result").read_text()
    assert 2 == len(emulator.calls(emulated, "pjsub"))
