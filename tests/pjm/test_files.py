"""A file is whole or as it was, on the disk before anything points to it, and nothing is left beside it; locks."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

import pytest

from pjm import files


def test_a_file_is_on_the_disk_before_it_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, synced = tmp_path / "job.json", []

    def fsync(handle: int) -> None:
        synced.append((os.fstat(handle).st_size, file.exists()))

    monkeypatch.setattr(os, "fsync", fsync)

    files.write_whole(file, "whole\n")

    assert [(6, False)] == synced
    assert "whole\n" == file.read_text()


def test_what_is_soon_replaced_need_not_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: List[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)

    files.write_json(tmp_path / "jobs.json", {}, lasting=False)

    assert [] == synced


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "job.json"
    file.write_text("old\n")

    def fsync(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)

    with pytest.raises(OSError, match="No space left"):
        files.write_whole(file, "new\n")
    assert {file: "old\n"} == {each: each.read_text() for each in tmp_path.iterdir()}


@pytest.mark.parametrize("mask", [0o777, 0o022, 0])
def test_a_file_is_its_owners_alone_whatever_umask_a_test_has_left(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        files.write_whole(tmp_path / "durations.json", "{}\n")
    finally:
        os.umask(before)

    assert 0o600 == stat.S_IMODE((tmp_path / "durations.json").stat().st_mode)


@pytest.mark.parametrize("inherited", [True, False])
def test_a_child_keeps_a_lock_that_it_inherits_and_no_other(inherited: bool, tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w+") as ours:
        assert files.try_lock(ours.fileno(), inherited)
        words = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        child = subprocess.Popen(words, stdin=subprocess.PIPE, pass_fds=(ours.fileno(),))
    with (tmp_path / "lock").open("w+") as again:
        free = files.try_lock(again.fileno(), inherited)
        child.communicate()

        assert (not inherited, True) == (free, files.try_lock(again.fileno(), inherited))


@pytest.mark.parametrize("name", [b"caf\xe9", "富岳".encode(), b"plain"])
@pytest.mark.parametrize(
    "locale", [{}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}], ids=["this one", "ASCII"]
)
def test_names_of_files_are_written_byte_for_byte_whatever_the_locale_is(name: bytes, locale: Dict[str, str]) -> None:
    ours = "import os, sys; from pjm.files import system_bytes; os.write(1, system_bytes(f'{sys.argv[1]}\\n\\u5bcc'))"

    done = subprocess.run(
        [sys.executable, "-c", ours, name],
        env={**os.environ, "PYTHONPATH": str(Path(files.__file__).parents[1]), **locale},
        stdout=subprocess.PIPE,
        check=True,
    )

    assert name + "\n富".encode() == done.stdout


@pytest.mark.parametrize(
    ("mode", "of_folder", "expected"),
    [(0o700, True, False), (0o770, True, True), (0o1777, True, False), (0o644, False, False), (0o666, False, True)],
)
def test_what_others_may_change_or_replace_is_known(mode: int, of_folder: bool, expected: bool, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir() if of_folder else place.touch()
    place.chmod(mode)

    assert expected == files.writable_by_others(place)
