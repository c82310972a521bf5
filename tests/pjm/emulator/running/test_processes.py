"""The processes of a job, all of them; a killed daemon is replaced by the next command; and an emulator ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import List

import pytest

from pjm import emulator
from pjm.emulator.machine.folder import Folder
from pjm.emulator.machine.store import Store
from pjm.emulator.running import processes
from tests.builders.emulated import WAIT, Emulated, kill
from tests.builders.processes import alive, until


def test_processes_are_found_by_their_mark_and_killed_with_their_group(tmp_path: Path) -> None:
    value = processes.mark(tmp_path, "12.0")
    marked, other = (
        subprocess.Popen(["/bin/sleep", "60"], env={**os.environ, processes.MARK: mark}, start_new_session=True)
        for mark in (value, f"{value}0")
    )
    grouped = subprocess.Popen(["/bin/sleep", "60"], start_new_session=True)
    until(lambda: [marked.pid] == processes.of(value))

    processes.send(value, grouped.pid, signal.SIGKILL)

    assert [-signal.SIGKILL] * 2 == [marked.wait(), grouped.wait()]
    assert None is other.poll()
    other.kill()
    other.wait()


def test_nothing_of_a_job_survives_it(pjm: Emulated) -> None:
    # One in a session of its own, the other with an environment of its own.
    sleeper = "/bin/sh -c 'echo $$ > {0}; exec sleep 600' &\n"
    job = pjm.submit("setsid " + sleeper.format("one") + "env -i " + sleeper.format("two") + WAIT)
    processes = [pjm.written(name).strip() for name in ("one", "two")]
    assert all(map(alive, processes))
    pjm.go()
    pjm.ended(job)

    until(lambda: not any(map(alive, processes)))


def test_the_next_command_revives_a_killed_daemon_and_running_jobs_run_on(pjm: Emulated) -> None:
    jobs = [pjm.submit("echo began >> ran; sleep 0.3; echo ended >> ran") for _ in range(6)]
    for _ in range(8):
        kill(pjm.daemon())
        pjm.rows()
        time.sleep(0.05)

    assert [0] * 6 == [row.ec for row in pjm.ended(*jobs)]
    assert [1] * 6 == [job.starts for job in emulator.jobs(pjm.folder)]
    assert sorted(["began"] * 6 + ["ended"] * 6) == sorted(pjm.read("ran").split())


def test_whoever_reads_from_a_command_does_not_wait_for_the_daemon(pjm: Emulated) -> None:
    pjm.script(WAIT)
    read, write = os.pipe()
    # As a shell's `3>&1` does: the command has it, and whatever it starts might.
    process = subprocess.Popen(
        [str(pjm.folder / "bin" / "pjsub"), "job.sh"],
        cwd=str(pjm.work),
        env={**os.environ, **pjm.variables},
        stdout=subprocess.DEVNULL,
        pass_fds=[write],
    )
    os.close(write)
    process.wait()
    pjm.wait_for("48000001", "RUN")

    assert select.select([read], [], [], 0)[0]
    assert b"" == os.read(read, 1)
    os.close(read)


def test_two_that_stop_an_emulator_do_not_tread_on_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator.environment(tmp_path / "emulator")
    Store(Folder(tmp_path / "emulator").database).close()
    asked: List[bool] = []

    def is_dead(place: Folder) -> bool:
        asked.append(place.leave.exists())
        place.leave.unlink(missing_ok=True)  # as the other one does when it is done
        return len(asked) > 2

    monkeypatch.setattr(processes, "is_dead", is_dead)

    assert emulator.stop(tmp_path / "emulator")
    assert [False, True, True, False] == asked


def test_a_daemon_that_was_just_starting_is_asked_to_leave_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator.environment(tmp_path / "emulator")
    Store(Folder(tmp_path / "emulator").database).close()
    # Dead at the first look; then the new daemon has its lock, until it leaves.
    answers = iter([True, False, False, True, True])
    monkeypatch.setattr(processes, "is_dead", lambda place: next(answers))

    assert emulator.stop(tmp_path / "emulator")
    assert [] == list(answers)
