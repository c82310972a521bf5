"""A worker process with one thread that trains one run after another: JSON lines with assignments in, with events out.

`mnist_repro.execution.workers` starts it. Events go to the original standard output; the output of TensorFlow and
Keras goes to standard error.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from pathlib import Path
from typing import IO, Any, Dict, Optional

from mnist_repro.data.dataset import Dataset
from mnist_repro.data.locate import load
from mnist_repro.errors import BadInput
from mnist_repro.execution.components import Assignment, as_run, estimate, train_into
from mnist_repro.execution.fingerprint_worker import take_into
from mnist_repro.execution.workers import FINGERPRINT, RUN
from mnist_repro.files.atomic import require_writable
from mnist_repro.recipes import find
from mnist_repro.runs import run_json
from mnist_repro.runs.log import Line
from mnist_repro.runs.run_json import WEIGHTS
from mnist_repro.training.train import train


def main() -> None:
    """Serve assignments until standard input ends."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    datasets: Dict[str, Dataset] = {}
    while True:
        job = json.loads(jobs.get())
        try:
            if job["data"] not in datasets:
                datasets[job["data"]] = load(job["data"])
            _serve(job, datasets[job["data"]], events)
        except BadInput as error:
            _say(events, event="failed", what=error.what, why=error.why, fix=error.fix)
        else:
            _say(events, event="done")


def _listen(jobs: queue.SimpleQueue[bytes]) -> None:
    """Read assignments into the queue. When standard input ends, end this process, also in the middle of a run.

    Its parent has then finished or was killed, so that no process needs the result of that run.
    """
    # Unbuffered: Python cannot end while another thread waits in a buffered reader.
    with os.fdopen(os.dup(0), "rb", buffering=0) as lines:
        for line in lines:
            jobs.put(line)
    os._exit(0)


def _serve(job: Dict[str, Any], dataset: Dataset, events: IO[str]) -> None:
    recipe = find(job["recipe"])
    assignment = Assignment(recipe, job["seed"], job["scale"], job["arithmetic"])
    scale = recipe.scale(assignment.scale)
    folder = Path(job["out"])

    def progress(done: int, total: int, line: Optional[Line]) -> None:
        _say(events, event="progress", done=done, total=total)

    if job["leaves"] == FINGERPRINT:
        take_into(folder, recipe, dataset, assignment.arithmetic)
    elif job["leaves"] == RUN:
        require_writable(folder)
        trained = train(recipe, dataset, assignment.seed, scale, assignment.arithmetic, progress)
        run_json.write(as_run(assignment, dataset, scale, trained), folder)
    else:
        train_into(folder, assignment, dataset, progress)
        estimate(folder / WEIGHTS, recipe, dataset, scale.test_images, out=folder)


def _say(events: IO[str], **event: Any) -> None:
    events.write(json.dumps(event) + "\n")
    events.flush()
