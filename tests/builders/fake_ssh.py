"""A command `ssh` that runs what it gets on this machine, in a home folder of its own: real processes, no network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import List

import pytest

_SCRIPT = """#!/bin/sh
for last; do :; done
case " $* " in *" -G "*) {configured}; exit 0;; esac
echo "$*" >>{folder}/calls
export HOME={folder}/home
cd {folder}/home || exit 1
{before}
/bin/sh -c "$last"
code=$?
{after}
exit $code
"""


_ANSWER = """
read -r line
mark=$(expr "$line" : '.*\\([0-9a-f]\\{{16\\}}\\)')
for stream in 1 2; do printf '\\n%s\\n' $mark >&$stream; done
cat {folder}/answer
for stream in 1 2; do printf '\\n%s 0\\n' $mark >&$stream; done
exit 0
"""


@dataclass(frozen=True)
class FakeSsh:
    """The command.

    Attributes:
        folder: it is in `bin` here, and the home folder of the machine there is `home`.
    """

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def write(self, before: str = "", after: str = "", configured: str = "echo controlpath none") -> None:
        """Write the command.

        Args:
            before: lines of shell before what is run there; they may end it with a code, as a line that is cut does.
            after: lines of shell after it.
            configured: a line of shell that prints the configuration, for -G.
        """
        command = self.folder / "bin" / "ssh"
        command.write_text(_SCRIPT.format(folder=self.folder, before=before, after=after, configured=configured))
        command.chmod(0o755)

    def answer(self, out: bytes) -> None:
        """Have it run nothing, and give this for the output of any command."""
        (self.folder / "answer").write_bytes(out)
        self.write(before=_ANSWER.format(folder=self.folder))

    def calls(self) -> List[str]:
        """The arguments of each call that connected."""
        record = self.folder / "calls"
        return record.read_text().splitlines() if record.exists() else []


def fake_ssh(folder: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSsh:
    """Put the command first on PATH."""
    made = FakeSsh(folder)
    for each in (folder, folder / "bin", made.home):
        each.mkdir()
    made.write()
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    return made
