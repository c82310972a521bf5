"""A process of its own, with one thread, that says what TensorFlow it has and takes fingerprints with it.

`ask` and `ask_each` start it; `main` runs in it: one line of JSON in, one out for each recipe.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from typing import IO, Any, Dict, Iterator, Mapping, Optional, Sequence, Tuple, Union

from mnist_repro.errors import BadInput
from mnist_repro.fingerprint import Fingerprint
from mnist_repro.own_process import command

_LINES_SHOWN = 15


@dataclass(frozen=True)
class Answer:
    """What the process said.

    Args:
        provenance: its versions, CPU and threads.
        fingerprint: if one was asked for.
    """

    provenance: Dict[str, Any]
    fingerprint: Optional[Fingerprint] = None


def ask(recipe: Optional[str] = None, data: str = "", arithmetic: str = "original") -> Answer:
    """Start the process and wait for its answer.

    Args:
        recipe: whose fingerprint to take; without one, only the provenance is asked for.
        data: the dataset's place, as `mnist_repro.data.locate.load` takes it.
        arithmetic: ``original`` or ``framework``.

    Raises:
        BadInput: the process refused, or died.
    """
    ((_, answer),) = ask_each([recipe], data, arithmetic)
    if isinstance(answer, BadInput):
        raise answer
    return answer


def ask_each(
    recipes: Sequence[Optional[str]], data: str, arithmetic: str, environment: Optional[Mapping[str, str]] = None
) -> Iterator[Tuple[Optional[str], Union[Answer, BadInput]]]:
    """Ask one process for one fingerprint after another, so that TensorFlow is imported once; another if it dies.

    Args:
        recipes: as `ask` takes one.
        data: as `ask` takes it.
        arithmetic: as `ask` takes it.
        environment: of the process; this one's as it is then if None.

    Yields:
        Each recipe with its answer, or with why there is none.
    """
    waiting = list(recipes)
    while waiting:
        asked = json.dumps({"recipes": waiting, "data": data, "arithmetic": arithmetic})
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(
                command("fingerprint_worker"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
            )
            assert process.stdin is not None  # noqa: S101 - a pipe was asked for
            assert process.stdout is not None  # noqa: S101 - likewise
            try:
                with contextlib.suppress(BrokenPipeError), process.stdin as questions:
                    questions.write(asked.encode())
                for line in process.stdout:
                    yield waiting.pop(0), _heard(json.loads(line))
                code = process.wait()
            finally:
                process.kill()
                process.stdout.close()
                process.wait()
            if waiting:
                yield waiting[0], _died(waiting.pop(0), code, log)


def _heard(said: Dict[str, Any]) -> Union[Answer, BadInput]:
    if "refused" in said:
        return BadInput(*said["refused"])
    taken = said["fingerprint"]
    return Answer(said["provenance"], Fingerprint(**taken) if taken else None)


def _died(recipe: Optional[str], code: int, log: IO[bytes]) -> BadInput:
    log.seek(0)
    last = log.read().decode("utf-8", "replace").splitlines()[-_LINES_SHOWN:]
    return BadInput(
        f"the process that takes the fingerprint of {recipe} ended with exit code {code}",
        "its last words were:\n    " + "\n    ".join(last or ["(none)"]),
        "try again; a signal (a negative code) often means that memory is short",
    )


def main() -> None:
    """Answer what standard input asks, a line each; whatever TensorFlow prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    asked = json.load(sys.stdin)
    for recipe in asked["recipes"]:
        try:
            said = _answer(recipe, asked["data"], asked["arithmetic"])
        except BadInput as error:
            said = {"refused": error.args}
        answers.write(json.dumps(said) + "\n")
        answers.flush()


def _answer(recipe: Optional[str], data: str, arithmetic: str) -> Dict[str, Any]:
    from mnist_repro.data.locate import load
    from mnist_repro.fingerprint import take
    from mnist_repro.provenance import provenance
    from mnist_repro.recipes import find

    started = time.monotonic()
    taken = None
    if recipe is not None:
        taken = asdict(take(find(recipe), load(data), arithmetic))
    return {"provenance": provenance(time.monotonic() - started), "fingerprint": taken}
