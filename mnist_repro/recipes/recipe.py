"""The Recipe type: a published training as one frozen value, and what its source printed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Mapping, Optional, Tuple, Union

from mnist_repro.recipes.layers import Dense, Layer
from mnist_repro.recipes.optimizers import Optimizer

__all__ = ["Epochs", "Known", "Published", "Recipe", "Scale", "Source", "Steps"]

SCALES = ("full", "subset")
ARITHMETICS = ("original", "framework")


@dataclass(frozen=True)
class Epochs:
    """A budget of whole passes over the training images: ``count`` epochs. Scores and figures are counted in epochs."""

    count: int
    unit = "epoch"


@dataclass(frozen=True)
class Steps:
    """A budget of training steps; the last pass over the images may be incomplete.

    Args:
        count: number of steps.
        report_every: steps between two printed lines of the source.
    """

    count: int
    report_every: int = 100
    unit = "step"


Budget = Union[Epochs, Steps]


@dataclass(frozen=True)
class Scale:
    """How much of the data a run uses, and for how long.

    Args:
        training_images: number of training images, the recipe's first ones.
        validation_images: number of validation images, the recipe's first ones.
        test_images: number of test images, the first ones.
        budget: length of the training.
        scored_after: epochs or steps (the budget's unit) after which the test images are scored, ascending;
            the last is the end of the budget.

    Raises:
        ValueError: the scores do not ascend to the end of the budget.
    """

    training_images: int
    validation_images: int
    test_images: int
    budget: Budget
    scored_after: Tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.scored_after or self.scored_after[-1] != self.budget.count:
            raise ValueError(f"the last score belongs to the end of the budget: {self.scored_after}")
        if list(self.scored_after) != sorted(set(self.scored_after)):
            raise ValueError(f"scores must ascend: {self.scored_after}")


@dataclass(frozen=True)
class Known:
    """A verdict on a published figure that is known not to pass, so that it does not keep a test suite red.

    Args:
        verdict: ``inconclusive`` or ``not reproduced``.
        reason: what is known of the difference.

    Raises:
        ValueError: it is another verdict, or there is no reason.
    """

    verdict: str
    reason: str

    def __post_init__(self) -> None:
        if self.verdict not in ("inconclusive", "not reproduced") or not self.reason:
            raise ValueError(f"a known verdict is inconclusive or not reproduced, with a reason: {self}")


@dataclass(frozen=True)
class Published:
    """The figures of one run that the source printed; figures that it did not print are absent.

    Args:
        after: epochs or steps (the budget's unit) after which it was scored.
        test: test metrics, among ``loss`` (mean cross-entropy, nats) and ``accuracy`` (share of right images).
        also_printed: further figures of the same kind that the source gives for other runs.
        training_loss: per epoch, mean over its batches while they were trained on.
        training_accuracy: per epoch, in the same way.
        batch_accuracy: accuracy on the batch about to be trained on, every ``report_every`` steps from step 0.
        first_predictions: the classes predicted for the first training images.
        right: test images classified rightly.
        wrong: test images classified wrongly.
        errors_per_label: wrong test images per true label.
        errors_per_pair: (predicted, label, images), commonest first.
        known: for metrics of ``test`` that stored runs do not reproduce, what is known of that.
    """

    after: int
    # Left out of the hash, because mappings have none; they are not changed either.
    test: Mapping[str, float] = field(hash=False)
    also_printed: Mapping[str, float] = field(default_factory=dict, hash=False)
    training_loss: Tuple[float, ...] = ()
    training_accuracy: Tuple[float, ...] = ()
    batch_accuracy: Tuple[float, ...] = ()
    first_predictions: Tuple[int, ...] = ()
    right: Optional[int] = None
    wrong: Optional[int] = None
    errors_per_label: Mapping[int, int] = field(default_factory=dict, hash=False)
    errors_per_pair: Tuple[Tuple[int, int, int], ...] = ()
    known: Mapping[str, Known] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for name in ("test", "also_printed", "errors_per_label", "known"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(frozen=True)
class Source:
    """Where a training was published, and the software with which it ran.

    Args:
        title: title, author and date of the publication.
        environment: framework with its version, as far as the source says it.
        note: what else a reader has to know.
    """

    title: str
    environment: str
    note: str = ""


@dataclass(frozen=True)
class Recipe:
    """A published training: data, model, optimiser, budget, and the figures it printed.

    Args:
        name: name on the command line.
        source: place of publication.
        input_shape: shape of one image for the model, pixels / 255 as float32.
        layers: layers from input to softmax.
        optimizer: optimiser with every constant of its update rule.
        batch_size: images per step; the last batch of an epoch may be smaller.
        validation_images: number of the first training images that are held out.
        full: the published budget.
        subset: a budget of some seconds.
        published: the figures that the source printed, one value for each score.
        fingerprint_tolerance: relative tolerance on the losses of its fingerprint. Softmax regressions: rounding,
            which does not grow. Others: ten times the differences between one thread, two threads, oneDNN off, SSE4.1
            and AVX2 over the fingerprint's steps.

    Raises:
        ValueError: the name has other characters than ASCII letters, digits and ``._-``, a batch has no images, one of
            the layers is no layer, or the tolerance is not between 0 and 1e-3.
    """

    name: str
    source: Source
    input_shape: Tuple[int, ...]
    layers: Tuple[Layer, ...]
    optimizer: Optimizer
    batch_size: int
    validation_images: int
    full: Scale
    subset: Scale
    published: Tuple[Published, ...]
    fingerprint_tolerance: float

    def __post_init__(self) -> None:
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", self.name) is None:
            raise ValueError(f"{self.name!r} is no name of a recipe: letters, digits and ._- are allowed")
        if self.batch_size < 1:
            raise ValueError(f"a batch of {self.batch_size} images trains nothing")
        for layer in self.layers:
            if not isinstance(getattr(layer, "keras_name", None), str):
                raise ValueError(f"{layer!r} is no layer: layers.py has some, and OwnLayer says what others need")
        if not 0.0 < self.fingerprint_tolerance <= 1e-3:
            raise ValueError(f"the tolerance of a fingerprint allows rounding: {self.fingerprint_tolerance}")

    @property
    def is_softmax_regression(self) -> bool:
        """Whether it is one softmax layer, a convex problem in which rounding does not grow from step to step."""
        layer = self.layers[-1]
        return len(self.layers) == 1 and isinstance(layer, Dense) and layer.activation == "softmax"

    def scale(self, name: str) -> Scale:
        """The scale called ``full`` or ``subset``."""
        return {"full": self.full, "subset": self.subset}[name]
