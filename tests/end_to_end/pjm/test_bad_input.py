"""What cannot work is said in three parts, before anything is submitted."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from typing import Tuple

import pytest

from tests.builders.fugaku_project import FugakuProject
from tests.end_to_end.pjm.test_coming_back import outside

GOOD = "@pytest.mark.fugaku\ndef test_it():\n    pass\n"


@pytest.mark.parametrize("option", [(), ("--fugaku", "--fugaku-emulate")], ids=["here", "in jobs"])
def test_a_mark_that_cannot_be_meant_is_refused_with_its_line(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, option: Tuple[str, ...]
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_it=f"import pytest\n\n\n{GOOD}".replace("fugaku", "fugaku(node=1)"))

    ran = pytester.runpytest_inprocess("-p", "pjm.plugin", *option)

    assert pytest.ExitCode.USAGE_ERROR == ran.ret
    assert "ERROR: test_it.py:4: the mark fugaku has the unknown argument 'node'\n  why: " in ran.stderr.str()
    assert not (pytester.path / ".pjm").exists()


def test_without_pjsub_the_user_is_told_how_to_emulate(project: FugakuProject) -> None:
    project.write(GOOD)

    ran = project.run("--fugaku", f"--fugaku-workdir={project.path / 'sessions'}", PATH="")

    assert 4 == ran.code, ran.out
    assert "there is no pjsub on PATH" in ran.out
    assert "--fugaku-emulate" in ran.out


def test_a_folder_that_no_compute_node_sees_is_refused(project: FugakuProject) -> None:
    project.write(GOOD)
    # As far as the plugin can tell, these are the commands of a real PJM.
    project.emulate()
    path = f"{project.emulator / 'bin'}{os.pathsep}{os.environ['PATH']}"

    ran = project.run("--fugaku", "--fugaku-workdir=/tmp/pjm-sessions", PATH=path)

    assert 4 == ran.code, ran.out
    assert "compute nodes do not see it" in ran.out
    assert not Path("/tmp/pjm-sessions").exists()  # noqa: S108 - it is refused


def test_a_folder_that_cannot_be_written_is_refused(project: FugakuProject) -> None:
    project.write(GOOD)
    (project.path / "file").write_text("no folder")

    ran = project.run("--fugaku-dry-run", "--fugaku-workdir=file/inside", PATH="")

    assert 4 == ran.code, ran.out
    assert "no session can be kept in" in ran.out
    assert "--fugaku-workdir=DIR" in ran.out


@pytest.mark.parametrize(("mode", "code"), [(0o777, 4), (0o770, 4), (0o755, 0), (0o1777, 0)], ids=oct)
def test_a_folder_that_others_may_write_to_is_refused(project: FugakuProject, mode: int, code: int) -> None:
    project.write(GOOD)
    project.workdir.mkdir()
    project.workdir.chmod(mode)

    ran = project.run("--fugaku-dry-run", "--fugaku-emulate")

    assert code == ran.code, ran.out
    assert (f"next: type: chmod go-w {project.workdir}; or" in ran.out) == bool(code)
    assert mode == stat.S_IMODE(project.workdir.stat().st_mode)


def test_a_session_in_a_folder_that_others_may_write_to_is_not_resumed(project: FugakuProject) -> None:
    project.write(GOOD)
    project.run("--fugaku-dry-run", PATH="")
    project.workdir.chmod(0o775)

    ran = project.run(f"--fugaku-resume={project.session().name}", **outside(project))

    assert 4 == ran.code, ran.out
    assert "its mode is 775: others may write to it" in ran.out


def test_a_session_that_is_not_there_cannot_be_resumed(project: FugakuProject) -> None:
    project.write(GOOD)

    unnamed, named = project.run("--fugaku-resume"), project.run("--fugaku-resume=20260101-000000-0000")

    assert (4, 4) == (unnamed.code, named.code)
    assert "there is no session to come back to" in unnamed.out
    assert f"{project.workdir} has no session that submitted jobs" in unnamed.out
    assert "there is no session 20260101-000000-0000" in named.out


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("not json", "is corrupt"),
        ('{"schema": 99, "pjm": "9.9"}', "is of a newer version"),
        ('{"schema": 1}', "arguments or checkout are missing"),
        ("", "is corrupt"),
    ],
)
def test_a_damaged_session_is_refused(project: FugakuProject, damage: str, words: str) -> None:
    project.write(GOOD)
    project.run("--fugaku-dry-run", PATH="")
    (project.session() / "session.json").write_text(damage)

    ran = project.run("--fugaku-resume")

    assert 4 == ran.code, ran.out
    assert words in ran.out


def test_another_checkout_is_refused_and_the_difference_named(project: FugakuProject) -> None:
    project.write(GOOD)
    project.run("--fugaku-dry-run", "--fugaku-emulate", PATH="")
    project.write(GOOD + "\n# changed\n")

    ran = project.run(f"--fugaku-resume={project.session().name}", "--fugaku-emulate")

    assert 4 == ran.code, ran.out
    assert "was submitted with other files" in ran.out
    assert "test_it.py has changed" in ran.out


def test_a_session_of_more_tests_than_are_selected_now_is_refused(project: FugakuProject) -> None:
    project.write(f"{GOOD}\n@pytest.mark.fugaku\ndef test_other():\n    pass\n")
    project.send("--fugaku-detach")

    ran = project.run("--fugaku-resume", "-k", "test_other")

    assert 4 == ran.code, ran.out
    assert "has tests that are not selected now" in ran.out
    assert "test_it.py::test_it would be left out" in ran.out


def test_a_session_whose_journal_is_gone_submits_nothing_again(project: FugakuProject) -> None:
    project.write(GOOD)
    project.send()
    (project.session() / "journal.jsonl").unlink()

    ran = project.run(f"--fugaku-resume={project.session().name}")

    assert 4 == ran.code, ran.out
    assert "nothing of them in journal.jsonl" in ran.out
    assert 1 == len(project.submissions())


def test_somebody_elses_session_is_refused(project: FugakuProject) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give files away")
    project.write(GOOD)
    project.run("--fugaku-dry-run", PATH="")
    os.chown(project.session() / "session.json", 12345, 12345)

    ran = project.run("--fugaku-resume")

    assert 4 == ran.code, ran.out
    assert "is somebody else's" in ran.out


def test_a_journal_that_makes_no_sense_is_refused(project: FugakuProject) -> None:
    project.write(GOOD)
    project.run("--fugaku-dry-run", "--fugaku-emulate", PATH="")
    lines = [json.dumps({"event": "planned", "job": "none"}), json.dumps({"event": "submitting", "job": "none"})]
    (project.session() / "journal.jsonl").write_text("\n".join(lines) + "\n")

    ran = project.run(f"--fugaku-resume={project.session().name}", "--fugaku-emulate")

    assert 4 == ran.code, ran.out
    assert "pjm clean" in ran.out
    shutil.rmtree(project.session())


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--fugaku-queue-timeout=-5", "fugaku_queue_timeout is '-5'"),
        ("--fugaku-run-timeout=nan", "fugaku_run_timeout is 'nan'"),
        ("--fugaku-rscgrp=a,b", "the option fugaku_rscgrp is 'a,b'"),
        ("--fugaku-poll=60-10", "fugaku_poll is '60-10'"),
        ("--fugaku-retries=-1", "fugaku_retries is '-1'"),
        ("--fugaku-budget=nan", "--fugaku-budget is nan"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_by_its_name(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, option: str, words: str
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_it=f"import pytest\n\n\n{GOOD}")

    ran = pytester.runpytest_inprocess("-p", "pjm.plugin", "--fugaku-emulate", option)

    assert pytest.ExitCode.USAGE_ERROR == ran.ret
    assert f"ERROR: {words}" in ran.stderr.str()


def test_without_pjstat_nothing_is_submitted(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_a():\n    pass\n")
    commands = project.path / "bin"
    commands.mkdir()
    for name in ("pjsub", "pjdel"):
        (commands / name).write_text("#!/bin/sh\ntouch submitted\n")
        (commands / name).chmod(0o755)

    ran = project.run("--fugaku", PATH=f"{commands}:/usr/bin:/bin")

    assert 4 == ran.code, ran.out
    assert "there is no pjstat on PATH" in ran.out
    assert not (project.path / "submitted").exists()
