"""Settings of the user's own, in a file that belongs to no project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.fugaku_project import FugakuProject

TESTS = "@pytest.mark.fugaku\ndef test_it():\n    assert 'mine' == os.environ['WHOSE']\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, for this process and for those that it starts."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    file = tmp_path / "config" / "pytest-pjm" / "settings.ini"
    file.parent.mkdir(mode=0o700, parents=True)
    file.touch(mode=0o600)
    return file


def pjm(project: FugakuProject, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pjm", *words],
        cwd=project.path,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_they_hold_where_the_project_says_nothing_and_v_names_them(project: FugakuProject, own: Path) -> None:
    own.write_text(
        "[pytest]\nfugaku_prologue = export WHOSE=mine\nfugaku_retries = 7\nfugaku_elapse = 00:10:00\n"
        f"fugaku_workdir = {project.workdir}\n"
    )
    project.configure(retries=1)
    project.write(TESTS)

    ran = project.send("-v", "--fugaku-elapse=00:20:00")

    assert 0 == ran.code, ran.out
    assert f"fugaku: fugaku_prologue, fugaku_workdir from {own}\n" in ran.out
    assert "from" not in project.send("-q", "--fugaku-resume").out


def test_the_folder_of_sessions_that_they_name_is_found_by_everything(project: FugakuProject, own: Path) -> None:
    own.write_text("[pytest]\nfugaku_workdir = .jobs\n")
    project.write("@pytest.mark.fugaku\ndef test_it():\n    pass\n")

    left = project.send("--fugaku-detach")
    (session,) = (each for each in (project.path / ".jobs").iterdir() if (each / "session.json").exists())

    assert f"continue with: pytest --fugaku-resume={session.name}\n" in left.out
    assert pjm(project, "sessions").stdout.startswith(session.name)
    assert 0 == pjm(project, "wait").returncode
    assert {"passed": 1} == project.run("--fugaku-resume").counts()


def test_a_file_that_is_wrong_stops_fugaku_and_nothing_else(project: FugakuProject, own: Path) -> None:
    own.write_text("[pytest]\nfugaku_gruop = hp1\n")
    project.write(TESTS)

    plain, sent, shown = project.run(WHOSE="mine"), project.send(), pjm(project, "sessions")

    assert (0, {"passed": 1}) == (plain.code, plain.counts()), plain.out
    message = f"{own} has 'fugaku_gruop'\n  why: it is no setting of pytest --fugaku\n  next: call it fugaku_group\n"
    assert (4, True) == (sent.code, f"ERROR: {message}" in sent.out), sent.out
    assert (2, f"pjm: {message}") == (shown.returncode, shown.stdout)
