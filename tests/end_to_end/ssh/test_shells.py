"""Login shells that print, that go elsewhere, or that are not POSIX; names that need quotes."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest

from tests.builders.remote_project import RemoteProject
from tests.ssh.login_node import LoginNode, login_node

TESTS = """
@pytest.mark.fugaku
def test_passes(request):
    print("printed")

@pytest.mark.fugaku
def test_fails():
    assert False
"""
ODD = [shell for shell in map(shutil.which, ("csh", "tcsh", "zsh", "fish")) if shell]
# Stands for a shell that is not POSIX, where none is installed: it prints, and understands one command with its words.
STAND_IN = """#!{python}
import os, shlex, sys
print("Welcome to the cluster", flush=True)
print("module: command not found", file=sys.stderr, flush=True)
words = shlex.split(sys.argv[2])
assert sys.argv[1] == "-c" and words[0] == "exec", sys.argv
os.execvp(words[1], words[1:])
"""


def all_is_well(project: RemoteProject) -> None:
    project.write(TESTS)

    ran = project.send()

    assert {"passed": 1, "failed": 1} == ran.counts(), ran.out
    assert 1 == ran.code
    assert "Traceback" not in ran.out
    assert 1 == len(project.submissions())


@pytest.mark.parametrize(
    "lines",
    [
        "echo 'Welcome!'; echo 'module: not found' >&2; printf 'no end of line'",
        "head -c 3000 /dev/urandom; head -c 3000 /dev/urandom >&2",
        "trap \"echo 'Good bye'; echo 'Good bye' >&2\" EXIT",
        "cd /; umask 000; set -o noclobber; export CDPATH=/usr TAR_OPTIONS=-v POSIXLY_CORRECT=1 LC_ALL=xx_XX.utf8",
        "alias tar=false; alias cd=false; tar() { false; }; export -f tar",
    ],
    ids=["prints", "noise", "says-good-bye", "other-settings", "aliases"],
)
def test_a_login_shell_that_disturbs(project: RemoteProject, lines: str) -> None:
    (project.node.home / ".bashrc").write_text(f"{lines}\n")

    all_is_well(project)


def odd_shell(folder: Path) -> str:
    """A shell that stands for others."""
    folder.chmod(0o755)
    shell = folder / "shell"
    shell.write_text(STAND_IN.format(python=shutil.which("python3", path="/usr/bin:/bin")))
    shell.chmod(stat.S_IRWXU | stat.S_IXGRP | stat.S_IRGRP | stat.S_IXOTH | stat.S_IROTH)
    return str(shell)


@pytest.mark.parametrize("shell", ["", *ODD], ids=["stand-in", *map(os.path.basename, ODD)])
def test_a_login_shell_that_is_not_posix(shell: str) -> None:
    with contextlib.ExitStack() as stack:
        own, folder = (Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="node-"))) for _ in range(2))
        project = RemoteProject(
            Path("shell", "project"), stack.enter_context(login_node(folder, shell or odd_shell(own)))
        )
        all_is_well(project)
        project.stop()


@pytest.mark.parametrize("name", ['it\'s "here" $(no) a b', "-n", "あé", "*", "back\\slash"])
def test_a_folder_with_any_name(node: LoginNode, name: str) -> None:
    project = RemoteProject(Path(name, "project"), node)

    all_is_well(project)
    project.stop()


def test_one_remote_path_is_part_of_another(node: LoginNode) -> None:
    inner, outer = RemoteProject(Path("part", "project"), node), RemoteProject(Path("part-of", "project"), node)
    outer.there = Path(f"{inner.there}{inner.path}")  # has the path on the laptop in it
    longer = RemoteProject(Path("part-of-another", "project"), node)
    longer.there = Path(f"{inner.there}-of")

    for project in (inner, longer):
        all_is_well(project)
    happened = outer.send(f"--fugaku-remote={outer.there}")

    assert happened.code in (4, 5), happened.out
    for project in (inner, longer):
        project.stop()
