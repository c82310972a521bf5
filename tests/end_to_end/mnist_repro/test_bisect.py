"""`gate-baselines bisect` as the command of a real `git bisect run`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

GIT = shutil.which("git") or "git"
TEST = """\
from mnist_repro.gate import higher
from training import ACCURACY

def test_it(gate):
    samples = {seed: {"accuracy": ACCURACY + 0.001 * (seed % 4)} for seed in range(16)}
    gate.check("digits", samples, metrics={"accuracy": higher(margin=0.01, reason="one in a hundred")})
"""


def test_git_finds_the_commit_that_lowered_the_accuracy(tmp_path: Path) -> None:
    """Of eight commits the third and fourth cannot be imported, and the sixth is bad."""
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    kept.update(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")

    def run(*command: str) -> str:
        ended = subprocess.run(
            command, cwd=tmp_path, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert 0 == ended.returncode, ended.stdout
        return ended.stdout

    def commit(subject: str) -> None:
        run(GIT, "add", ".")
        run(GIT, "-c", "user.name=A", "-c", "user.email=a@b.invalid", "commit", "-q", "--allow-empty", "-m", subject)

    session = (sys.executable, "-m", "pytest", "-q", "-p", "mnist_repro.gate.plugin", "-p", "no:cacheprovider")
    gate = (sys.executable, "-m", "mnist_repro.gate")
    run(GIT, "init", "-q")
    (tmp_path / ".gitignore").write_text("__pycache__\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TEST, encoding="utf-8")
    (tmp_path / "training.py").write_text("ACCURACY = 0.95\n", encoding="utf-8")
    run(*session, "--gate-record")
    run(*gate, "accept", "--reason", "first recording")
    lines = ("", "SEED = 1", "import (", "import (", "SEED = 2", "ACCURACY -= 0.05", "SEED = 3", "SEED = 4")
    for number, line in enumerate(lines, start=1):
        (tmp_path / "training.py").write_text(f"ACCURACY = 0.95\n{line}\n", encoding="utf-8")
        if number > 6:
            (tmp_path / "training.py").write_text(f"ACCURACY = 0.9\n{line}\n", encoding="utf-8")
        commit(f"commit {number}")
    run(GIT, "bisect", "start", "HEAD", "HEAD~7")

    found = run(GIT, "bisect", "run", *gate, "bisect", *session)

    assert "commit 6" in found[found.index("is the first bad commit") :]
