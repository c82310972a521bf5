"""Where numbers come from: versions, CPU, threads, and the commit of the code."""

from __future__ import annotations

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
