"""What a process computes with: packages, and the commit of the code."""

from __future__ import annotations

import platform
import re
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Dict

import pytest

from mnist_repro.files import environment


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    command = ["git", *identity, "-C", str(folder), *words]
    return subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout.strip()


def test_the_commit_says_whether_files_have_changed(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("a", encoding="utf-8")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    (tmp_path / "untracked").touch()
    head = git(tmp_path, "rev-parse", "HEAD")

    assert head == environment.commit(tmp_path)
    (tmp_path / "file").write_text("b", encoding="utf-8")
    assert f"{head}-dirty" == environment.commit(tmp_path)


def test_without_a_checkout_the_code_is_installed(tmp_path: Path) -> None:
    assert "installed" == environment.commit(tmp_path)


def test_a_checkout_that_git_cannot_read_is_unknown(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    assert "unknown" == environment.commit(tmp_path)


def test_every_installed_package_is_named_with_its_version() -> None:
    installed: Dict[str, str] = {}
    for each in metadata.distributions():
        # The first of a name is the one that is imported: setuptools brings copies of others along.
        installed.setdefault(re.sub(r"[-_.]+", "-", each.metadata["Name"]).lower(), each.version)

    assert installed == environment.packages()


A64FX = """\
processor\t: 0
BogoMIPS\t: 200.00
Features\t: fp asimd atomics fphp asimdhp sve
CPU implementer\t: 0x46
CPU architecture: 8
CPU variant\t: 0x1
CPU part\t: 0x001
CPU revision\t: 0

processor\t: 1
"""


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of /proc, of a process that no emulator runs."""
    monkeypatch.setattr(environment, "_PROC", tmp_path)
    monkeypatch.setenv("QEMU_CPU", "a64fx")
    (tmp_path / "thread-self").mkdir()
    (tmp_path / "thread-self" / "exe").symlink_to("/usr/bin/python3.11")
    return tmp_path


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("processor\t: 0\nmodel name\t: Some CPU: 3 GHz\n", "Some CPU: 3 GHz"),
        (A64FX, "Fujitsu A64FX"),
        (A64FX.replace("0x46", "0x41").replace("0x001", "0xd0c"), "Arm CPU, implementer 0x41, part 0xd0c"),
    ],
)
def test_a_real_cpu_is_named_and_never_called_emulated(proc: Path, cpuinfo: str, expected: str) -> None:
    (proc / "cpuinfo").write_text(cpuinfo, encoding="utf-8")

    assert expected == environment.cpu()


@pytest.mark.parametrize(
    ("qemu", "expected"),
    [
        ("echo 'qemu-aarch64 version 7.2.22 (Debian 1:7.2+dfsg-7)'", "A64FX emulated by QEMU 7.2.22"),
        ("exit 1", "A64FX emulated by QEMU"),
    ],
)
def test_a_cpu_of_qemu_is_called_emulated(proc: Path, qemu: str, expected: str) -> None:
    # Newer QEMUs answer for /proc/cpuinfo as the real processor does.
    (proc / "cpuinfo").write_text(A64FX, encoding="utf-8")
    program = proc / "qemu-aarch64"
    program.write_text(f"#!/bin/sh\n{qemu}\n", encoding="utf-8")
    program.chmod(0o755)
    (proc / "thread-self" / "exe").unlink()
    (proc / "thread-self" / "exe").symlink_to(program)

    assert expected == environment.cpu()


def test_a_system_that_names_no_cpu_is_asked_for_its_machine(proc: Path) -> None:
    (proc / "thread-self" / "exe").unlink()

    assert (platform.processor() or platform.machine()) == environment.cpu()
