"""Commands run in a session of their own, without a shell, and are killed with their children when they hang."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import pjm
from pjm.batch.host import Answer, HungError, LocalHost, NotStartedError, command_lines, spans
from tests.builders.processes import alive, until


def command(folder: Path, name: str, text: str) -> LocalHost:
    path = folder / name
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)
    return LocalHost({**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})


def test_both_streams_and_the_exit_code_are_read(tmp_path: Path) -> None:
    host = command(tmp_path, "say", 'cat; echo "$1"; pwd; printf "\\xff" >&2; exit 3')
    (tmp_path / "there").mkdir()

    answer = host.run(["say", "$(id) a b"], 10, tmp_path / "there")

    assert Answer(3, f"$(id) a b\n{tmp_path}/there\n", "�") == answer
    assert f"$(id) a b\n{tmp_path}/there\n\n�" == answer.text


def test_a_command_reads_nothing_of_what_is_typed_to_us() -> None:
    ours = "from pjm.batch.host import LocalHost; print(repr(LocalHost().run(['cat'], 10).out))"

    done = subprocess.run(
        [sys.executable, "-c", ours],
        input="typed",
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(pjm.__file__).parent.parent)},
    )

    assert "''\n" == done.stdout


def test_a_command_that_is_not_there_is_told_from_one_that_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(NotStartedError, match="no pjsub on PATH") as missing:
        LocalHost({"PATH": str(tmp_path)}).run(["pjsub"], 10)
    with pytest.raises(NotStartedError, match="cannot be started") as failed:
        command(tmp_path, "say", "true").run(["say"], 10, tmp_path / "gone")

    assert (True, False) == (missing.value.missing, failed.value.missing)


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    child = tmp_path / "child"
    host = command(tmp_path, "hang", f"sleep 600 & echo $! > {child}; wait")
    begun = time.monotonic()

    # A slow machine may not get as far as to the child within a second.
    for seconds in (1, 5, 25):
        with pytest.raises(HungError, match=f"hang did not answer within {seconds} s"):
            host.run(["hang"], seconds)
        if child.exists() and child.read_text():
            break

    assert time.monotonic() - begun < 300
    assert gone(int(child.read_text()))


def test_a_child_that_stays_behind_does_not_hold_us_up(tmp_path: Path) -> None:
    host = command(tmp_path, "leave", f"sleep 600 & echo $! > {tmp_path}/child; echo done")
    begun = time.monotonic()

    assert Answer(0, "done\n", "") == host.run(["leave"], 300)

    assert time.monotonic() - begun < 300
    os.kill(int((tmp_path / "child").read_text()), 9)


def test_a_command_ended_by_a_signal_has_a_negative_code(tmp_path: Path) -> None:
    assert Answer(-9, "", "") == command(tmp_path, "die", "kill -9 $$").run(["die"], 10)


def gone(process: int) -> bool:
    """Whether a process that we did not start ends soon; a zombie that nobody has waited for counts."""
    return until(lambda: not alive(process))


def test_words_are_split_into_as_few_command_lines_as_are_allowed() -> None:
    words = ["x" * 999] * 250

    lines = list(command_lines(words))

    assert [100, 100, 50] == [len(line) for line in lines]
    assert [] == list(command_lines([]))


def test_neighbours_are_spans() -> None:
    assert ["0-2", "5", "7-8"] == spans([5, 1, 0, 2, 2, 8, 7])
