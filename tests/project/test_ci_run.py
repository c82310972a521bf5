"""`.ci/run` with programs that only note how they are called: it fails if any of them does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import List

RUN = Path(__file__).resolve().parents[2] / ".ci" / "run"
# Stands for each program: notes the call, makes environments of such programs, fails if it is asked to.
PROGRAM = """\
#!/bin/sh
mkdir -p .tox
call="$(basename "$0") $*"
echo "$call" >>calls
case "$call" in
"python3 -m venv "*)
    mkdir -p "$3/bin"
    for name in python pip tox mnist-repro; do cp "$0" "$3/bin/$name"; done
    ;;
esac
[ "$call" != "$FAILS" ] || exit 1
"""


def exit_code(folder: Path, fails: str = "") -> int:
    shutil.copytree(RUN.parent, folder / ".ci")
    programs = folder / "programs"
    programs.mkdir()
    for name in ("python3", "python3.8", "slurmctld", "slurmdbd", "mariadbd", "sshd", "rsync"):
        (programs / name).write_text(PROGRAM, encoding="utf-8")
        (programs / name).chmod(0o755)
    return subprocess.run(
        [str(folder / ".ci" / "run")],
        env={"PATH": f"{programs}:/usr/bin:/bin", "FAILS": fails},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=False,
    ).returncode


def calls(folder: Path) -> List[str]:
    return (folder / "calls").read_text(encoding="utf-8").splitlines()


def test_every_failure_is_the_exit_code(tmp_path: Path) -> None:
    assert 0 == exit_code(tmp_path / "all")

    programs = dict.fromkeys(calls(tmp_path / "all"))
    passed = [call for number, call in enumerate(programs) if 0 == exit_code(tmp_path / str(number), fails=call)]

    assert [] == passed


def test_the_commit_that_passed_is_noted_for_the_release(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", "A change"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, stdout=subprocess.PIPE, text=True).stdout

    codes = [
        exit_code(tmp_path / "passes"),
        exit_code(tmp_path / "fails", fails="tox run -e docs"),
    ]

    assert [0, 1] == codes
    assert commit == (tmp_path / "passes" / ".tox" / "passed").read_text(encoding="utf-8")
    assert not (tmp_path / "fails" / ".tox" / "passed").exists()
