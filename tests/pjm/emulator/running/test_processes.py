"""The processes of a job, all of them."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from pjm.emulator.running import processes
from tests.builders.emulated import WAIT, Emulated
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
