"""A submission is under way until the last process that submits has ended, whatever became of the client."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pjm import emulator
from pjm.batch import submission_lock
from pjm.batch.host import LocalHost


def begun_elsewhere(folder: Path, host: str, time: float) -> None:
    (folder / submission_lock.LOCK).write_text(json.dumps({"host": host, "time": time}))


def test_it_lasts_as_long_as_a_process_that_inherited_it(tmp_path: Path) -> None:
    before = submission_lock.lasts(tmp_path, 0)
    with submission_lock.begin(tmp_path, 0) as mark:
        words = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, pass_fds=(mark,))
    meanwhile = submission_lock.lasts(tmp_path, 0)
    process.communicate()

    assert (False, True, False) == (before, meanwhile, submission_lock.lasts(tmp_path, 0))


def test_a_command_leaves_it_to_its_children(tmp_path: Path) -> None:
    script = f"(read line < {tmp_path}/stop) & exit 0"
    os.mkfifo(tmp_path / "stop")

    with submission_lock.begin(tmp_path, 0) as mark:
        assert 0 == LocalHost().run(["bash", "-c", script], 60, tmp_path, (mark,)).code

    assert submission_lock.lasts(tmp_path, 0)
    (tmp_path / "stop").write_text("\n")


def test_the_daemon_of_the_emulator_does_not_inherit_it(tmp_path: Path) -> None:
    variables = emulator.environment(tmp_path / "emulator", nodes=1)
    (tmp_path / "job.sh").write_text("#!/bin/bash\n#PJM -L node=1,elapse=60\nsleep 3\n")

    with submission_lock.begin(tmp_path, 0) as mark:
        high = fcntl.fcntl(mark, fcntl.F_DUPFD, 300)  # as of a client that has many files open
        done = LocalHost({**os.environ, **variables}).run(["pjsub", "job.sh"], 60, tmp_path, (high,))
        os.close(high)

    assert 0 == done.code, done.text
    assert not submission_lock.lasts(tmp_path, 0)
    emulator.stop(tmp_path / "emulator")


def test_what_began_on_another_machine_counts_for_as_long_as_it_may_take(tmp_path: Path) -> None:
    begun_elsewhere(tmp_path, "login9", 1000.0)

    assert [True, False] == [submission_lock.lasts(tmp_path, 1000.0 + passed) for passed in (599.0, 601.0)]


def test_where_there_is_no_locking_the_time_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int, how: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with submission_lock.begin(tmp_path, 1000.0):
        pass

    assert [True, False] == [submission_lock.lasts(tmp_path, 1000.0 + passed) for passed in (599.0, 601.0)]


def test_a_client_that_died_before_it_could_start_anything_has_left_nothing_to_wait_for(tmp_path: Path) -> None:
    (tmp_path / submission_lock.LOCK).touch()

    assert not submission_lock.lasts(tmp_path, 0)
