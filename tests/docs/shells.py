"""A folder and a shell for the blocks of one page, one after the other, as a reader would type them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator

from tests.docs.blocks import ROOT, Block

PATIENCE = 900
# What belongs to the session that runs this test, and not to the reader's.
_OURS = ("CI", "GITHUB_STEP_SUMMARY", "PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "VIRTUAL_ENV", "PYTHONPATH")
_OURS_BY_PREFIX = ("TOX_", "COV_", "PYTEST_XDIST")


@dataclass(frozen=True)
class Said:
    """What a command printed, both streams as on a terminal, and its exit code."""

    out: str
    code: int


class Shell:
    """Each command has a shell of its own, with the folder and the variables that the one before it left.

    Args:
        home: an empty folder, for the reader's files and this class's own.
    """

    def __init__(self, home: Path) -> None:
        self.folder = self._own = home / "folder"
        self._own.mkdir()
        self._state = home / "state"
        self._checkout = home / "checkout" / "mnist-repro"
        self._environment = _environment()
        self._state.write_text("", encoding="utf-8")

    def enter_checkout(self) -> None:
        """Go to a copy of the project, as git would clone it; the first time it is made.

        Commands are those of that copy, as if it were installed as CONTRIBUTING says.
        """
        if not self._checkout.exists():
            for file in tracked():
                copy = self._checkout / file
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / file, copy)
        self._go(self._checkout, f"export PYTHONPATH='{self._checkout}'")

    def enter_folder(self) -> None:
        """Go back to the reader's own folder, which is empty at first."""
        self._go(self._own, "unset PYTHONPATH")

    def _go(self, folder: Path, command: str) -> None:
        with self._state.open("a", encoding="utf-8") as state:
            state.write(f"cd '{folder}'\n{command}\n")
        self.folder = folder

    def first_on_path(self, folder: Path) -> None:
        """Have the reader's commands found in a folder first."""
        with self._state.open("a", encoding="utf-8") as state:
            state.write(f"export PATH='{folder}':\"$PATH\"\n")

    def write(self, name: str, text: str) -> None:
        """Write one of the reader's files."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(self, command: str, timeout: float = PATIENCE) -> Said:
        """Run one command, or several, until one fails."""
        save = f"{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} > '{self._state}'"
        script = f"cd '{self.folder}'; . '{self._state}'; trap \"{_quoted(save)}\" EXIT; set -eo pipefail\n{command}"
        return self._ended(["bash", "-c", script], None, timeout)

    def type(self, commands: str, timeout: float = PATIENCE) -> Said:
        """Type lines into one shell, which may start others."""
        return self._ended(["bash", "-c", f"cd '{self.folder}'; . '{self._state}'; exec bash"], commands, timeout)

    def _ended(self, command: list[str], typed: str | None, timeout: float) -> Said:
        ended = subprocess.run(
            command,
            input=typed,
            stdin=subprocess.DEVNULL if typed is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment,
            timeout=timeout,
            text=True,
            encoding="utf-8",
            check=False,
        )
        return Said(ended.stdout, ended.returncode)


def tracked() -> Iterator[str]:
    """The project's files, those not yet committed too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is on PATH
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return (file for file in listed.stdout.split("\0") if file and (ROOT / file).is_file())


def timeout_of(block: Block) -> float:
    return float(block.settings.get("timeout", PATIENCE))


def _environment() -> Dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name not in _OURS and not name.startswith(_OURS_BY_PREFIX)
    }
    # The commands are those of the environment that runs this test.
    scripts = str(Path(sys.executable).parent)
    return {**kept, "PATH": f"{scripts}{os.pathsep}{kept.get('PATH', '')}", "COLUMNS": "100", "NO_COLOR": "1"}


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
