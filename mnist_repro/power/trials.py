"""Trials: measures a recipe's code with a bug or in a changed environment, part by part in worker processes.

A trial keeps its measurements in its folder, and later measures only the missing parts.
"""

from __future__ import annotations

import os
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from mnist_repro.data.dataset import Dataset
from mnist_repro.data.locate import load
from mnist_repro.errors import BadInput
from mnist_repro.execution import fingerprint
from mnist_repro.execution.components import Assignment, as_run
from mnist_repro.execution.fingerprint import TakenFingerprint
from mnist_repro.execution.processes import DiedError, Process, serve
from mnist_repro.files.atomic import write_text
from mnist_repro.gate.comparison import FINGERPRINT
from mnist_repro.power.bugs import find_bug, no_longer_fits, planted, read_bugs
from mnist_repro.recipes import Recipe, find
from mnist_repro.runs import run_json
from mnist_repro.runs.run import Run
from mnist_repro.training import framework, train

ARITHMETIC = "original"
# Not run.json: commands that look for runs must not find a run with a planted bug.
RUN, _CRASHED = "trial.json", "crashed.txt"
# Variables that change how TensorFlow rounds; a trial's process has only those of the trial.
_SWITCHES = ("MNIST_REPRO_THREADS", "TF_ENABLE_ONEDNN_OPTS", "ONEDNN_MAX_CPU_ISA")


class Measurement(NamedTuple):
    """One part of a trial: the fingerprint, or one run (``subset`` or ``full``) from a seed."""

    rung: str
    seed: int = 0


@dataclass(frozen=True)
class Trial:
    """One recipe under one condition.

    Args:
        recipe: name of the recipe.
        bug: name of the planted bug, or None.
        folder: folder of the results; no other trial uses it.
        environment: additional variables for the process.
    """

    recipe: str
    bug: Optional[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict, hash=False, compare=False)

    def missing(self, parts: Sequence[Measurement]) -> List[Measurement]:
        """The parts that have not been measured yet."""
        return [part for part in parts if not _ended(self.folder, part)]

    def crash(self, parts: Sequence[Measurement]) -> Optional[str]:
        """The last line of the error of the first part that crashed, or None."""
        for part in parts:
            file = _place(self.folder, part) / _CRASHED
            if file.exists():
                return file.read_text(encoding="utf-8").strip().splitlines()[-1].strip()
        return None

    def fingerprint(self) -> TakenFingerprint:
        """Read the fingerprint, which must have been measured without a crash."""
        return fingerprint.read(_place(self.folder, Measurement(FINGERPRINT)))

    def runs(self, scale: str, seeds: Sequence[int]) -> Tuple[Run, ...]:
        """Read the runs of these seeds, which must have been made without a crash."""
        return tuple(run_json.read(_place(self.folder, Measurement(scale, seed)) / RUN) for seed in seeds)


def main() -> None:
    """Measure the trial that this process is asked for: `measure_all` starts one with one thread for each trial."""
    serve(lambda job, report: _measure_job(job))


def _measure_job(job: Dict[str, Any]) -> None:
    dataset, file = load(job["data"], say=lambda line: None), Path(job["bugs"])
    # A bug replaces functions in loaded modules. This module imports all that a bug may change.
    with nullcontext() if job["bug"] is None else planted(find_bug(read_bugs(file), job["bug"]), file):
        for part in job["parts"]:
            measure(Path(job["folder"]), find(job["recipe"]), dataset, Measurement(*part))


def measure(folder: Path, recipe: Recipe, dataset: Dataset, part: Measurement) -> None:
    """Measure one part in this process and keep it. If the code crashes, keep the error as the result.

    Raises:
        BadInput: the folder cannot be written, or a file cannot be read.
        Exception: an error that is not the code's: no space, no memory, a bug for other code. Nothing is kept.
    """
    place = _place(folder, part)
    try:
        result = _result(recipe, dataset, part)
    except Exception as error:  # a crash is a result: every test would catch it
        if _says_nothing(error):
            raise
        write_text(place / _CRASHED, traceback.format_exc())
        return
    if isinstance(result, TakenFingerprint):
        fingerprint.write(result, place)
    else:
        run_json.write(result, place, RUN)


def measure_all(
    trial_parts: Sequence[Tuple[Trial, Sequence[Measurement]]],
    data: str,
    bugs: Path,
    processes: int,
    say: Callable[[str], object],
) -> None:
    """Measure the missing parts of these trials, ``processes`` trials at a time.

    Raises:
        BadInput: a process refused its task or died; the other trials have been measured nevertheless.
        KeyboardInterrupt: Ctrl-C; the processes have been stopped, and finished measurements are kept.
    """
    jobs = [(trial, missing) for trial, parts in trial_parts for missing in [trial.missing(parts)] if missing]
    crew = _Crew()
    refused: List[BadInput] = []
    with ThreadPoolExecutor(processes) as pool:
        futures = {pool.submit(crew.measure, *job, data, bugs): job for job in jobs}
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                trial, parts = futures[future]
                try:
                    future.result()
                except BadInput as error:
                    refused.append(error)
                counts = ", ".join(f"{count} {rung}" for rung, count in Counter(part.rung for part in parts).items())
                say(f"{done}/{len(jobs)} {trial.recipe}, {trial.bug or 'no bug'}: {counts}")
        except BaseException:
            crew.stop()
            raise
    if refused:
        raise refused[0]


class _Crew:
    """The processes that are running, so that they can be stopped."""

    def __init__(self) -> None:
        self._stopped = False
        self._running: List[Process] = []

    def stop(self) -> None:
        self._stopped = True
        for process in list(self._running):
            process.kill()

    def measure(self, trial: Trial, parts: Sequence[Measurement], data: str, bugs: Path) -> None:
        if self._stopped:
            return
        job = {
            "recipe": trial.recipe,
            "bug": trial.bug,
            "bugs": str(bugs),
            "data": data,
            "folder": str(trial.folder),
            "parts": list(parts),
        }
        environment = {name: value for name, value in os.environ.items() if name not in _SWITCHES}
        with closing(Process("power.trials", {**environment, **trial.environment})) as process:
            self._running.append(process)
            try:
                if self._stopped:
                    process.kill()
                process.ask(job)
            except DiedError as error:
                if not self._stopped:
                    raise BadInput(
                        f"the process of {trial.recipe}, {trial.bug or 'no bug'}, ended with exit code {error.code}",
                        error.last_words,
                        "run the same command again: it goes on; a signal (a negative code) often means that memory is "
                        "short; if a bug of --bugs always ends so, mend it, or name the others: --bug NAME",
                    ) from error
            finally:
                self._running.remove(process)


def _says_nothing(error: Exception) -> bool:
    """Whether the cause of an error is this machine, or a bug that does not fit the code, and not the measured code."""
    exhausted = framework.tensorflow().errors.ResourceExhaustedError
    return isinstance(error, (BadInput, OSError, MemoryError, exhausted)) or no_longer_fits(error)


def _result(recipe: Recipe, dataset: Dataset, part: Measurement) -> Union[TakenFingerprint, Run]:
    if part.rung == FINGERPRINT:
        return fingerprint.take(recipe, dataset, ARITHMETIC)
    scale = recipe.scale(part.rung)
    trained = train.train(recipe, dataset, part.seed, scale, ARITHMETIC)
    return as_run(Assignment(recipe, part.seed, part.rung, ARITHMETIC), dataset, scale, trained)


def _place(folder: Path, part: Measurement) -> Path:
    return folder if part.rung == FINGERPRINT else folder / part.rung / f"seed-{part.seed}"


def _ended(folder: Path, part: Measurement) -> bool:
    place = _place(folder, part)
    result = fingerprint.FILE if part.rung == FINGERPRINT else RUN
    return (place / result).exists() or (place / _CRASHED).exists()
