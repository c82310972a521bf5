"""A process of its own, with one thread, that says what TensorFlow it has and takes one fingerprint with it.

`ask` starts it; `main` runs in it: one line of JSON in, one out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any, Dict, Optional

from mnist_repro.errors import BadInput
from mnist_repro.fingerprint import Fingerprint

_LINES_SHOWN = 15
# It imports from where this process does, and from nowhere else, as `mnist_repro.workers` has it.
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from mnist_repro.fingerprint_worker import main; main()"


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
    asked = json.dumps({"recipe": recipe, "data": data, "arithmetic": arithmetic})
    command = [sys.executable, "-c", _PROGRAM, *sys.path]
    ended = subprocess.run(command, input=asked.encode(), capture_output=True, check=False)
    said = json.loads(ended.stdout) if ended.returncode == 0 else {}
    if "refused" in said:
        raise BadInput(*said["refused"])
    if "provenance" not in said:
        last = ended.stderr.decode("utf-8", "replace").splitlines()[-_LINES_SHOWN:]
        raise BadInput(
            f"the process that takes the fingerprint of {recipe} ended with exit code {ended.returncode}",
            "its last words were:\n    " + "\n    ".join(last or ["(none)"]),
            "try again; a signal (a negative code) often means that memory is short",
        )
    taken = said["fingerprint"]
    return Answer(said["provenance"], Fingerprint(**taken) if taken else None)


def main() -> None:
    """Answer what standard input asks; whatever TensorFlow prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = json.load(sys.stdin)
    try:
        said = _answer(job)
    except BadInput as error:
        said = {"refused": error.args}
    answers.write(json.dumps(said))
    answers.close()


def _answer(job: Dict[str, Any]) -> Dict[str, Any]:
    from mnist_repro.data.locate import load
    from mnist_repro.fingerprint import take
    from mnist_repro.provenance import provenance
    from mnist_repro.recipes import find

    started = time.monotonic()
    taken = None
    if job["recipe"] is not None:
        taken = asdict(take(find(job["recipe"]), load(job["data"]), job["arithmetic"]))
    return {"provenance": provenance(time.monotonic() - started), "fingerprint": taken}
