"""A killed daemon is replaced by the next command."""

from __future__ import annotations

import os
import select
import subprocess
import time

from pjm import emulator
from tests.builders.emulated import WAIT, Emulated, kill


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
