"""Reads and writes run.json, and has the names of the other files of a run.

What is read is sound: its parts fit together, so that code that uses a run needs no checks of its own.
"""

from __future__ import annotations

import math
import shlex
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import write_text
from mnist_repro.files.json import json_text, read_json
from mnist_repro.recipes import RECIPES
from mnist_repro.recipes.recipe import ARITHMETICS, SCALES
from mnist_repro.runs.evaluation import Evaluation
from mnist_repro.runs.log import Line, Score
from mnist_repro.runs.run import Run, platform_name

__all__ = ["read", "write"]

SCHEMA = 1
# Names of the files of a run: those of `train`, in the order in which they are written, and those of `estimate`.
TRAINING_LOG = "learn.log"
WEIGHTS = "param.hdf5"
MODEL = "model.h5"
FILE = "run.json"
TRAINED = (TRAINING_LOG, WEIGHTS, MODEL, FILE)
EVALUATION = "evaluation.json"
EVALUATION_LOG = "eval.log"
ESTIMATED = (EVALUATION_LOG, EVALUATION)
# What a sound run has.
_UNITS = ("epoch", "step")
_PLATFORM = ("machine", "tensorflow", "keras")
_COUNTS = ("parameters", "training_images", "test_images")
_SHOWN = 100


def write(run: Run, folder: Path, name: str = FILE) -> None:
    """Write `run.json`, or a file with another name, into ``folder`` atomically.

    Raises:
        BadInput: the file cannot be written.
    """
    # Not `asdict`, which copies each of thousands of numbers by itself.
    fields: Dict[str, Any] = {"schema": SCHEMA, **vars(run), "log": [vars(line) for line in run.log]}
    fields["scores"] = [_score_fields(score) for score in run.scores]
    fields["validation"] = evaluation_fields(run.validation)
    write_text(folder / name, json_text(fields))


def read(path: Path) -> Run:
    """Read a run from its folder or from `run.json` itself. It reads the runs of earlier versions too.

    Raises:
        BadInput: the file is missing, truncated, of a newer schema, lacks a field, or has impossible values.
    """
    file = path / FILE if path.is_dir() else path
    fields = read_json(file, SCHEMA, "run", "mnist-repro train RECIPE --out DIR", _again(file))
    try:
        run = Run(
            recipe=str(fields["recipe"]),
            seed=int(fields["seed"]),
            scale=str(fields["scale"]),
            arithmetic=str(fields["arithmetic"]),
            unit=str(fields["unit"]),
            dataset={str(name): str(value) for name, value in fields["dataset"].items()},
            counts={str(name): int(value) for name, value in fields["counts"].items()},
            scores=tuple(_score(score) for score in fields["scores"]),
            validation=_evaluation(fields["validation"]),
            log=tuple(Line(**{name: _number(value) for name, value in line.items()}) for line in fields["log"]),
            step_losses=tuple(_finite_or_not(loss) for loss in fields["step_losses"]),
            first_predictions=tuple(int(label) for label in fields["first_predictions"]),
            provenance=_provenance(fields["provenance"]),
        )
        unsound = first_unsound(run)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise BadInput(
            f"{file} is not a whole run",
            f"a run of schema {SCHEMA} has every field of docs/reference: {type(error).__name__}: {error}",
            _again(file),
        ) from error
    if unsound is not None:
        raise BadInput(
            f"{file} is not a sound run: {unsound}",
            "every run that was trained here has what others count on, so that this one was edited or damaged",
            _again(file, run.recipe if run.recipe in RECIPES else "RECIPE"),
        )
    return run


def _again(file: Path, recipe: str = "RECIPE") -> str:
    """How to replace a damaged run; `train` does not replace a `run.json` that cannot be read."""
    folder = shlex.quote(str(file.parent))
    return f"move {file} away, then train it again: mnist-repro train {recipe} --out {folder}"


def _provenance(fields: Mapping[str, Any]) -> Dict[str, Any]:
    """The provenance of a run, with the platform also for runs that were made before it was written."""
    return {**fields, "platform": fields.get("platform") or platform_name(fields)}


def _score_fields(score: Score) -> Dict[str, Any]:
    return {
        "after": score.after,
        "test": evaluation_fields(score.test),
        "test_debiased": evaluation_fields(score.test_debiased),
    }


def evaluation_fields(evaluation: Optional[Evaluation]) -> Optional[Dict[str, Any]]:
    """The JSON form of an evaluation, its counts included."""
    if evaluation is None:
        return None
    return {**vars(evaluation), "right": evaluation.right, "wrong": evaluation.wrong}


def _score(fields: Mapping[str, Any]) -> Score:
    test = _evaluation(fields["test"])
    if test is None:
        raise ValueError("a score without test images")
    return Score(int(fields["after"]), test, _evaluation(fields["test_debiased"]))


def _evaluation(fields: Optional[Mapping[str, Any]]) -> Optional[Evaluation]:
    if fields is None:
        return None
    # Optional: old runs have none, because predictions were not stored then.
    predictions = fields.get("wrong_predictions")
    return Evaluation(
        loss=_finite_or_not(fields["loss"]),
        accuracy=_finite_or_not(fields["accuracy"]),
        confusion=tuple(tuple(int(count) for count in row) for row in fields["confusion"]),
        wrong_images=tuple(int(index) for index in fields["wrong_images"]),
        wrong_predictions=None if predictions is None else tuple(int(label) for label in predictions),
    )


def _finite_or_not(value: Any) -> float:
    """A float from its JSON form; the only valid strings are the words for NaN and infinity."""
    is_other_text = isinstance(value, str) and value not in ("nan", "inf", "-inf")
    if is_other_text or isinstance(value, bool) or value is None:
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _number(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else _finite_or_not(value)


def first_unsound(run: Run) -> Optional[str]:
    """The first error in a run, as words such as ``scale is huge``; None if all parts fit together."""
    return next((f"{what} is {_shown(found)}" for what, found, sound in _checks(run) if not _holds(sound)), None)


def _checks(run: Run) -> List[Tuple[str, Any, Callable[[], bool]]]:
    evaluations = [each for score in run.scores for each in (score.test, score.test_debiased) if each is not None]
    evaluations += [run.validation] if run.validation is not None else []
    scored = [score.after for score in run.scores]
    return [
        ("seed", run.seed, lambda: run.seed >= 0),
        ("scale", run.scale, lambda: run.scale in SCALES),
        ("arithmetic", run.arithmetic, lambda: run.arithmetic in ARITHMETICS),
        ("unit", run.unit, lambda: run.unit in _units(run.recipe)),
        ("dataset", dict(run.dataset), lambda: all(run.dataset[name] for name in ("name", "sha256"))),
        ("counts", dict(run.counts), lambda: all(run.counts[name] >= 1 for name in _COUNTS)),
        ("number of scores", len(scored), lambda: bool(scored)),
        ("the order of the scores", scored, lambda: scored[0] >= 1 and scored == sorted(set(scored))),
        ("a confusion", "not ten rows of ten counts", lambda: all(map(_is_confusion, evaluations))),
        ("wrong images", "more or fewer than the confusion", lambda: all(map(_is_consistent, evaluations))),
        ("wrong predictions", "not those of the confusion", lambda: all(map(_has_its_predictions, evaluations))),
        ("provenance", "without machine, TensorFlow or Keras", lambda: all(run.provenance[name] for name in _PLATFORM)),
        ("time", run.provenance.get("seconds"), lambda: 0.0 <= float(run.provenance["seconds"]) < math.inf),
    ]


def _units(recipe: str) -> Tuple[str, ...]:
    """The unit of a recipe's budget; both units for an unknown recipe."""
    return (RECIPES[recipe].full.budget.unit,) if recipe in RECIPES else _UNITS


def _is_confusion(evaluation: Evaluation) -> bool:
    rows = evaluation.confusion
    return len(rows) == 10 and all(len(row) == 10 and min(row) >= 0 for row in rows)


def _is_consistent(evaluation: Evaluation) -> bool:
    wrong = sum(sum(row) - row[label] for label, row in enumerate(evaluation.confusion))
    images = evaluation.wrong_images
    return wrong == len(images) and (not images or min(images) >= 0)


def _has_its_predictions(evaluation: Evaluation) -> bool:
    """Whether each class is predicted for as many wrong images as its column of the confusion counts."""
    if evaluation.wrong_predictions is None:
        return True
    counted: Counter[int] = Counter()
    for predicted, _, images in evaluation.errors_per_pair:
        counted[predicted] += images
    return counted == Counter(evaluation.wrong_predictions)


def _holds(sound: Callable[[], bool]) -> bool:
    try:
        return sound()
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return False


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
