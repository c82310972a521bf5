"""The Run: everything a training left behind, as one value and as `run.json`."""

from __future__ import annotations

import errno
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple

from mnist_repro.atomic import write_text
from mnist_repro.errors import BadInput
from mnist_repro.evaluation import Evaluation
from mnist_repro.history import Line, Score
from mnist_repro.run_checks import first_unsound

SCHEMA = 1
FILE = "run.json"


@dataclass(frozen=True)
class Run:
    """One training of one recipe from one seed.

    Args:
        recipe: name of the recipe.
        seed: of initial weights, orders and dropout masks.
        scale: ``full`` or ``subset``.
        arithmetic: ``original`` or ``framework``.
        unit: what ``after`` counts in lines and scores: ``epoch`` or ``step``.
        dataset: name, SHA-256 of the decoded arrays, and where they came from.
        counts: parameters, images, steps, images per step.
        scores: the test images' evaluation at each point where the recipe is scored; the last is the end.
        validation: evaluation of the held-out images at the end, where there are any.
        log: what the training printed.
        step_losses: losses of the first steps.
        first_predictions: classes predicted for the first images of the training files.
        provenance: what produced the numbers: versions, CPU, threads, commit, wall time.
    """

    recipe: str
    seed: int
    scale: str
    arithmetic: str
    unit: str
    dataset: Mapping[str, str]
    counts: Mapping[str, int]
    scores: Tuple[Score, ...]
    validation: Optional[Evaluation]
    log: Tuple[Line, ...]
    step_losses: Tuple[float, ...]
    first_predictions: Tuple[int, ...]
    provenance: Mapping[str, Any]

    def score_after(self, after: int) -> Optional[Score]:
        """The score after so many epochs or steps, if it was taken."""
        return next((score for score in self.scores if score.after == after), None)


def write(run: Run, folder: Path, name: str = FILE) -> None:
    """Write `run.json`, or a file of another name, into ``folder``, whole or not at all."""
    fields = {"schema": SCHEMA, **asdict(run)}
    fields["scores"] = [_score_fields(score) for score in run.scores]
    fields["validation"] = evaluation_fields(run.validation)
    write_text(folder / name, json.dumps(storable(fields), indent=1, allow_nan=False) + "\n")


def read(path: Path) -> Run:
    """Read a run from its folder or from `run.json` itself.

    Raises:
        BadInput: there is none, it is truncated, of a newer schema, lacks something, or holds what no run of ours does.
    """
    file = path / FILE if path.is_dir() else path
    fields = read_json(file, SCHEMA, "run", "mnist-repro train RECIPE --out DIR")
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
            provenance=dict(fields["provenance"]),
        )
        unsound = first_unsound(run)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise BadInput(
            f"{file} is not a whole run",
            f"a run of schema {SCHEMA} has every field of docs/reference: {type(error).__name__}: {error}",
            "train it again: mnist-repro train RECIPE --out DIR",
        ) from error
    if unsound is not None:
        raise BadInput(
            f"{file} is not a sound run: {unsound}",
            "every run that was trained here has what others count on, so that this one was edited or damaged",
            f"train it again: mnist-repro train {run.recipe} --out DIR",
        )
    return run


def read_json(file: Path, schema: int, what: str, make: str) -> Dict[str, Any]:
    """A JSON object of ours from a file, its schema checked.

    Raises:
        BadInput: the file is missing, unreadable, not JSON, not an object, or of another schema.
    """
    try:
        if file.exists() and not file.is_file():
            raise OSError(errno.EINVAL, "it is not a regular file")
        fields = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(
            f"cannot read {file}: {error.strerror}", f"that is where a {what} keeps its figures", make
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{file} is not JSON", f"it may have been cut short or edited: {error}", make) from error
    found = fields.get("schema") if isinstance(fields, dict) else None
    if not isinstance(fields, dict) or isinstance(found, bool) or found != schema:
        newer = isinstance(found, int) and found > schema
        raise BadInput(
            f"{file} has schema {found!r}, this program reads {schema}",
            "a newer mnist-repro wrote it" if newer else f"every {what} names its schema",
            "pip install --upgrade mnist-repro" if newer else make,
        )
    return fields


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
    return {**asdict(evaluation), "right": evaluation.right, "wrong": evaluation.wrong}


def _score(fields: Mapping[str, Any]) -> Score:
    test = _evaluation(fields["test"])
    if test is None:
        raise ValueError("a score without test images")
    return Score(int(fields["after"]), test, _evaluation(fields["test_debiased"]))


def _evaluation(fields: Optional[Mapping[str, Any]]) -> Optional[Evaluation]:
    if fields is None:
        return None
    return Evaluation(
        loss=_finite_or_not(fields["loss"]),
        accuracy=_finite_or_not(fields["accuracy"]),
        confusion=tuple(tuple(int(count) for count in row) for row in fields["confusion"]),
        wrong_images=tuple(int(index) for index in fields["wrong_images"]),
    )


def storable(value: Any) -> Any:
    """A value ready for strict JSON, which has no NaN and no infinity: they are stored as words, and so not lost."""
    if isinstance(value, dict):
        return {str(name): storable(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value


def _finite_or_not(value: Any) -> float:
    """A float from its JSON form; only the words for what is not finite may be a string."""
    if isinstance(value, str) and value not in ("nan", "inf", "-inf"):
        raise ValueError(f"{value!r} is not a number")
    if isinstance(value, bool) or value is None:
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _number(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else _finite_or_not(value)
