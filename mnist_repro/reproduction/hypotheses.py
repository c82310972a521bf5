"""Hypotheses about drift in softmax regressions: known changes and mistakes, each as a change of a calculation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Tuple

from mnist_repro.gate.sentence import joined
from mnist_repro.recipes.layers import Constant, GlorotUniform
from mnist_repro.recipes.optimizers import RMSprop
from mnist_repro.reproduction.oracle import Calculation

EPSILON_INSIDE = "epsilon inside the root"


@dataclass(frozen=True)
class Hypothesis:
    """One possible change of a softmax regression, by a person or by a framework.

    Args:
        kind: name of the change.
        cause: the change, as a sentence.
        applied: returns a calculation with this change; the same calculation if there is nothing to change.
    """

    kind: str
    cause: str
    applied: Callable[[Calculation], Calculation]


def _times_rate(factor: float) -> Callable[[Calculation], Calculation]:
    def applied(was: Calculation) -> Calculation:
        rule = was.optimizer
        return replace(was, optimizer=replace(rule, learning_rate=rule.learning_rate * factor))

    return applied


def _rho(was: Calculation) -> Calculation:
    return replace(was, optimizer=replace(was.optimizer, rho=0.99)) if isinstance(was.optimizer, RMSprop) else was


def _inside(was: Calculation) -> Calculation:
    return replace(was, epsilon_inside_root=isinstance(was.optimizer, RMSprop))


SINGLE = (
    Hypothesis(
        EPSILON_INSIDE,
        "RMSprop divides by sqrt(v + epsilon) as Keras 3 does, the source's framework by sqrt(v) + epsilon",
        _inside,
    ),
    Hypothesis("learning rate doubled", "the learning rate is twice the recipe's", _times_rate(2.0)),
    Hypothesis("learning rate halved", "the learning rate is half the recipe's", _times_rate(0.5)),
    Hypothesis("learning rate times 10", "the learning rate is ten times the recipe's", _times_rate(10.0)),
    Hypothesis("learning rate a tenth", "the learning rate is a tenth of the recipe's", _times_rate(0.1)),
    Hypothesis("rho 0.99", "RMSprop's moving square keeps 0.99 of itself each step", _rho),
    Hypothesis("pixels / 256", "pixels are divided by 256 instead of 255", lambda was: replace(was, divisor=256.0)),
    Hypothesis("pixels not scaled", "pixels are fed as 0 to 255", lambda was: replace(was, divisor=1.0)),
    Hypothesis("float16 pixels", "pixels are rounded to float16", lambda was: replace(was, pixel_type="float16")),
    Hypothesis("not shuffled", "images come in the order of the files", lambda was: replace(was, shuffled="never")),
    Hypothesis("shuffled once", "every epoch takes the first one's order", lambda was: replace(was, shuffled="once")),
    Hypothesis(
        "batch size doubled",
        "a batch has twice the recipe's images",
        lambda was: replace(was, batch_size=was.batch_size * 2),
    ),
    Hypothesis(
        "batch size halved",
        "a batch has half the recipe's images",
        lambda was: replace(was, batch_size=was.batch_size // 2),
    ),
    Hypothesis(
        "last batch dropped",
        "the incomplete batch at the end of an epoch is not trained on",
        lambda was: replace(was, incomplete_batch=False),
    ),
    Hypothesis("bias not trained", "the bias stays as it starts", lambda was: replace(was, bias_trained=False)),
    Hypothesis(
        "kernel from zeros",
        "the kernel starts at zero",
        lambda was: replace(was, layer=replace(was.layer, kernel=Constant(0.0))),
    ),
    Hypothesis(
        "kernel from glorot-uniform",
        "the kernel starts glorot-uniform",
        lambda was: replace(was, layer=replace(was.layer, kernel=GlorotUniform())),
    ),
    Hypothesis(
        "last 1,000 images left out",
        "the last 1,000 training images are not trained on",
        lambda was: replace(was, training_images=was.training_images - 1_000),
    ),
    Hypothesis(
        "validation images trained on",
        "training takes the first images, which the source holds out",
        lambda was: replace(was, first_image=0),
    ),
)


def on_top_of_epsilon() -> Tuple[Hypothesis, ...]:
    """Each other hypothesis combined with epsilon inside the root, as with Keras 3's own arithmetic."""
    inside, *others = SINGLE
    return tuple(_both(inside, other) for other in others)


def _both(first: Hypothesis, second: Hypothesis) -> Hypothesis:
    return Hypothesis(
        joined([first.kind, second.kind], ", "),
        joined([first.cause, second.cause]),
        lambda was: second.applied(first.applied(was)),
    )
