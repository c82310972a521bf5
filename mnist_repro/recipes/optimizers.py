"""The optimisers of the recipes, as values with every constant of the update rule, without framework defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Union

__all__ = ["Adadelta", "Adam", "GradientDescent", "OwnOptimizer", "RMSprop"]


@dataclass(frozen=True)
class GradientDescent:
    """Plain gradient descent: w -= learning_rate · gradient."""

    learning_rate: float


@dataclass(frozen=True)
class RMSprop:
    """The gradient over the root of its moving square; epsilon is outside the root in original arithmetic.

    Args:
        learning_rate: factor of the update.
        rho: share of the old value in each update of the moving square.
        epsilon: added to the root.

    Source: Tieleman and Hinton 2012; Keras 2's ``RMSprop``.
    """

    learning_rate: float
    rho: float
    epsilon: float


@dataclass(frozen=True)
class Adam:
    """Moving mean over the root of the moving square, both debiased through the rate; epsilon is outside the root.

    Args:
        learning_rate: factor of the update.
        beta_1: share of the old value in each update of the moving mean.
        beta_2: the same for the moving square.
        epsilon: added to the root.

    Source: Kingma and Ba 2015, the form at the end of their section 2 ("epsilon hat"); Keras 2 and TensorFlow 1.
    """

    learning_rate: float
    beta_1: float
    beta_2: float
    epsilon: float


@dataclass(frozen=True)
class Adadelta:
    """The gradient scaled by the ratio of two moving roots, with epsilon inside both.

    Args:
        learning_rate: factor of the update.
        rho: share of the old value in each update of both moving squares.
        epsilon: added to each moving square.

    Source: Zeiler 2012; Keras 2's ``Adadelta``, whose default rate was 1.0 and is 0.001 since TensorFlow 2.
    """

    learning_rate: float
    rho: float
    epsilon: float


class OwnOptimizer(Protocol):
    """An optimiser that a recipe from outside brings along, as a frozen value.

    If it also has ``original_update(weights)``, which returns a function that updates these `tf.Variable` by their
    gradients, that is its original arithmetic; else the framework's optimiser is both.
    """

    def keras_optimizer(self, optimizers: Any) -> Any:
        """The framework's own optimiser, from the module ``tf.keras.optimizers``."""


Optimizer = Union[GradientDescent, RMSprop, Adam, Adadelta, OwnOptimizer]
