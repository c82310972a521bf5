"""Checks that the parts of a run fit together, so that code that reads it needs no own checks. Pure."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Callable, List, Optional, Tuple

from mnist_repro.recipes import RECIPES
from mnist_repro.recipes.recipe import ARITHMETICS, SCALES
from mnist_repro.runs.evaluation import Evaluation
from mnist_repro.runs.run import Run

_UNITS = ("epoch", "step")
_PLATFORM = ("machine", "tensorflow", "keras")
_COUNTS = ("parameters", "training_images", "test_images")
_SHOWN = 100


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
