"""Runs `mnist-repro baseline` and looks at what it leaves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, List

from mnist_repro.gate.baselines.values import SampleEntry
from mnist_repro.runs import baselines
from tests.builders.command_line import Ended, run

REASON = "the first of all"


def baseline(action: str, folder: Path, *more: object) -> Ended:
    """Run the command on baselines in ``folder``, in this process."""
    return run("baseline", action, "--baselines", folder, *more)


def message(ended: Ended, folder: Path) -> List[str]:
    """The three parts of a command's one message, with DIR for ``folder``; it said nothing else, and ended with 2."""
    assert (2, "") == (ended.code, ended.out)
    parts = re.split(r"\n  (?:why|next): ", ended.err.rstrip("\n").replace(str(folder), "DIR"))
    return [parts[0].replace("mnist-repro: ", "", 1), *parts[1:]]


def stored(folder: Path) -> SampleEntry:
    """The one entry of wheel-softmax's stored subset."""
    (entry,) = baselines.read(folder, "wheel-softmax", "subset").entries
    assert isinstance(entry, SampleEntry)
    return entry


def files(folder: Path) -> Dict[str, bytes]:
    """Every file of the baselines but the private ones."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".recording" not in path.parts
    }
