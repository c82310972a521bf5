"""What cannot work is said in three parts, before anything is submitted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Tuple

import pytest

from tests.builders.fugaku_project import FugakuProject

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
    project.needs_same_machine("it looks for their commands")
    project.write(GOOD)

    ran = project.run("--fugaku", f"--fugaku-workdir={project.path / 'sessions'}", PATH="")

    assert 4 == ran.code, ran.out
    assert "there is no pjsub on PATH" in ran.out
    assert "--fugaku-emulate" in ran.out


def test_a_folder_that_no_compute_node_sees_is_refused(project: FugakuProject) -> None:
    project.needs_same_machine("elsewhere, sessions have a folder of their own")
    project.write(GOOD)
    # As far as the plugin can tell, these are the commands of a real PJM.
    project.emulate()
    path = f"{project.emulator / 'bin'}{os.pathsep}{os.environ['PATH']}"

    ran = project.run("--fugaku-scheduler=pjm", "--fugaku", "--fugaku-workdir=/tmp/pjm-sessions", PATH=path)

    assert 4 == ran.code, ran.out
    assert "compute nodes do not see it" in ran.out
    assert not Path("/tmp/pjm-sessions").exists()  # noqa: S108 - it is refused


def test_a_session_in_a_folder_that_others_may_write_to_is_not_resumed(project: FugakuProject) -> None:
    project.write(GOOD)
    variables = project.outside()
    project.run("--fugaku", "--fugaku-dry-run", **variables)
    project.workdir.chmod(0o775)

    ran = project.run(f"--fugaku-resume={project.session().name}", **variables)

    assert 4 == ran.code, ran.out
    assert "its mode is 775: others may write to it" in ran.out


def test_without_pjstat_nothing_is_submitted(project: FugakuProject) -> None:
    project.needs_same_machine("it looks for their commands")
    project.write("@pytest.mark.fugaku\ndef test_a():\n    pass\n")
    commands = project.path / "bin"
    commands.mkdir()
    for name in ("pjsub", "pjdel"):
        (commands / name).write_text("#!/bin/sh\ntouch submitted\n")
        (commands / name).chmod(0o755)

    ran = project.run("--fugaku", "--fugaku-scheduler=pjm", PATH=f"{commands}:/usr/bin:/bin")

    assert 4 == ran.code, ran.out
    assert "there is no pjstat on PATH" in ran.out
    assert not (project.path / "submitted").exists()
