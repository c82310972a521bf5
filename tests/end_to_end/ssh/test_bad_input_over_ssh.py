"""What cannot work over ssh is one message in three parts, before anything is submitted."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Iterator, Tuple

import pytest

from pjm.remote.machine import project as marked
from tests.builders.fugaku_project import Ran
from tests.builders.remote_project import RemoteProject
from tests.ssh.login_node import HOST


def refusal(project: RemoteProject, *arguments: str, **variables: str) -> Tuple[str, str, str]:
    """The message of a session that submits nothing."""
    ran: Ran = project.send(*arguments, **variables)
    assert 4 == ran.code, ran.out
    assert "Traceback" not in ran.out
    assert "INTERNALERROR" not in ran.out
    assert 1 == ran.out.count("why: "), ran.out
    assert [] == project.submissions()
    assert [] == [each for each in project.workdir.glob("*") if each.name != "emulator"]
    message = re.search(r"^(?:ERROR|Exit): (.*)\n  why: (.*)\n  next: (.*)$", ran.out, re.MULTILINE)
    assert message, ran.out
    return message[1], message[2], message[3]


def test_without_ssh(project: RemoteProject) -> None:
    happened, why, advice = refusal(project, PATH=str(project.path))

    assert "fugaku_host is login" == happened
    assert "there is no ssh on PATH" == why
    assert "install OpenSSH's client, or leave out fugaku_host" == advice


def test_a_host_that_does_not_exist(project: RemoteProject) -> None:
    happened, why, advice = refusal(project, "--fugaku-host=nowhere.invalid")

    assert "nowhere.invalid cannot be reached by ssh" == happened
    assert "Could not resolve hostname nowhere.invalid" in why
    assert "correct the name, or give it a Host entry in ~/.ssh/config" == advice


@pytest.mark.parametrize("host", ["-oProxyCommand=x", "two words", "a;b", "$(x)"])
def test_a_host_that_is_none(project: RemoteProject, host: str) -> None:
    assert f"fugaku_host is {host!r}" == refusal(project, f"--fugaku-host={host}")[0]


def test_a_key_that_has_changed(project: RemoteProject) -> None:
    project.node.trust((project.node.folder / "user_key.pub").read_text())

    happened, why, advice = refusal(project)

    assert f"{HOST} cannot be reached by ssh" == happened
    assert "Host key verification failed." in why
    known = project.node.folder / "known_hosts"
    assert f"forget the old one: ssh-keygen -f {known} -R '[127.0.0.1]:" in advice
    assert advice.endswith("'; ssh login true")


def test_a_key_that_is_not_known_is_not_accepted(project: RemoteProject) -> None:
    known = project.node.folder / "known_hosts"
    known.write_text("")

    happened, why, advice = refusal(project)

    assert f"{HOST} cannot be reached by ssh" == happened
    assert "Host key verification failed." in why
    assert advice.endswith(": ssh login true")
    assert "" == known.read_text()


def test_a_user_who_may_not_log_in(project: RemoteProject) -> None:
    (project.node.folder / "authorized_keys").write_text("")

    happened, why, advice = refusal(project)

    assert f"{HOST} cannot be reached by ssh" == happened
    assert "Permission denied (publickey)" in why
    assert advice.startswith(
        "load your key into the agent, or open a connection that is kept, with the second factor: ssh "
    )


def test_no_folder(project: RemoteProject) -> None:
    assert "fugaku_host is login" == refusal(project, "--fugaku-remote=")[0]


def test_no_python(project: RemoteProject) -> None:
    assert "fugaku_host is login, and there is no fugaku_python" == refusal(project, "--fugaku-python=")[0]


def test_a_python_that_is_not_there(project: RemoteProject) -> None:
    happened, why, _ = refusal(project, "--fugaku-python=/no/python -X dev")

    assert "fugaku_python is '/no/python -X dev'" == happened
    assert "login has no /no/python" == why


def test_a_python_that_ends_at_once(project: RemoteProject) -> None:
    happened, why, _ = refusal(project, "--fugaku-python=false")

    assert "the emulator cannot be started on login" == happened
    assert "false ended with exit code 1" == why


@pytest.mark.parametrize("folder", ["/", "~/", "/usr", "{home}/.."])
def test_a_folder_that_is_more_than_one_project(project: RemoteProject, folder: str) -> None:
    happened, _, advice = refusal(project, f"--fugaku-remote={folder.format(home=project.node.home)}")

    assert re.fullmatch("fugaku_remote is /.* on login", happened)
    assert "fugaku_remote = FOLDER" in advice
    assert not (project.node.home / ".pjm").exists()


def test_the_folder_of_another_project(project: RemoteProject) -> None:
    other = RemoteProject(Path(f"{project.path.parent.name}-other", "project"), project.node)
    other.emulate()

    happened, why, advice = refusal(project, f"--fugaku-remote={other.there}")
    other.stop()

    assert f"fugaku_remote is {other.there} on login" == happened
    assert "another project, or another checkout of this one, was pushed there" == why
    assert advice.endswith(f"ssh login 'rm -r {other.there}'")


def test_a_folder_with_files_of_somebody(project: RemoteProject) -> None:
    project.node.run(f"mkdir -p {project.there}; touch {project.there}/thesis.tex")

    assert "it holds 'thesis.tex', and was not made by pytest --fugaku" == refusal(project)[1]


def test_a_folder_that_cannot_be_made(project: RemoteProject) -> None:
    locked = project.node.folder / "locked"
    locked.mkdir(mode=0o755, exist_ok=True)
    if project.node.uid == os.getuid():
        locked.chmod(0o555)

    happened, why, _ = refusal(project, f"--fugaku-remote={locked}/ours")

    assert f"fugaku_remote is '{locked}/ours'" == happened
    assert "Permission denied" in why


def test_a_folder_that_may_not_be_written_any_more(project: RemoteProject) -> None:
    project.emulate()
    project.node.run(f"chmod a-w {project.there}")

    happened, why, advice = refusal(project)

    assert f"files cannot be written to {project.there} on login" == happened
    assert "Permission denied" in why
    assert "fugaku_remote = FOLDER" in advice


@pytest.fixture
def small(project: RemoteProject) -> Iterator[Path]:
    """A folder on a small disk of the login node."""
    if os.getuid() != 0:
        pytest.skip("only root can mount")
    folder = project.node.folder / "small"
    folder.mkdir(exist_ok=True)
    options = f"size=4m,mode=700,uid={project.node.uid}"
    project.node.as_root("mount", "-t", "tmpfs", "-o", options, "none", str(folder))
    yield folder / "ours"
    project.node.cut()
    project.node.as_root("umount", "-l", str(folder))


def test_a_disk_that_is_full_while_the_checkout_is_pushed(project: RemoteProject, small: Path) -> None:
    (project.path / "big").write_bytes(b"x" * 8_000_000)

    happened, why, advice = refusal(project, f"--fugaku-remote={small}")

    assert f"files cannot be written to {small} on login" == happened
    assert re.match("tar: big: (Wrote only|Cannot write: No space left)", why)
    assert advice.startswith("look at the space and the quota there")


def test_a_disk_that_is_full_from_the_beginning(project: RemoteProject, small: Path) -> None:
    project.node.run(f"head -c 8000000 /dev/zero >{small.parent}/full")

    happened, why, _ = refusal(project, f"--fugaku-remote={small}")
    project.node.run(f"rm {small.parent}/full")
    then = project.send(f"--fugaku-remote={small}")

    assert "No space left on device" in why, happened
    assert 0 == then.code, then.out


def test_no_tar_there(project: RemoteProject) -> None:
    few = project.node.home / "few"
    names = ("sh", "date", "mkdir", "rm", "rmdir", "ls", "cat", "awk", "find", "head", "tail", "wc", "xargs", "mv")
    project.node.run(f"mkdir -p {few}; for each in {' '.join(names)}; do ln -sf $(command -v $each) {few}; done")
    (project.node.home / ".bashrc").write_text(f"export PATH={few}\n")

    happened, why, _ = refusal(project)

    assert f"{HOST} cannot be used" == happened
    assert why.startswith("it has no tar on PATH")


def test_a_test_that_git_ignores(project: RemoteProject) -> None:
    subprocess.run(["git", "init", "-q", str(project.path)], check=True)  # noqa: S607 - whatever git there is
    (project.path / ".gitignore").write_text("test_*\n")

    happened, why, advice = refusal(project)

    assert f"{project.path / 'test_it.py'} is not pushed to login" == happened
    assert "marked tests need it, and git ignores it" == why
    assert "take it out of .gitignore, or leave those tests out" == advice


def test_a_login_shell_that_says_no(project: RemoteProject) -> None:
    (project.node.home / ".bashrc").write_text("echo 'This account is currently not available.'; exit 1\n")

    happened, why, _ = refusal(project)

    assert f"{HOST} cannot be reached by ssh" == happened
    assert "This account is currently not available." in why


def test_a_sessions_folder_that_holds_the_project(project: RemoteProject) -> None:
    assert "fugaku_workdir" in refusal(project, "--fugaku-workdir=.")[0]


def test_a_marker_is_that_of_one_checkout(project: RemoteProject) -> None:
    assert marked(project.path) != marked(project.path.parent)
