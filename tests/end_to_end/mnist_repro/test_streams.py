"""Whatever the streams of `mnist-repro` are connected to: nobody, a full disk, another encoding."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path
from typing import Tuple

import pytest

import mnist_repro
from mnist_repro.data.locate import SURROGATE_NOTICE
from mnist_repro.errors import ExitCode
from tests.builders.command_line import command, environment, run_alone, start
from tests.builders.processes import PATIENCE


def test_a_reader_that_leaves_is_no_error_and_no_success() -> None:
    process = start("data", "info", "--data", "surrogate", MNIST_REPRO_OFFLINE="1")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()

    assert (ExitCode.UNREAD, "") == (process.wait(PATIENCE), err.replace(SURROGATE_NOTICE, ""))


NO_SPACE = f"""\
mnist-repro: cannot go on: {os.strerror(errno.ENOSPC)}
  why: the operating system refused it
  next: free some space, or name another place
"""


def onto_a_full_disk(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """A command whose standard output has no room; ``changes`` are those of its environment."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        return subprocess.run(
            command(*arguments),
            env=environment(changes),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full: nothing stands for a full disk")
def test_standard_output_on_a_full_disk() -> None:
    ended = onto_a_full_disk("data", "info", "--data", "surrogate", MNIST_REPRO_OFFLINE="1")

    assert (2, NO_SPACE) == (ended.returncode, ended.stderr.replace(SURROGATE_NOTICE, ""))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full: nothing stands for a full disk")
@pytest.mark.parametrize("arguments", [("--version",), ("reproduce", "--help")])
def test_a_help_text_on_a_full_disk(arguments: Tuple[str, ...]) -> None:
    # Without a buffer, argparse itself meets the full disk, and keeps that to itself.
    ended = onto_a_full_disk(*arguments, PYTHONUNBUFFERED="")

    assert (2, NO_SPACE) == (ended.returncode, ended.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full: nothing stands for a full disk")
@pytest.mark.parametrize(
    ("arguments", "code"), [(("data", "verify", "--data", "nowhere"), 2), (("power", "--list"), 0), (("train",), 2)]
)
def test_standard_error_on_a_full_disk_does_not_change_the_exit_code(arguments: Tuple[str, ...], code: int) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = subprocess.run(
            command(*arguments),
            env=environment({"MNIST_REPRO_OFFLINE": "1"}),
            stdout=subprocess.PIPE,
            stderr=full,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )

    assert (code, code != 0) == (ended.returncode, ended.stdout == "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(closed: str, tmp_path: Path) -> None:
    # Only a shell can start a program so.
    script = tmp_path / "start"
    script.write_text(f'exec "$@" {closed}\n', encoding="utf-8")
    ended = subprocess.run(
        ["/bin/sh", str(script), *command("data", "verify", "--data", str(tmp_path / "nowhere"))],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )

    assert (2, "") == (ended.returncode, ended.stdout)
    assert ("2>&-" in closed) == (ended.stderr == "")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_names_that_the_terminal_cannot_show(encoding: str, tmp_path: Path) -> None:
    place = tmp_path / "数字"
    ended = run_alone("data", "info", "--data", place, PYTHONIOENCODING=encoding, MNIST_REPRO_OFFLINE="1")

    assert (2, f"--data: {tmp_path}/\\u6570\\u5b57") == (ended.code, ended.out.splitlines()[0])
    assert f"mnist-repro: there is no {tmp_path}/\\u6570\\u5b57 " in ended.err


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    place = tmp_path / os.fsdecode(b"\xff\xfe")
    ended = run_alone("data", "info", "--data", place, MNIST_REPRO_OFFLINE="1")

    assert (2, f"--data: {tmp_path}/\\udcff\\udcfe") == (ended.code, ended.out.splitlines()[0])


def test_the_current_folder_is_not_imported_from(tmp_path: Path) -> None:
    for name in ("json", "numpy", "mnist_repro"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the current folder')", encoding="utf-8")

    assert f"mnist-repro {mnist_repro.__version__}\n" == run_alone("--version", cwd=tmp_path).out
