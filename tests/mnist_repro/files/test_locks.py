"""One process at a time: a lock keeps the others out, and is gone with its process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

from mnist_repro.files import locks
from mnist_repro.files.locks import alone_in, locked
from tests.builders.command_line import environment, listed
from tests.builders.refused import refused

HOLD = """
import sys
from pathlib import Path
from mnist_repro.files.locks import alone_in, locked
place = Path(sys.argv[1])
with locked(place / ".private", "vgg7/full"), alone_in(place / "run"):
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
    with locked(folder / ".private", f"vgg7/{rung}"):
        pass


def train(folder: Path) -> None:
    with alone_in(folder / "run"):
        pass


def test_what_another_process_holds_is_refused_until_it_is_gone(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as holder:
        training, recording = (
            refused(call, DIR=tmp_path)[0] for call in (lambda: train(tmp_path), lambda: lock(tmp_path, "full"))
        )
        assert [] == listed(tmp_path / "run")
        # Another rung is free.
        lock(tmp_path, "subset")

    assert "another process is training into DIR/run" == training
    assert f"process {holder.pid} is recording or accepting vgg7/full in DIR" == recording
    # The holder was killed: its locks are gone, and its folder is used.
    train(tmp_path)
    lock(tmp_path, "full")
    assert [".gitignore", "vgg7~full.lock", "vgg7~subset.lock"] == listed(tmp_path / ".private")


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


def test_a_folder_that_cannot_be_made_for_lack_of_room_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)

    def enter() -> None:
        with alone_in(tmp_path / "run"):
            pass

    assert "cannot write DIR/run: No space left on device" == refused(enter, DIR=tmp_path)[0]
    first = refused(lambda: lock(tmp_path, "full"), DIR=tmp_path)[0]
    assert "cannot write DIR/.private: No space left on device" == first
