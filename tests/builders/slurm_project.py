"""Some project whose tests are sent to a real Slurm, in place of the emulated PJM of `FugakuProject`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

import pytest

from pjm.emulator import Call
from tests.builders.fugaku_project import FugakuProject
from tests.slurm.machine import Running

_SAME = {"pjsub": "sbatch", "pjstat": "squeue", "pjdel": "scancel"}
# What the emulator is asked and waited for by default.
_QUICK = ("--fugaku", "--fugaku-poll=0.2-0.5", "-o", "fugaku_grace=3", "-o", "fugaku_backoff=0.1")


class SlurmProject(FugakuProject):
    """A project with tests in `path`. Its commands of Slurm note their calls.

    Args:
        path: the project's folder.
        slurm: the Slurm that runs its jobs.
    """

    def __init__(self, path: Path, slurm: Running) -> None:
        super().__init__(path)
        self.slurm = slurm
        self.commands = path.with_name(f"{path.name}-commands")
        note_calls(slurm, self.commands)

    def environment(self) -> Dict[str, str]:
        """Of its commands: with those of Slurm."""
        return {**super().environment(), "PATH": f"{self.commands}:{os.environ['PATH']}"}

    def words(self, *arguments: str) -> List[str]:
        """The arguments of pytest, with Slurm where the emulator is asked for."""
        return [part for word in arguments for part in (_QUICK if word == "--fugaku-emulate" else (word,))]

    def emulate(self, faults: Optional[Sequence[Dict[str, Any]]] = None, **settings: object) -> None:
        """Leave out a test that tells the emulator what to do; groups are those of Slurm."""
        if set(settings) != {"groups"}:
            self.needs_emulator("it is told what to do, or stands on PATH")

    def slow_submission(self) -> Callable[[], object]:
        """Have the next submission take three seconds before Slurm has it. Return whether it has begun."""
        (self.commands / "slow").touch()
        return lambda: not (self.commands / "slow").exists()

    def needs_emulator(self, why: str) -> None:
        """Leave out the rest of the test."""
        pytest.skip(f"about the emulator: {why}")

    def calls(self, command: str) -> List[Call]:
        """What Slurm was asked by the command that stands for this one of PJM."""
        lines = [line.split("\037") for line in (self.commands / "calls").read_text().splitlines()]
        mine = [words for words in lines if words[0] == _SAME[command]]
        return [
            Call(command, tuple(words), "", 0.0, exit=0 if job else None, jobs=(job,) if job else ())
            for _, job, *words in mine
        ]

    def waited_there(self) -> bool:
        """Whether Slurm was told which jobs wait for others, for all that was submitted."""
        words = [word for call in self.submissions() for word in call.argv]
        return any(word.startswith("--dependency=afterok:") for word in words) and "--hold" in words

    def running(self) -> List[str]:
        """The jobs that have not ended."""
        return self.slurm.run("squeue", "-h", "-r", "-o", "%i").split()

    def stop(self) -> None:
        """End what may still run."""
        running = self.running()
        if running:
            self.slurm.run("scancel", *running)
        self.wait_for_end()


def note_calls(slurm: Running, commands: Path) -> None:
    """Make a folder with the commands of a Slurm, each of which notes its calls in the file `calls`."""
    commands.mkdir()
    commands.chmod(0o777)  # of any user
    (commands / "calls").touch()
    (commands / "calls").chmod(0o666)
    for real in slurm.commands.iterdir():
        note = f"{{ printf %s '{real.name}'; printf '\\037%s' \"$out\" \"$@\"; echo; }} >> '{commands}/calls'"
        slow = f"[ ! -e '{commands}/slow' ] || {{ rm '{commands}/slow'; sleep 3; }}"
        call = f'{slow}\nout=$("{real}" "$@"); code=$?\n[ -z "$out" ] || printf "%s\\n" "$out"\n{note}\nexit $code\n'
        if real.name != "sbatch":  # others may be killed while they wait
            call = f'{note}\nexec "{real}" "$@"\n'
        (commands / real.name).write_text(f"#!/bin/sh\n{call}", errors="surrogateescape")
        (commands / real.name).chmod(0o755)
