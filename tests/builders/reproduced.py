"""One session of `reproduce` that many tests look at: one seed of three recipes at the subset scale."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.builders.command_line import Ended, finish, start


@dataclass(frozen=True)
class Reproduced:
    """What the session left; tests only read it.

    Args:
        data: what to say with --data, so that a command uses the same digits.
        runs: the folder of --out.
        json: the file of --json.
        ended: how the command ended, and what it said.
    """

    data: str
    runs: Path
    json: Path
    ended: Ended

    def folder(self, recipe: str) -> Path:
        [folder] = (self.runs / recipe).glob("*/seed-0")
        return folder


class Reproducing:
    """The session in a process of its own, while other tests run, which go first.

    Args:
        data: as in `Reproduced`.
        runs: as in `Reproduced`.
    """

    def __init__(self, data: str, runs: Path) -> None:
        self._data, self._runs = data, runs
        self._process = start(
            *("reproduce", "vgg7-bn", "wheel-softmax", "tf-softmax", "--scale", "subset", "--seeds", "1"),
            *("--processes", "1", "--data", data, "--out", runs, "--json", runs / "result.json"),
        )
        os.setpriority(os.PRIO_PROCESS, self._process.pid, os.getpriority(os.PRIO_PROCESS, 0) + 19)

    def finish(self) -> Reproduced:
        """Wait for its end."""
        return Reproduced(self._data, self._runs, self._runs / "result.json", finish(self._process))

    def stop(self) -> None:
        """End it, if no test has waited for it."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.communicate()
