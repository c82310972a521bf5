"""The command line `pjm`: help, exit codes, and an output that cannot be written."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import List, Tuple

import pytest

import pjm
from pjm.cli import main
from pjm.errors import BadInput
from pjm.sessions import index


def test_without_a_command_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main([])
    assert "pjm clean --ended" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["sessions", "show", "log", "wait", "cancel", "clean"])
def test_the_help_of_each_command_has_examples_and_exit_codes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])

    said = capsys.readouterr().out
    assert f"examples:\n  pjm {command}" in said
    assert "Exit codes: 0 done, 2 bad input" in said or "Exit codes: those of pytest, 2 also for bad input" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full: nothing stands for a full disk")
@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("show", "--help"), ()])
def test_a_help_text_on_a_full_disk(arguments: Tuple[str, ...]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "pjm", *arguments],
            # Without a buffer, argparse itself meets the full disk, and keeps that to itself.
            env={**os.environ, "PYTHONUNBUFFERED": ""},
            cwd=str(Path(pjm.__file__).resolve().parents[1]),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    assert (
        2,
        f"pjm: cannot go on: {os.strerror(errno.ENOSPC)}\n"
        "  why: the help text cannot be written there\n"
        "  next: free some space, or name another place\n",
    ) == (ended.returncode, ended.stderr)


def test_standard_output_may_be_closed(tmp_path: Path) -> None:
    # Only a shell can start a program so.
    ended = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "pjm", "sessions", "--workdir", str(tmp_path)],
        cwd=str(Path(pjm.__file__).resolve().parents[1]),
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert (0, "") == (ended.returncode, ended.stderr)


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (BadInput("what", "why", "fix"), 2)])
def test_how_a_command_ends_is_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    def fail(workdir: Path) -> List[str]:
        raise error

    monkeypatch.setattr(index, "identities", fail)

    assert code == main(["sessions", f"--workdir={tmp_path}"])


def test_a_reader_that_has_left_ends_a_command_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(workdir: Path) -> List[str]:
        raise BrokenPipeError

    monkeypatch.setattr(index, "identities", fail)
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # it is replaced, so that Python can flush it

    assert 0 == main(["sessions", f"--workdir={tmp_path}"])

    sys.stdout.close()
