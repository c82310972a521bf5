"""What a message tells its reader to type works where it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pjm import suggest


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".pjm").mkdir()
    (tmp_path / "tests").mkdir()
    monkeypatch.chdir(tmp_path / "tests")
    return tmp_path


def test_the_folder_that_is_found_anyway_is_not_named(project: Path) -> None:
    assert "pytest --fugaku-resume=1" == suggest.resume(project / ".pjm" / "1")
    assert "pjm clean 1" == suggest.pjm("clean 1", project / ".pjm")


def test_the_folder_of_the_users_own_settings_is_found_anyway(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config" / "pytest-pjm" / "settings.ini"
    file.parent.mkdir(mode=0o700, parents=True)
    file.touch(mode=0o600)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for text, folder in (
        (f"fugaku_workdir = {tmp_path}/all", tmp_path / "all"),
        ("fugaku_workdir = .jobs", Path(".jobs")),
    ):
        file.write_text(f"[pytest]\n{text}\n")

        assert folder == suggest.nearest()
        assert "pjm clean 1" == suggest.pjm("clean 1", folder)
        assert f"pjm clean 1 --workdir={project}/.pjm" == suggest.pjm("clean 1", project / ".pjm")

    (project / ".jobs").mkdir()

    assert project / ".jobs" == suggest.nearest()


def test_another_folder_is_named_whole(project: Path) -> None:
    assert f"pytest --fugaku-resume=1 --fugaku-workdir='{project}/a b'" == suggest.resume(project / "a b" / "1")
    assert f"pjm clean 1 --workdir='{project}/a b'" == suggest.pjm("clean 1", project / "a b")


def test_a_message_names_the_folder_where_the_users_own_settings_are_wrong(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project / "pytest-pjm" / "settings.ini"
    file.parent.mkdir()
    file.write_text("[pytest]\nfugaku_gruop = 1\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(project))

    assert suggest.pjm("show", project / ".pjm").startswith("pjm show --workdir=")
