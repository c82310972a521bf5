"""A worker process with one thread that reports its TensorFlow and takes a fingerprint.

`ask` starts the process and `main` runs in it. Processes that take several fingerprints, one after the other, use
`take_into` and `taken_in`.
"""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, Optional

from mnist_repro.data.dataset import Dataset
from mnist_repro.data.locate import load
from mnist_repro.errors import BadInput
from mnist_repro.execution.fingerprint import Fingerprint, take
from mnist_repro.execution.processes import DiedError, Process, serve
from mnist_repro.files.atomic import write_text
from mnist_repro.recipes import Recipe, find
from mnist_repro.training.provenance import provenance

FILE = "fingerprint.json"


@dataclass(frozen=True)
class Answer:
    """The answer of the process.

    Args:
        provenance: versions, CPU and threads of the process.
        fingerprint: the fingerprint, if the request names a recipe.
    """

    provenance: Dict[str, Any]
    fingerprint: Optional[Fingerprint] = None


def ask(recipe: Optional[str] = None, data: str = "", arithmetic: str = "original") -> Answer:
    """Start the process and wait for its answer.

    Args:
        recipe: recipe of the fingerprint; without a recipe, the answer has only the provenance.
        data: place of the dataset, as `mnist_repro.data.locate.load` takes it.
        arithmetic: ``original`` or ``framework``.

    Raises:
        BadInput: the process refused, or died.
    """
    with closing(Process("execution.fingerprint_worker")) as process:
        try:
            return _answer(process.ask({"recipe": recipe, "data": data, "arithmetic": arithmetic}))
        except DiedError as error:
            what = f"the process that takes the fingerprint of {recipe} {error.how}"
            raise BadInput(what, error.last_words, error.fix) from error


def take_into(folder: Path, recipe: Recipe, dataset: Dataset, arithmetic: str) -> None:
    """Take a fingerprint in this process, and write it into ``folder`` for `taken_in`.

    Raises:
        BadInput: the folder cannot be written.
    """
    write_text(folder / FILE, json.dumps(_fields(recipe, dataset, arithmetic)))


def taken_in(folder: Path) -> Answer:
    """The answer that `take_into` wrote into ``folder``."""
    return _answer(json.loads((folder / FILE).read_text(encoding="utf-8")))


def _answer(answer: Dict[str, Any]) -> Answer:
    fingerprint = answer["fingerprint"]
    return Answer(answer["provenance"], Fingerprint(**fingerprint) if fingerprint else None)


def main() -> None:
    """Answer the request."""
    serve(lambda request, report: _reply(**request))


def _reply(recipe: Optional[str], data: str, arithmetic: str) -> Dict[str, Any]:
    if recipe is None:
        return {"provenance": provenance(0.0), "fingerprint": None}
    return _fields(find(recipe), load(data), arithmetic)


def _fields(recipe: Recipe, dataset: Dataset, arithmetic: str) -> Dict[str, Any]:
    started = time.monotonic()
    fingerprint = asdict(take(recipe, dataset, arithmetic))
    return {"provenance": provenance(time.monotonic() - started), "fingerprint": fingerprint}
