"""Runs mnist-repro as its users do: in this process, which is quick, or in a process of its own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Mapping, Optional

from mnist_repro import cli
from mnist_repro.data.locate import SURROGATE_NOTICE
from tests.builders.processes import PATIENCE

# Like the console script that pip makes, its folder comes first on sys.path, not the current one.
SCRIPT = Path(__file__).with_name("console_script.py")


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said, but for the announcement of the surrogate, which not every run has."""

    code: int
    out: str
    err: str


def run(*arguments: object) -> Ended:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as asked:  # argparse
            code = int(asked.code or 0)
    return Ended(int(code), out.getvalue(), err.getvalue().replace(SURROGATE_NOTICE, ""))


def command(*arguments: object) -> List[str]:
    """What starts a command in a process of its own."""
    return [sys.executable, str(SCRIPT), *map(str, arguments)]


def environment(changes: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
    """The environment for such a process, which imports the package that this one does."""
    package = Path(cli.__file__).resolve().parents[1]
    return {**os.environ, "PYTHONPATH": str(package), **(changes or {})}


def start(*arguments: object, cwd: Optional[Path] = None, **changes: str) -> subprocess.Popen[str]:
    """Start a command in a process of its own; ``changes`` are those of its environment."""
    return subprocess.Popen(
        command(*arguments),
        cwd=str(cwd) if cwd else None,
        env=environment(changes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def finish(process: subprocess.Popen[str]) -> Ended:
    """Wait for a command that was started."""
    out, err = process.communicate(timeout=PATIENCE)
    return Ended(process.returncode, out, err.replace(SURROGATE_NOTICE, ""))


def run_alone(*arguments: object, cwd: Optional[Path] = None, **changes: str) -> Ended:
    """Run a command in a process of its own."""
    return finish(start(*arguments, cwd=cwd, **changes))


def listed(folder: Path) -> List[str]:
    """The files of a folder, hidden ones too; none where there is no folder."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def contents(folder: Path) -> Dict[str, bytes]:
    """The files of a folder by name, hidden ones too."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def ends_with_one_message(ended: Ended, what: str) -> None:
    """The command has ended with one message of three parts that begins with ``what``."""
    assert (2, True) == (ended.code, ended.err.startswith(f"mnist-repro: {what}")), ended.err
    assert "Traceback" not in ended.err
    assert (1, 1, 1) == tuple(ended.err.count(part) for part in ("mnist-repro: ", "\n  why: ", "\n  next: "))
