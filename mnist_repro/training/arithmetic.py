"""Optimisers and batch normalisation with the arithmetic of their time, and with the framework's own.

What changed since the sources were published:

- RMSprop divided by ``sqrt(v) + epsilon``; Keras 3 (and tf_keras since TensorFlow 2.11) divides by
  ``sqrt(v + epsilon)``.
- Keras 2.1.4's batch normalisation divided its moving statistics by ``1 - momentum**steps`` (zero-debiasing); later
  versions start the statistics at 0 and 1, and do not divide.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Sequence

import numpy as np

from mnist_repro.recipes.layers import BatchNormalization
from mnist_repro.recipes.optimizers import Adadelta, Adam, GradientDescent, Optimizer, RMSprop
from mnist_repro.training import framework

# Updates the weights by their gradients, one step.
Update = Callable[[Sequence[Any]], None]


def original_update(rule: Optimizer, weights: Sequence[Any]) -> Update:
    """The optimiser as the source's framework computed it, for ``weights``, a sequence of `tf.Variable`."""
    own = getattr(rule, "original_update", None)
    if own is not None:
        made: Update = own(weights)
        return made
    makers: Dict[Any, Callable[[Any, Sequence[Any]], Update]] = {
        GradientDescent: _gradient_descent,
        RMSprop: _rmsprop,
        Adam: _adam,
        Adadelta: _adadelta,
    }
    return makers[type(rule)](rule, weights)


def has_original(rule: Optimizer) -> bool:
    """Whether an optimiser has an original arithmetic of its own; else the framework's takes its place."""
    return isinstance(rule, (GradientDescent, RMSprop, Adam, Adadelta)) or hasattr(rule, "original_update")


def framework_update(rule: Optimizer, weights: Sequence[Any]) -> Update:
    """The optimiser as this TensorFlow's Keras computes it, with the recipe's constants."""
    own = getattr(rule, "keras_optimizer", None)
    name = "SGD" if isinstance(rule, GradientDescent) else type(rule).__name__
    optimizer = framework.keras_optimizer(own or (lambda keras: getattr(keras, name)(**vars(rule))), weights)

    def update(gradients: Sequence[Any]) -> None:
        optimizer.apply_gradients(list(zip(gradients, weights)))

    return update


def _gradient_descent(rule: GradientDescent, weights: Sequence[Any]) -> Update:
    def update(gradients: Sequence[Any]) -> None:
        for weight, gradient in zip(weights, gradients):
            weight.assign_sub(rule.learning_rate * gradient)

    return update


def _rmsprop(rule: RMSprop, weights: Sequence[Any]) -> Update:
    tf = framework.tensorflow()
    squares = _zeros(weights)

    def update(gradients: Sequence[Any]) -> None:
        for weight, square, gradient in zip(weights, squares, gradients):
            square.assign(rule.rho * square + (1.0 - rule.rho) * tf.square(gradient))
            weight.assign_sub(rule.learning_rate * gradient / (tf.sqrt(square) + rule.epsilon))

    return update


def _adam(rule: Adam, weights: Sequence[Any]) -> Update:
    tf = framework.tensorflow()
    means, squares = _zeros(weights), _zeros(weights)
    steps = tf.Variable(0.0)

    def update(gradients: Sequence[Any]) -> None:
        steps.assign_add(1.0)
        rate = rule.learning_rate * tf.sqrt(1.0 - rule.beta_2**steps) / (1.0 - rule.beta_1**steps)
        for weight, mean, square, gradient in zip(weights, means, squares, gradients):
            mean.assign(rule.beta_1 * mean + (1.0 - rule.beta_1) * gradient)
            square.assign(rule.beta_2 * square + (1.0 - rule.beta_2) * tf.square(gradient))
            weight.assign_sub(rate * mean / (tf.sqrt(square) + rule.epsilon))

    return update


def _adadelta(rule: Adadelta, weights: Sequence[Any]) -> Update:
    tf = framework.tensorflow()
    squares, moves = _zeros(weights), _zeros(weights)

    def update(gradients: Sequence[Any]) -> None:
        for weight, square, move, gradient in zip(weights, squares, moves, gradients):
            square.assign(rule.rho * square + (1.0 - rule.rho) * tf.square(gradient))
            delta = gradient * tf.sqrt(move + rule.epsilon) / tf.sqrt(square + rule.epsilon)
            move.assign(rule.rho * move + (1.0 - rule.rho) * tf.square(delta))
            weight.assign_sub(rule.learning_rate * delta)

    return update


def _zeros(weights: Sequence[Any]) -> Sequence[Any]:
    tf = framework.tensorflow()
    return [tf.Variable(tf.zeros(weight.shape), trainable=False) for weight in weights]


class OriginalBatchNormalization:
    """Keras 2.1.4's batch normalisation in training: zero-debiased moving statistics, variance corrected twice.

    The layer itself is Keras' own, so that files and evaluation do not depend on this class. `settle` writes its moving
    statistics whenever the model is scored or saved.

    Args:
        layer: the Keras layer with gamma, beta and the moving statistics.
        value: the recipe's description of it.
    """

    def __init__(self, layer: Any, value: BatchNormalization) -> None:
        tf = framework.tensorflow()
        self._value = value
        self._layer = layer
        self._gamma, self._beta = framework.variables([layer.gamma, layer.beta])
        self._mean = tf.Variable(tf.zeros(self._gamma.shape), trainable=False)
        self._variance = tf.Variable(tf.zeros(self._gamma.shape), trainable=False)

    def __call__(self, values: Any) -> Any:
        """The normalised batch, shape (n, height, width, channels). Updates the sums for the moving statistics."""
        tf = framework.tensorflow()
        # float64, because means over 100,000 values in float32 depend on threads and kernels from the fifth digit on.
        wide = tf.cast(values, tf.float64)
        mean = tf.reduce_mean(wide, axis=[0, 1, 2])
        centred = wide - mean
        variance = tf.reduce_mean(tf.square(centred), axis=[0, 1, 2])
        normalized = tf.cast(centred * tf.math.rsqrt(variance + self._value.epsilon), tf.float32)
        count = tf.cast(tf.size(values) / tf.size(self._gamma), tf.float64)
        # TensorFlow 1's fused kernel divided by n - 1; Keras 2.1.4 corrected once more, by n - 1 - epsilon.
        corrected = variance * count / (count - 1.0) * count / (count - (1.0 + self._value.epsilon))
        self._move(self._mean, mean)
        self._move(self._variance, corrected)
        return self._gamma * normalized + self._beta

    def _move(self, moving: Any, value: Any) -> None:
        keep = self._value.momentum
        moving.assign(keep * moving + (1.0 - keep) * framework.tensorflow().cast(value, moving.dtype))

    def settle(self, steps: int) -> None:
        """Write the moving statistics after ``steps`` steps into the layer."""
        weight = 1.0 - self._value.momentum**steps
        gamma, beta = self._layer.get_weights()[:2]
        mean, variance = (np.float32(moving.numpy() / weight) for moving in (self._mean, self._variance))
        self._layer.set_weights([gamma, beta, mean, variance])


def debiased(momentum: float, steps: int, mean: np.ndarray, variance: np.ndarray) -> Sequence[np.ndarray]:
    """Zero-debiased values of moving statistics that started at 0 and 1, each of shape (channels,)."""
    left = momentum**steps
    return np.float32(mean / (1.0 - left)), np.float32((variance - left) / (1.0 - left))
