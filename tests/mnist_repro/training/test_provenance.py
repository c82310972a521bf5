"""Where numbers come from: versions, CPU, threads, and the commit of the code."""

from __future__ import annotations

import platform
import re
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Dict

import pytest

import mnist_repro
from mnist_repro.training import framework, provenance


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the code would lie."""
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "mnist_repro" / "training" / "provenance.py"))
    return tmp_path


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    command = ["git", *identity, "-C", str(folder), *words]
    return subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout.strip()


def test_the_commit_says_whether_files_have_changed(checkout: Path) -> None:
    git(checkout, "init", "--quiet")
    (checkout / "file").write_text("a", encoding="utf-8")
    git(checkout, "add", "file")
    git(checkout, "commit", "--quiet", "-m", "first")
    (checkout / "untracked").touch()
    head = git(checkout, "rev-parse", "HEAD")

    assert head == provenance.commit()
    (checkout / "file").write_text("b", encoding="utf-8")
    assert f"{head}-dirty" == provenance.commit()


def test_without_a_checkout_the_code_is_installed(checkout: Path) -> None:
    assert "installed" == provenance.commit()


def test_a_checkout_that_git_cannot_read_is_unknown(checkout: Path) -> None:
    (checkout / ".git").mkdir()

    assert "unknown" == provenance.commit()


def test_a_run_says_what_it_was_made_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    fields = provenance.provenance(1.23456)

    assert (mnist_repro.__version__, str(framework.tensorflow().__version__), framework.threads(), 1.235) == tuple(
        fields[name] for name in ("mnist_repro", "tensorflow", "threads", "seconds")
    )
    assert {"TF_ENABLE_ONEDNN_OPTS": "0"} == fields["switches"]
    assert fields["finished"].endswith("+00:00")
    assert "" not in fields.values()


def test_every_installed_package_is_named_with_its_version() -> None:
    installed: Dict[str, str] = {}
    for each in metadata.distributions():
        # The first of a name is the one that is imported: setuptools brings copies of others along.
        installed.setdefault(re.sub(r"[-_.]+", "-", each.metadata["Name"]).lower(), each.version)

    assert installed == provenance.packages()
    assert installed == provenance.provenance(0.0)["packages"]


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
    monkeypatch.setattr(provenance, "_PROC", tmp_path)
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

    assert expected == provenance.cpu()


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

    assert expected == provenance.cpu()


def test_a_system_that_names_no_cpu_is_asked_for_its_machine(proc: Path) -> None:
    (proc / "thread-self" / "exe").unlink()

    assert (platform.processor() or platform.machine()) == provenance.cpu()
