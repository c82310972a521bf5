"""Baseline files of wheel-softmax, and the messages that refuse them."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Tuple

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import Change, accepted
from mnist_repro.runs import baselines
from tests.builders.made_up_baselines import SURROGATE, samples, subset

BACK = "git checkout -- PATH brings the committed one back"
LATER = Change(
    "2027-01-01T00:00:00+00:00", "dropout: after the second pool, as the source has it ± ☃", {"tolerance": 1e-6}
)


def stored_file(folder: Path) -> Path:
    """A file with two entries, one of them with a history."""
    path = baseline_files.path_of(folder, baselines.name_of("wheel-softmax", "subset"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_content())
    return path


@functools.lru_cache(maxsize=None)
def _content() -> bytes:
    changed = accepted(subset(), subset(samples([0.25, 0.5])), LATER.date, LATER.reason)
    with tempfile.TemporaryDirectory() as folder:
        return baseline_files.write(Path(folder), changed.with_entry(samples(conditions=SURROGATE))).read_bytes()


def refusal(folder: Path, rung: str = "subset") -> Tuple[str, str, str]:
    """The message of reading wheel-softmax's file, with PATH for its path."""
    path = str(baseline_files.path_of(folder, baselines.name_of("wheel-softmax", rung)))
    with pytest.raises(BadInput) as caught:
        baselines.read(folder, "wheel-softmax", rung)
    what, why, fix = (part.replace(path, "PATH") for part in caught.value.args)
    return what, why, fix


def why_refused(folder: Path) -> str:
    """What is wrong with it, where the rest of the message is as usual; a library's own words may follow the why."""
    what, why, fix = refusal(folder)
    assert why.startswith("a baseline is written by a recording, and not by hand")
    assert fix.startswith(f"{BACK}; if none was committed: rm PATH && mnist-repro baseline record wheel-softmax ")
    start = "PATH cannot be used as a baseline: "
    assert start == what[: len(start)]
    return what[len(start) :]
