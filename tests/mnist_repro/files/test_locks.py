"""One process at a time: a lock keeps the others out, and is gone with its process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.files import locks
from mnist_repro.files.locks import alone_in, locked
from tests.builders.command_line import environment, listed

HOLD = """
import sys
from pathlib import Path
from mnist_repro.files.locks import alone_in, locked
place = Path(sys.argv[1])
with locked(place / ".private", "vgg7", "full"), alone_in(place / "run"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def held_elsewhere(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds both kinds of lock; it is killed at the end."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    with holder:
        assert holder.stdout is not None
        assert "held\n" == holder.stdout.readline()
        yield holder
        holder.kill()


def lock(folder: Path, rung: str) -> None:
    with locked(folder / ".private", "vgg7", rung):
        pass


def train(folder: Path) -> None:
    with alone_in(folder / "run"):
        pass


def test_two_processes_do_not_train_into_one_folder(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path):
        with pytest.raises(BadInput) as caught:
            train(tmp_path)
        assert (
            f"another process is training into {tmp_path / 'run'}",
            "the files of two runs would replace each other",
            "--out another folder, or wait until it has finished",
        ) == caught.value.args
        assert [] == listed(tmp_path / "run")

    # The holder was killed: its lock is gone, and its folder is used.
    train(tmp_path)


def test_a_lock_names_its_holder_and_keeps_nobody_from_another_rung(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as holder:
        with pytest.raises(BadInput) as caught:
            lock(tmp_path, "full")
        assert (
            f"process {holder.pid} is recording or accepting vgg7 full in {tmp_path}",
            "two at once could each undo what the other wrote",
            f"wait until it has finished (ps {holder.pid}), then type the command again",
        ) == caught.value.args
        lock(tmp_path, "subset")

    lock(tmp_path, "full")
    assert [".gitignore", "vgg7-full.lock", "vgg7-subset.lock"] == listed(tmp_path / ".private")


def test_a_new_folder_that_stays_empty_is_removed_and_any_other_is_not(tmp_path: Path) -> None:
    with alone_in(tmp_path / "deeper" / "new"):
        assert ["new"] == listed(tmp_path / "deeper")
    assert [] == listed(tmp_path / "deeper")

    with alone_in(tmp_path / "deeper"):
        pass
    with alone_in(tmp_path / "used"):
        (tmp_path / "used" / "file").touch()
    assert ["deeper", "used"] == listed(tmp_path)


def test_where_the_file_system_has_no_locks_nothing_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int) -> bool:
        raise OSError(os.strerror(37))

    monkeypatch.setattr(locks, "try_lock", refuse)
    with alone_in(tmp_path / "new"), alone_in(tmp_path / "new"):
        pass

    # Another process may be about to write there.
    assert ["new"] == listed(tmp_path)
