"""A worker process with one thread that reports its TensorFlow and takes a fingerprint.

`ask` starts the process and `main` runs in it: one line of JSON in, one line out. Processes that take several
fingerprints, one after the other, use `take_into` and `taken_in`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Dict, Optional

from mnist_repro.data.dataset import Dataset
from mnist_repro.data.locate import load
from mnist_repro.errors import BadInput
from mnist_repro.execution.fingerprint import Fingerprint, take
from mnist_repro.execution.processes import command
from mnist_repro.files.atomic import write_text
from mnist_repro.recipes import Recipe, find
from mnist_repro.training.provenance import provenance

FILE = "fingerprint.json"
_LINES_SHOWN = 15


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
    question = json.dumps({"recipe": recipe, "data": data, "arithmetic": arithmetic})
    with tempfile.TemporaryFile() as log:
        ended = subprocess.run(
            command("execution.fingerprint_worker"),
            input=question.encode(),
            stdout=subprocess.PIPE,
            stderr=log,
            check=False,
        )
        if not ended.stdout:
            raise _died(recipe, ended.returncode, log)
    answer = json.loads(ended.stdout)
    if "refused" in answer:
        raise BadInput(*answer["refused"])
    return _answer(answer)


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


def _died(recipe: Optional[str], code: int, log: IO[bytes]) -> BadInput:
    log.seek(0)
    last = log.read().decode("utf-8", "replace").splitlines()[-_LINES_SHOWN:]
    return BadInput(
        f"the process that takes the fingerprint of {recipe} ended with exit code {code}",
        "its last words were:\n    " + "\n    ".join(last or ["(none)"]),
        "try again; a signal (a negative code) often means that memory is short",
    )


def main() -> None:
    """Answer the request on standard input, in one line. TensorFlow's own output goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    question = json.load(sys.stdin)
    name, data, arithmetic = question["recipe"], question["data"], question["arithmetic"]
    try:
        answer = (
            {"provenance": provenance(0.0), "fingerprint": None}
            if name is None
            else _fields(find(name), load(data), arithmetic)
        )
    except BadInput as error:
        answer = {"refused": error.args}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _fields(recipe: Recipe, dataset: Dataset, arithmetic: str) -> Dict[str, Any]:
    started = time.monotonic()
    fingerprint = asdict(take(recipe, dataset, arithmetic))
    return {"provenance": provenance(time.monotonic() - started), "fingerprint": fingerprint}
