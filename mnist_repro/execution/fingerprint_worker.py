"""A worker process with one thread that reports its TensorFlow and takes a fingerprint.

`ask` and `provenance_there` start the process, and `main` runs in it. Processes that take several fingerprints, one
after the other, use `take_here`, and leave them in folders.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

from mnist_repro.data.dataset import Dataset
from mnist_repro.data.locate import load
from mnist_repro.errors import BadInput
from mnist_repro.execution.fingerprint import take
from mnist_repro.execution.processes import DiedError, Process, serve
from mnist_repro.files.atomic import write_text
from mnist_repro.files.json import json_text, read_json
from mnist_repro.recipes import Recipe, find
from mnist_repro.training.provenance import provenance

SCHEMA = 1
FILE = "fingerprint.json"


@dataclass(frozen=True)
class TakenFingerprint:
    """A fingerprint, with its recipe, dataset and arithmetic.

    Args:
        recipe: name of the recipe.
        dataset: name of the dataset.
        arithmetic: ``original`` or ``framework``.
        exact: counts and checksums.
        losses: losses of steps and scores.
        provenance: the environment in which it was taken.
    """

    recipe: str
    dataset: str
    arithmetic: str
    exact: Mapping[str, int]
    losses: Mapping[str, float]
    provenance: Mapping[str, Any]


def ask(recipe: str, data: str, arithmetic: str) -> TakenFingerprint:
    """Start the process, and wait for the fingerprint of a recipe.

    The process finds its dataset with `mnist_repro.data.locate.load`.

    Raises:
        BadInput: the process refused, or died.
    """
    return TakenFingerprint(**_asked(recipe, data, arithmetic))


def provenance_there() -> Dict[str, Any]:
    """The provenance of a worker process: versions, CPU and threads. Raises as `ask` does."""
    answer: Dict[str, Any] = _asked(None, "", "original")
    return answer


def _asked(recipe: Optional[str], data: str, arithmetic: str) -> Any:
    with closing(Process("execution.fingerprint_worker")) as process:
        try:
            return process.ask({"recipe": recipe, "data": data, "arithmetic": arithmetic})
        except DiedError as error:
            what = f"the process that takes the fingerprint of {recipe} {error.how}"
            raise BadInput(what, error.last_words, error.fix) from error


def take_here(recipe: Recipe, dataset: Dataset, arithmetic: str) -> TakenFingerprint:
    """Take a fingerprint in this process."""
    started = time.monotonic()
    exact, losses = take(recipe, dataset, arithmetic)
    here = provenance(time.monotonic() - started)
    return TakenFingerprint(recipe.name, dataset.name, arithmetic, exact, losses, here)


def write(taken: TakenFingerprint, folder: Path) -> None:
    """Write a fingerprint into ``folder`` for `read`.

    Raises:
        BadInput: the folder cannot be written.
    """
    write_text(folder / FILE, json_text({"schema": SCHEMA, **asdict(taken)}))


def read(folder: Path) -> TakenFingerprint:
    """The fingerprint that `write` left in ``folder``."""
    fields = read_json(folder / FILE, SCHEMA, "fingerprint", "take it again")
    del fields["schema"]
    losses = {name: float(value) for name, value in fields["losses"].items()}
    return TakenFingerprint(**{**fields, "losses": losses})


def main() -> None:
    """Answer the request."""
    serve(lambda request, report: _reply(**request))


def _reply(recipe: Optional[str], data: str, arithmetic: str) -> Dict[str, Any]:
    return provenance(0.0) if recipe is None else asdict(take_here(find(recipe), load(data), arithmetic))
