"""The login node of tests sees nothing of the laptop, listens on loopback only, and leaves no process behind."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Iterator

import pytest

from tests.builders.processes import alive, until
from tests.end_to_end.slurm.test_machine import listening, of
from tests.slurm.machine import Machine, slurm
from tests.slurm.machine import missing as no_slurm
from tests.ssh.login_node import LoginNode, login_node, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide a folder, and be another user")


@pytest.fixture
def node() -> Iterator[LoginNode]:
    """A node in a folder that its user can enter; that of pytest is closed to others."""
    with tempfile.TemporaryDirectory(prefix="node-") as name, login_node(Path(name)) as made:
        (made.laptop / "file").write_text("of the laptop")
        yield made


@needs_root
def test_it_is_on_loopback_and_ends_with_its_lines_and_commands() -> None:
    with tempfile.TemporaryDirectory(prefix="node-") as name, login_node(Path(name)) as node:
        assert 0 == node.run("sleep 985 >/dev/null 2>&1 </dev/null &").returncode
        begun = of(node.folder)

        assert {"0100007F"} == set(listening(begun))

    until(lambda: not any(map(alive, begun)))


@needs_root
def test_its_user_is_an_ordinary_one_who_sees_nothing_of_the_laptop(node: LoginNode) -> None:
    ran = node.run(f"id -u; ls -A {node.laptop}; ls {node.home}")

    assert (0, f"{node.uid}\n", "") == (ran.returncode, ran.stdout, ran.stderr)
    assert 0 != node.uid


@needs_root
@pytest.mark.skipif(no_slurm() is not None, reason=str(no_slurm()))
def test_neither_do_the_jobs_of_a_slurm_behind_it(node: LoginNode) -> None:
    with slurm(node.folder / "slurm", Machine(nodes=1), node.prefix) as running:
        command = f"{running.commands}/sbatch --wait --output={node.home}/out --wrap 'id -u; ls -A {node.laptop}'"
        assert 0 == node.run(command).returncode

        assert f"{node.uid}\n" == (node.home / "out").read_text()


def test_a_line_that_is_cut_is_an_error_of_ssh(node: LoginNode) -> None:
    assert (0, "here\n") == (node.run("echo here").returncode, node.run("echo here").stdout)

    assert 255 == node.run("kill -9 $PPID; sleep 5").returncode


def test_what_is_not_installed_is_said_with_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)

    assert "apt-get install openssh-server" in str(missing())
