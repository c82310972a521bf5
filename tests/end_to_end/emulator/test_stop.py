"""The end of an emulator, of the command it was made for, and what is said where there is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Callable, List

import pytest

from pjm import emulator
from pjm.cli import main
from pjm.emulator.machine.folder import Folder
from pjm.emulator.machine.store import Store
from pjm.emulator.running import alive
from tests.builders.emulated import PATIENCE, WAIT, Emulated

# The signal comes when the command has been started and nothing else has happened yet.
TERMINATED_AT_ONCE = """
import os, signal, subprocess, sys
from pjm.cli import main
real = subprocess.Popen
def popen(*words, **how):
    process = real(*words, **how)
    os.kill(os.getpid(), signal.SIGTERM)
    return process
subprocess.Popen = popen
sys.exit(main(sys.argv[1:]))
"""


def test_two_that_stop_an_emulator_do_not_tread_on_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator.environment(tmp_path / "emulator")
    Store(Folder(tmp_path / "emulator").database).close()
    asked: List[bool] = []

    def is_dead(place: Folder) -> bool:
        asked.append(place.leave.exists())
        place.leave.unlink(missing_ok=True)  # as the other one does when it is done
        return len(asked) > 2

    monkeypatch.setattr(alive, "is_dead", is_dead)

    assert emulator.stop(tmp_path / "emulator")
    assert [False, True, True, False] == asked


def test_sigterm_is_passed_on_from_the_beginning(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", TERMINATED_AT_ONCE, "emulator", "run", "--", "sleep", "61.25"],
        env={**os.environ, "PYTHONPATH": str(Path(emulator.__file__).parents[2]), "TMPDIR": str(tmp_path)},
        timeout=PATIENCE,
        check=False,
    )

    assert 128 + signal.SIGTERM == ended.returncode
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("jobs", [True, False])
def test_what_is_left_after_a_while_is_said(
    making: Callable[..., Emulated], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], jobs: bool
) -> None:
    ours = making()
    if jobs:
        ours.wait_for(ours.submit(WAIT), "RUN")
    monkeypatch.setattr("pjm.emulator.command.stop", lambda folder, patience: False)

    assert 1 == main(["emulator", "stop", f"--dir={ours.folder}"])

    left = "these jobs are left: 48000001 (RUN)" if jobs else "a process is left"
    said = capsys.readouterr().err
    assert f"pjm emulator stop: after 60 s {left}; type it again, or see {ours.folder / 'daemon.log'}\n" == said
