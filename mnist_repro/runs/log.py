"""The log lines and test scores of a training, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Sequence

from mnist_repro.recipes.recipe import Epochs, Scale
from mnist_repro.runs.evaluation import Evaluation

__all__ = ["Line", "Score"]


@dataclass(frozen=True)
class Line:
    """One line of the log; a figure that belongs to another kind of line is None.

    Args:
        after: epochs or steps done.
        loss: mean loss of the images trained on since the line before, as they were trained on.
        accuracy: share of these images that were right, as they were trained on.
        test_loss: loss of the test images after this epoch.
        test_accuracy: accuracy of the test images after this epoch.
        batch_accuracy: accuracy, without dropout, on the batch about to be trained on.
    """

    after: int
    loss: Optional[float] = None
    accuracy: Optional[float] = None
    test_loss: Optional[float] = None
    test_accuracy: Optional[float] = None
    batch_accuracy: Optional[float] = None


@dataclass(frozen=True)
class Score:
    """The evaluation of the test images after some epochs or steps.

    Args:
        after: epochs or steps done.
        test: evaluation of the test images.
        test_debiased: the same evaluation with zero-debiased moving statistics, if the framework's batch normalisation
            did not debias them.
    """

    after: int
    test: Evaluation
    test_debiased: Optional[Evaluation] = None


def log_text(scale: Scale, lines: Sequence[Line]) -> str:
    """The text of `learn.log`: a line per epoch, or per number of steps as in the source."""
    return "".join(f"{_line_text(scale, line)}\n" for line in lines)


def _line_text(scale: Scale, line: Line) -> str:
    if isinstance(scale.budget, Epochs):
        parts: List[str] = [f"Epoch {line.after}/{scale.budget.count}"]
    else:
        parts = [f"step {line.after}"]
    named = (
        ("loss", line.loss),
        ("accuracy", line.accuracy),
        ("val_loss", line.test_loss),
        ("val_accuracy", line.test_accuracy),
        ("training accuracy", line.batch_accuracy),
    )
    parts += [f"{name}: {value:.4f}" for name, value in named if value is not None]
    return " - ".join(parts)
