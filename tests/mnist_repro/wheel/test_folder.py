from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.wheel.folder import archive, write
from tests.builders.command_line import listed
from tests.builders.wheel_format import contents, git, import_archive, import_repository

FILES = {
    ".gitignore": "wheel.log\n",
    "prj.wheel.json": '{"name": "mine", "state": "not-started"}\n',
    "cmp.wheel.json": '{"state": "not-started", "type": "workflow"}\n',
    "a/cmp.wheel.json": '{"state": "not-started", "type": "task", "host": "fugaku"}\n',
    "a/run.sh": "#!/bin/bash\necho ä\n",
    "a/empty": "",
    "a.b/c/d": "sorted in front of a/ by git\n",
}
FEW = {"prj.wheel.json": "{}\n", "train/run.sh": "#!/bin/bash\n"}


def test_scripts_can_be_executed_and_other_files_cannot(tmp_path: Path) -> None:
    write(tmp_path / "new" / "a.wheel", FEW)

    assert ["a.wheel"] == listed(tmp_path / "new")
    modes = {name: (tmp_path / "new" / "a.wheel" / name).stat().st_mode & 0o777 for name in FEW}
    assert {"prj.wheel.json": 0o644, "train/run.sh": 0o755} == modes


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a.wheel"
    folder.mkdir()
    write(folder, FEW)

    with pytest.raises(BadInput, match="is there already"):
        write(folder, {"other": ""})
    assert (["prj.wheel.json", "train"], ["a.wheel"]) == (listed(folder), listed(tmp_path))


@pytest.mark.skipif(os.name != "posix", reason="names of files")
def test_what_cannot_be_written_is_one_message_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot write .*a\.wheel"):
        write(tmp_path / "a.wheel", {"first": "", "x" * 300: ""})
    assert [] == listed(tmp_path)


def packed(folder: Path) -> Path:
    file = folder / "mine.tgz"
    file.write_bytes(archive("mine", FILES))
    return file


def test_git_finds_the_repository_sound_and_nothing_changed(tmp_path: Path) -> None:
    subprocess.run(["/usr/bin/env", "tar", "-xf", str(packed(tmp_path)), "-C", str(tmp_path)], check=True)
    folder = tmp_path / "mine.wheel"

    assert "" == git(folder, "status", "--porcelain")
    assert "" == git(folder, "fsck", "--strict", "--no-progress")
    assert "100755" == git(folder, "ls-files", "--stage", "a/run.sh").split()[0]
    assert ["mnist-repro 2026-01-01"] == git(folder, "log", "--format=%an %as").splitlines()


def test_an_import_has_every_file_as_it_was(tmp_path: Path) -> None:
    assert FILES == contents(import_archive(packed(tmp_path), tmp_path / "in"))


def test_an_import_for_another_host_commits_that_and_loses_nothing(tmp_path: Path) -> None:
    imported = import_archive(packed(tmp_path), tmp_path / "in", host="here")

    assert '"host": "here"' in contents(imported)["a/cmp.wheel.json"]
    assert set(FILES) == set(contents(imported))
    assert "" == git(imported, "status", "--porcelain")


def test_a_repository_made_of_the_folder_is_imported_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "mine.wheel"
    write(folder, FILES)
    for words in (("init", "--quiet"), ("add", "."), ("-c", "user.name=a", "-c", "user.email=b", "commit", "-qm", "c")):
        git(folder, *words)

    assert FILES == contents(import_repository(f"file://{folder}", tmp_path / "in"))


def test_settings_of_git_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".gitconfig").write_text("[core]\n\tautocrlf = true\n[commit]\n\tgpgsign = true\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    file = packed(tmp_path)
    monkeypatch.delenv("GIT_DIR")

    assert FILES == contents(import_archive(file, tmp_path / "in"))


def test_without_git_no_archive_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BadInput, match=r"cannot be made\n.*git did not make one"):
        archive("mine", FILES)


def test_what_a_failing_git_writes_is_shown_in_any_encoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_bytes(b"#!/bin/sh\nprintf 'disque d\\351fectueux' >&2\nexit 1\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BadInput, match=r"git did not make one: disque d.fectueux"):
        archive("mine", FILES)
