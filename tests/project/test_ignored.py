"""The files that the tutorial's commands make in a checkout are not for version control."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
MADE = (
    ".venv/bin/python",
    "runs/wheel-softmax/mnist-full-original/seed-0/run.json",
    "report/index.html",
    "mnist_repro/training/framework.py.bak",
    ".pjm/20260102-030405-0a1b/session.json",
)


def test_what_the_tutorial_makes_is_ignored(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    shutil.copy(str(ROOT / ".gitignore"), str(tmp_path))
    for name in MADE:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    status = [*git, "status", "--porcelain", "--untracked-files=all"]

    assert "?? .gitignore\n" == subprocess.run(status, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
