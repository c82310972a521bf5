"""A worker process with one thread that plants one bug, measures the changed code, and writes the results.

`mnist_repro.power.trials` starts it. It writes files into the trial's folder.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, ContextManager, Dict

from mnist_repro.execution.processes import serve


def main() -> None:
    """Measure the trial that this process is asked for."""
    serve(lambda job, report: _measure_all(job))


def _measure_all(job: Dict[str, Any]) -> None:
    # A bug replaces functions in loaded modules, so load all modules before it is planted.
    from mnist_repro.data.locate import load
    from mnist_repro.power import trials
    from mnist_repro.recipes import find

    dataset = load(job["data"], say=lambda line: None)
    folder = Path(job["folder"])
    with _planted(job):
        for part in job["parts"]:
            trials.measure(folder, find(job["recipe"]), dataset, trials.Measurement(*part))


def _planted(job: Dict[str, Any]) -> ContextManager[object]:
    from mnist_repro.power.bugs import find_bug, planted, read_bugs

    if job["bug"] is None:
        return contextlib.nullcontext()
    file = Path(job["bugs"])
    return planted(find_bug(read_bugs(file), job["bug"]), file)
