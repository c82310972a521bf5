"""The `Run` value: all results of one training. `mnist_repro.runs.run_json` has its file. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Tuple

from mnist_repro.runs.evaluation import Evaluation
from mnist_repro.runs.log import Line, Score

__all__ = ["Run"]


@dataclass(frozen=True)
class Run:
    """One training of one recipe from one seed.

    Args:
        recipe: name of the recipe.
        seed: seed of initial weights, orders and dropout masks.
        scale: ``full`` or ``subset``.
        arithmetic: ``original`` or ``framework``.
        unit: what ``after`` counts in lines and scores: ``epoch`` or ``step``.
        dataset: name, SHA-256 of the decoded arrays, and their origin.
        counts: parameters, images, steps, images per step.
        scores: evaluation of the test images at each point where the recipe is scored; the last point is the end.
        validation: evaluation of the held-out images at the end, if there are any.
        log: printed lines of the training.
        step_losses: losses of the first steps.
        first_predictions: classes predicted for the first images of the training files.
        provenance: origin of the numbers: versions, CPU, threads, commit, wall time.
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
        """The score after ``after`` epochs or steps, or None."""
        return next((score for score in self.scores if score.after == after), None)


def platform_name(provenance: Mapping[str, Any]) -> str:
    """The platform that decides about the last bits of a training: ``x86_64, TensorFlow 2.21, Keras 3.15``.

    Raises:
        KeyError: the provenance does not name it.
    """
    tensorflow, keras = (_minor(str(provenance[name])) for name in ("tensorflow", "keras"))
    return f"{provenance['machine']}, TensorFlow {tensorflow}, Keras {keras}"


def _minor(version: str) -> str:
    return ".".join(version.split("-")[0].split(".")[:2])
