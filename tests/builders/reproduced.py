"""One session of `reproduce` that many tests look at: one seed of three recipes at the subset scale."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.builders.command_line import Ended, run


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


def reproduce(data: str, runs: Path) -> Reproduced:
    """Make the runs in one process: TensorFlow is imported once."""
    ended = run(
        *("reproduce", "vgg7-bn", "wheel-softmax", "tf-softmax", "--scale", "subset", "--seeds", "1"),
        *("--processes", "1", "--data", data, "--out", runs, "--json", runs / "result.json"),
    )
    return Reproduced(data, runs, runs / "result.json", ended)
