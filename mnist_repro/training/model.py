"""One model in training: makes its batches, and trains it step by step."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Sequence, Tuple

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.recipes.layers import BatchNormalization, lay_out
from mnist_repro.recipes.recipe import Recipe, Scale
from mnist_repro.training import arithmetic, framework
from mnist_repro.training.seeds import initial_weights


class Feed:
    """The training images; the only place where batches are made.

    Args:
        images: uint8, shape (n, 28, 28).
        labels: uint8, shape (n,).
        input_shape: shape of one image for the model.
        batch_size: images per step.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, input_shape: Tuple[int, ...], batch_size: int) -> None:
        tf = framework.tensorflow()
        self.batch_size = batch_size
        # All images at once: separately for each batch, it takes a fifth of a step's time.
        self._images = framework.graph(framework.scaled)(tf.constant(images.reshape((len(images), *input_shape))))
        self._labels = tf.constant(labels.astype(np.int32))

    def batch(self, order: Any, step: Any) -> Tuple[Any, Any]:
        """Images, float32 (b, *input_shape), and labels, int32 (b,), of a step of the epoch with this order."""
        return self.take(order[step * self.batch_size : (step + 1) * self.batch_size])

    def take(self, chosen: Any) -> Tuple[Any, Any]:
        """Images and labels with these indices, int32 (b,)."""
        tf = framework.tensorflow()
        return tf.gather(self._images, chosen), tf.gather(self._labels, chosen)


# Runs consecutive steps of an epoch: (order, first step, steps) to the loss and the right images of each.
RunSteps = Callable[[np.ndarray, int, int], Sequence[np.ndarray]]


class Training:
    """One model in training, step by step, with the chosen arithmetic.

    Args:
        recipe: what to train.
        seed: seed of initial weights, orders and dropout masks.
        original: original arithmetic, else the framework's own.
        feed: source of the batches.
        runner: makes the function that runs the steps; None: this process trains on whole batches.
    """

    def __init__(
        self,
        recipe: Recipe,
        seed: int,
        original: bool,
        feed: Feed,
        runner: Optional[Callable[[Feed, Training], RunSteps]] = None,
    ) -> None:
        layers = lay_out(recipe.layers, recipe.input_shape)
        self.original = original
        self.model = framework.build(recipe, seed)
        framework.set_weights(self.model, initial_weights(recipe.name, layers, seed))
        self._feed = feed
        self._weights = framework.variables(self.model.trainable_variables)
        if original and arithmetic.has_original(recipe.optimizer):
            self.update = arithmetic.original_update(recipe.optimizer, self._weights)
        else:
            self.update = arithmetic.framework_update(recipe.optimizer, self.model.trainable_variables)
        self._normalizations = {
            spec.name: arithmetic.OriginalBatchNormalization(self.model.get_layer(spec.name), spec.layer)
            for spec in layers
            if original and isinstance(spec.layer, BatchNormalization)
        }
        tf = framework.tensorflow()
        self._run = runner(feed, self) if runner else stepper(feed, self.step, (tf.float32, tf.int32))
        self._batch_right = framework.graph(self._right_before_training)

    def run(self, order: np.ndarray, first: int, steps: int) -> Tuple[np.ndarray, np.ndarray]:
        """Train ``steps`` steps of an epoch from ``first``; return loss (float32) and right images (int32) of each."""
        losses, right = self._run(order, first, steps)
        return losses, right

    def batch_accuracy(self, order: np.ndarray, step: int) -> float:
        """Accuracy, without dropout, on the batch that step ``step`` is about to train on."""
        tf = framework.tensorflow()
        right, images = self._batch_right(tf.constant(order), tf.constant(step))
        return int(right) / int(images)

    def settle(self, steps: int) -> None:
        """Prepare the model to be scored or saved after ``steps`` steps."""
        for normalization in self._normalizations.values():
            normalization.settle(steps)

    def step(self, images: Any, labels: Any) -> Tuple[Any, Any]:
        """Train on one batch; return its mean loss and its number of right images, both before the update."""
        loss, right, gradients = self.gradients(images, labels)
        self.update(gradients)
        return loss, right

    def gradients(self, images: Any, labels: Any) -> Tuple[Any, Any, Sequence[Any]]:
        """The mean loss of these images, how many are right, and the gradient of the loss for each trained weight."""
        tf = framework.tensorflow()
        with tf.GradientTape() as tape:
            logits = self._forward(images)
            loss = mean_cross_entropy(logits, labels)
        return loss, count_right(logits, labels), tape.gradient(loss, self._weights)

    def _forward(self, images: Any) -> Any:
        values = images
        *hidden, last = framework.model_layers(self.model)
        for layer in hidden:
            if layer.name in self._normalizations:
                values = self._normalizations[layer.name](values)
            else:
                values = framework.call_layer(layer, values, training=True)
        return framework.last_logits(last, values)

    def _right_before_training(self, order: Any, step: Any) -> Tuple[Any, Any]:
        images, labels = self._feed.batch(order, step)
        logits = framework.forward(self.model, images, training=False)
        return count_right(logits, labels), framework.tensorflow().size(labels)


def stepper(feed: Feed, step: Callable[[Any, Any], Tuple[Any, ...]], types: Tuple[Any, ...]) -> RunSteps:
    """A function that runs consecutive steps of an epoch in one call: (order, first step, steps) to a row per result.

    Args:
        feed: makes the batches.
        step: takes the images and labels of one batch, and returns scalars.
        types: TensorFlow's types of these scalars.
    """
    tf = framework.tensorflow()

    def compute(order: Any, first: Any, steps: Any) -> List[Any]:
        def one(at: Any, *rows: Any) -> Tuple[Any, ...]:
            images, labels = feed.batch(order, first + at)
            return (at + 1, *(row.write(at, value) for row, value in zip(rows, step(images, labels))))

        empty = (tf.TensorArray(each, size=steps) for each in types)
        _, *rows = tf.while_loop(lambda at, *_: at < steps, one, (tf.constant(0), *empty))
        return [row.stack() for row in rows]

    graph = framework.graph(compute)

    def run(order: np.ndarray, first: int, steps: int) -> List[np.ndarray]:
        return [row.numpy() for row in graph(tf.constant(order), tf.constant(first), tf.constant(steps))]

    return run


def make_feed(recipe: Recipe, dataset: Dataset, scale: Scale) -> Feed:
    """The training images of a recipe at a scale: the first ones after the held-out images."""
    chosen = slice(recipe.validation_images, recipe.validation_images + scale.training_images)
    return Feed(dataset.train_images[chosen], dataset.train_labels[chosen], recipe.input_shape, recipe.batch_size)


def mean_cross_entropy(logits: Any, labels: Any) -> Any:
    """Mean cross-entropy of a batch in nats, from logits (n, 10) and labels (n,)."""
    tf = framework.tensorflow()
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))


def count_right(logits: Any, labels: Any) -> Any:
    """The number of images whose largest logit is at their label, int32."""
    tf = framework.tensorflow()
    return tf.reduce_sum(tf.cast(tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels), tf.int32))
