"""Mistakes planted on purpose: each changes what is fed, computed, saved or scored, never what a recipe declares.

`mnist-repro power` plants them one by one and says which check notices. A bug is planted where it would be made, so
that it reaches training, scoring and the fingerprint just as the real one would.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, ContextManager, Dict, Iterator, List, Tuple
from unittest import mock

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.execution import components
from mnist_repro.power.bugs import Bug, all_of, instead_of
from mnist_repro.recipes import Recipe, find
from mnist_repro.recipes.layers import Conv2D, Layer, Weights, lay_out
from mnist_repro.recipes.recipe import Epochs, Scale
from mnist_repro.runs import evaluation
from mnist_repro.runs.evaluation import Evaluation
from mnist_repro.training import arithmetic, framework, model
from mnist_repro.training import batches as batching
from mnist_repro.training import seeds as seeding
from mnist_repro.training import train as training
from mnist_repro.training.model import Feed, Training
from mnist_repro.training.record import Trained, TrainingRecord
from mnist_repro.weights import param_hdf5 as weights

Planted = ContextManager[object]
Plant = Callable[[], Planted]

WHEEL = ("wheel-softmax",)
CNNS = ("keras-cnn", "tf-cnn", "vgg7", "vgg7-bn")

# --- What is fed ---------------------------------------------------------------------------------------------------


def pixels_through(scaled: Callable[[Any], Any]) -> Plant:
    """Pixels are scaled so, in training and in scoring."""
    return lambda: instead_of(framework.scaled, scaled)


def divided_by(divisor: float) -> Callable[[Any], Any]:
    def scaled(pixels: Any) -> Any:
        tf = framework.tensorflow()
        return tf.cast(pixels, tf.float32) / divisor

    return scaled


def rounded_to_float16(pixels: Any) -> Any:
    tf = framework.tensorflow()
    return tf.cast(tf.cast(tf.cast(pixels, tf.float32) / 255.0, tf.float16), tf.float32)


def rounded_to_16_levels(pixels: Any) -> Any:
    tf = framework.tensorflow()
    return tf.round(tf.cast(pixels, tf.float32) / 17.0) / 15.0


def test_images_divided_by_256() -> Planted:
    original = framework.scorer

    def scorer(model: Any, input_shape: Tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
        score = original(model, input_shape)

        def otherwise(images: np.ndarray) -> np.ndarray:
            with instead_of(framework.scaled, divided_by(256.0)):
                return np.asarray(score(images))

        return otherwise

    return instead_of(original, scorer)


def images_transposed() -> Planted:
    make, original = Feed.__init__, framework.scorer

    def init(self: Feed, images: np.ndarray, labels: np.ndarray, input_shape: Tuple[int, ...], batch_size: int) -> None:
        make(self, np.ascontiguousarray(images.transpose(0, 2, 1)), labels, input_shape, batch_size)

    def scorer(model: Any, input_shape: Tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
        score = original(model, input_shape)
        return lambda images: np.asarray(score(np.ascontiguousarray(images.transpose(0, 2, 1))))

    return all_of(mock.patch.object(Feed, "__init__", init), instead_of(original, scorer))


def orders_from(order: Callable[[str, int, int, int], np.ndarray]) -> Plant:
    return lambda: instead_of(seeding.epoch_order, order)


def as_in_the_files(recipe: str, seed: int, epoch: int, images: int) -> np.ndarray:
    return np.arange(images, dtype=np.int32)


def one_order_for_all_epochs() -> Planted:
    original = seeding.epoch_order
    return instead_of(original, lambda recipe, seed, epoch, images: original(recipe, seed, 0, images))


def labels_wrong(share: float) -> Plant:
    """This share of the training labels is another digit."""
    make = Feed.__init__

    def init(self: Feed, images: np.ndarray, labels: np.ndarray, input_shape: Tuple[int, ...], batch_size: int) -> None:
        chosen = seeding.Stream("planted", 0, "which labels").uniform(len(labels)) < share
        shift = 1 + (seeding.Stream("planted", 0, "which digit").raw(len(labels)) % np.uint64(9)).astype(np.uint8)
        make(self, images, np.where(chosen, (labels + shift) % 10, labels), input_shape, batch_size)

    return lambda: mock.patch.object(Feed, "__init__", init)


def labels_rolled_in_every_100th_batch() -> Planted:
    original = Feed.batch

    def batch(self: Feed, order: Any, step: Any) -> Tuple[Any, Any]:
        tf = framework.tensorflow()
        images, labels = original(self, order, step)
        return images, tf.roll(labels, tf.cast(tf.equal(step % 100, 99), tf.int32), axis=0)

    return mock.patch.object(Feed, "batch", batch)


def fed_from(change: Callable[[Recipe, Dataset, Scale], Tuple[Recipe, Dataset]]) -> Plant:
    """The training images are taken from somewhere else."""
    original = model.make_feed

    def make_feed(recipe: Recipe, dataset: Dataset, scale: Scale) -> Feed:
        return original(*change(recipe, dataset, scale), scale)

    return lambda: instead_of(original, make_feed)


def validation_images_too(recipe: Recipe, dataset: Dataset, scale: Scale) -> Tuple[Recipe, Dataset]:
    return replace(recipe, validation_images=0), dataset


def test_images_among_them(recipe: Recipe, dataset: Dataset, scale: Scale) -> Tuple[Recipe, Dataset]:
    """The last 1,000 images that are trained on are test images."""
    end = recipe.validation_images + scale.training_images
    images, labels = dataset.train_images.copy(), dataset.train_labels.copy()
    images[end - 1000 : end] = dataset.test_images[:1000]
    labels[end - 1000 : end] = dataset.test_labels[:1000]
    return recipe, replace(dataset, train_images=images, train_labels=labels)


# --- For how long, and in which portions ---------------------------------------------------------------------------

Change = Callable[[Recipe, Scale], Tuple[Recipe, Scale]]


def as_if(change: Change) -> Plant:
    """Everything about training goes by another recipe or scale than the one asked for."""
    make_feed, ordered, total, init = (
        model.make_feed,
        training.ordered_segments,
        batching.total_steps,
        TrainingRecord.__init__,
    )

    def feed(recipe: Recipe, dataset: Dataset, scale: Scale) -> Feed:
        recipe, scale = change(recipe, scale)
        return make_feed(recipe, dataset, scale)

    def segments(recipe: Recipe, scale: Scale, seed: int) -> Iterator[Tuple[batching.Segment, np.ndarray]]:
        for segment, order in ordered(*change(recipe, scale), seed):
            last = segment.scored == change(recipe, scale)[1].budget.count
            # Whoever made the mistake takes the last score for the one asked for.
            count = scale.budget.count
            yield replace(segment, reported=count, scored=count) if last else segment, order

    def journal(self: TrainingRecord, recipe: Recipe, scale: Scale, dataset: Dataset, model: Training) -> None:
        init(self, *change(recipe, scale), dataset, model)

    return lambda: all_of(
        instead_of(make_feed, feed),
        instead_of(ordered, segments),
        instead_of(total, lambda recipe, scale: total(*change(recipe, scale))),
        mock.patch.object(TrainingRecord, "__init__", journal),
    )


def batches_of(size: int) -> Change:
    return lambda recipe, scale: (replace(recipe, batch_size=size), scale)


def epochs(count: int) -> Change:
    """The full budget of 20 epochs becomes another; shorter trainings stay as they are."""

    def change(recipe: Recipe, scale: Scale) -> Tuple[Recipe, Scale]:
        if scale.budget != Epochs(20):
            return recipe, scale
        return recipe, replace(scale, budget=Epochs(count), scored_after=(count,))

    return change


def without_the_last_1000(recipe: Recipe, scale: Scale) -> Tuple[Recipe, Scale]:
    """Of all 60,000, so that a subset of the first 10,000 does not feel it."""
    return recipe, replace(scale, training_images=min(scale.training_images, 59_000))


def without_the_first_5000(recipe: Recipe, scale: Scale) -> Tuple[Recipe, Scale]:
    return replace(recipe, validation_images=5_000), replace(scale, training_images=min(scale.training_images, 55_000))


def last_batch_dropped() -> Planted:
    return instead_of(batching.steps_per_epoch, lambda images, batch_size: images // batch_size)


# --- What is computed ----------------------------------------------------------------------------------------------


def start_from(make: Callable[[np.ndarray], np.ndarray]) -> Plant:
    """Each kernel starts as another array of its shape."""
    original = seeding.initial_weights

    def initial_weights(*arguments: Any) -> Weights:
        drawn = original(*arguments)
        return tuple(tuple(make(array) if array.ndim > 1 else array for array in arrays) for arrays in drawn)

    return lambda: instead_of(original, initial_weights)


def standard_normal(array: np.ndarray) -> np.ndarray:
    raw = seeding.Stream("planted", 0, "normal").uniform(2 * array.size).reshape(2, *array.shape)
    drawn = np.sqrt(-2.0 * np.log(1.0 - raw[0])) * np.cos(2.0 * np.pi * raw[1])
    return np.asarray(drawn, dtype=np.float32)


def seed_ignored() -> Planted:
    first, order, dropout = seeding.initial_weights, seeding.epoch_order, seeding.dropout_seed
    return all_of(
        instead_of(first, lambda recipe, layers, seed: first(recipe, layers, 0)),
        instead_of(order, lambda recipe, seed, epoch, images: order(recipe, 0, epoch, images)),
        instead_of(dropout, lambda recipe, seed, layer: dropout(recipe, 0, layer)),
    )


def rule_with(**constants: Any) -> Plant:
    """The optimiser computes with other constants: a number, or a function of the right one."""
    original = arithmetic.original_update

    def update(rule: Any, weights: Any) -> Any:
        changed = {name: new(getattr(rule, name)) if callable(new) else new for name, new in constants.items()}
        return original(replace(rule, **changed), weights)

    return lambda: instead_of(original, update)


def gradients_through(change: Callable[[Any, Any], Any]) -> Plant:
    """What the optimiser is given: a function of the gradients and the weights."""
    original = arithmetic.original_update

    def update(rule: Any, weights: Any) -> Any:
        apply = original(rule, weights)
        return lambda gradients: apply(change(gradients, weights))

    return lambda: instead_of(original, update)


def with_weight_decay(gradients: Any, weights: Any) -> Any:
    return [gradient + 1e-4 * weight for gradient, weight in zip(gradients, weights)]


def without_the_first_layers(gradients: Any, weights: Any) -> Any:
    tf = framework.tensorflow()
    kernel, bias, *others = gradients
    return [tf.zeros_like(kernel), tf.zeros_like(bias), *others]


def rmsprop_with_epsilon_inside(rule: Any, weights: Any) -> Any:
    tf = framework.tensorflow()
    squares = [tf.Variable(tf.zeros(weight.shape), trainable=False) for weight in weights]

    def update(gradients: Any) -> None:
        for weight, square, gradient in zip(weights, squares, gradients):
            square.assign(rule.rho * square + (1.0 - rule.rho) * tf.square(gradient))
            weight.assign_sub(rule.learning_rate * gradient / tf.sqrt(square + rule.epsilon))

    return update


def epsilon_inside_the_root() -> Planted:
    return instead_of(arithmetic._rmsprop, rmsprop_with_epsilon_inside)


def without_bias() -> Planted:
    def last_logits(layer: Any, values: Any) -> Any:
        kernel, bias = framework.variables([layer.kernel, layer.bias])
        return framework.tensorflow().matmul(values, kernel) + 0.0 * bias

    return instead_of(framework.last_logits, last_logits)


def loss_as(loss: Callable[[Any, Any], Any]) -> Plant:
    return lambda: instead_of(model.mean_cross_entropy, loss)


def squared_error(logits: Any, labels: Any) -> Any:
    tf = framework.tensorflow()
    return tf.reduce_mean(tf.square(tf.nn.softmax(logits) - tf.one_hot(labels, 10)))


def softmax_twice(logits: Any, labels: Any) -> Any:
    tf = framework.tensorflow()
    probabilities = tf.nn.softmax(logits)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=probabilities))


def sum_over_128(logits: Any, labels: Any) -> Any:
    """As if each batch, the incomplete one too, had 128 images."""
    tf = framework.tensorflow()
    return tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)) / 128.0


def layers_through(change: Callable[[Any, Any, bool], Any]) -> Plant:
    """A layer computes something else: a function of layer, input, and whether it is training; None for as before."""
    original = framework.call_layer

    def call_layer(layer: Any, values: Any, training: bool) -> Any:
        changed = change(layer, values, training)
        return original(layer, values, training) if changed is None else changed

    return lambda: instead_of(original, call_layer)


def is_a(layer: Any, kind: str) -> bool:
    return type(layer).__name__ == kind


def dropout_off(layer: Any, values: Any, training: bool) -> Any:
    return values if is_a(layer, "Dropout") else None


def dropout_always(layer: Any, values: Any, training: bool) -> Any:
    return layer(values, training=True) if is_a(layer, "Dropout") else None


def batch_statistics_always(layer: Any, values: Any, training: bool) -> Any:
    return layer(values, training=True) if is_a(layer, "BatchNormalization") else None


def padded_on_the_other_side(layer: Any, values: Any, training: bool) -> Any:
    """An even window needs one more zero at the end than at the beginning; here it stands at the beginning."""
    if not is_a(layer, "Conv2D"):
        return None
    tf = framework.tensorflow()
    kernel, bias = framework.variables([layer.kernel, layer.bias])
    padding = [[0, 0], [1, 0], [1, 0], [0, 0]]
    return tf.nn.relu(tf.nn.conv2d(values, kernel, strides=1, padding=padding) + bias)


def padding_same_everywhere() -> Planted:
    original = lay_out

    def padded(layer: Layer) -> Layer:
        return replace(layer, padding="same") if isinstance(layer, Conv2D) else layer

    def otherwise(layers: Tuple[Layer, ...], input_shape: Tuple[int, ...]) -> Any:
        return original(tuple(padded(layer) for layer in layers), input_shape)

    return instead_of(original, otherwise)


def without_zero_debiasing() -> Planted:
    """Moving statistics start at 0 and 1 and stay biased towards them."""
    original = arithmetic.OriginalBatchNormalization.settle

    def settle(self: Any, steps: int) -> None:
        original(self, steps)
        left = self._value.momentum**steps
        gamma, beta, mean, variance = self._layer.get_weights()
        self._layer.set_weights([gamma, beta, mean * (1.0 - left), variance * (1.0 - left) + left])

    return mock.patch.object(arithmetic.OriginalBatchNormalization, "settle", settle)


def momentum_the_other_way_round() -> Planted:
    """PyTorch's momentum is the share of what is new."""
    original = arithmetic.OriginalBatchNormalization.__init__

    def init(self: Any, layer: Any, value: Any) -> None:
        original(self, layer, replace(value, momentum=1.0 - value.momentum))

    return mock.patch.object(arithmetic.OriginalBatchNormalization, "__init__", init)


# --- What is saved -------------------------------------------------------------------------------------------------


def second_layer_not_restored() -> Planted:
    """The file is read, but one layer keeps the weights that it started with."""
    original = weights.read

    def read(path: Any, recipe: Recipe) -> Weights:
        restored = list(original(path, recipe))
        fresh = seeding.initial_weights(recipe.name, lay_out(recipe.layers, recipe.input_shape), 0)
        second = [at for at, arrays in enumerate(restored) if arrays][1]
        restored[second] = fresh[second]
        return tuple(restored)

    return instead_of(original, read)


def square_kernels_saved_transposed() -> Planted:
    original = weights.write

    def turned(array: np.ndarray) -> np.ndarray:
        square = array.ndim == 2 and array.shape[0] == array.shape[1]
        return np.ascontiguousarray(array.T) if square else array

    def write(path: Any, recipe: Recipe, held: Weights) -> None:
        original(path, recipe, tuple(tuple(turned(array) for array in arrays) for arrays in held))

    return instead_of(original, write)


# --- What is scored ------------------------------------------------------------------------------------------------


def only_1000_scored() -> Planted:
    original = evaluation.evaluate
    return instead_of(original, lambda logits, labels: original(logits[:1000], labels[:1000]))


def training_images_scored() -> Planted:
    init, estimate = TrainingRecord.__init__, components.estimate

    def swapped(dataset: Dataset) -> Dataset:
        count = len(dataset.test_images)
        return replace(dataset, test_images=dataset.train_images[:count], test_labels=dataset.train_labels[:count])

    def journal(self: TrainingRecord, recipe: Recipe, scale: Scale, dataset: Dataset, model: Training) -> None:
        init(self, recipe, scale, swapped(dataset), model)

    def otherwise(file: Any, recipe: Recipe, dataset: Dataset, *others: Any, **named: Any) -> Evaluation:
        return estimate(file, recipe, swapped(dataset), *others, **named)

    return all_of(mock.patch.object(TrainingRecord, "__init__", journal), instead_of(estimate, otherwise))


def confusion_transposed() -> Planted:
    original = evaluation.evaluate

    def evaluate(logits: np.ndarray, labels: np.ndarray) -> Evaluation:
        right = original(logits, labels)
        # Of the wrong images as well, or the run would be refused before anything is compared.
        swapped = tuple(int(labels[index]) for index in right.wrong_images)
        return replace(right, confusion=tuple(zip(*right.confusion)), wrong_predictions=swapped)

    return instead_of(original, evaluate)


def batches_averaged_alike() -> Planted:
    """The training loss of an epoch is the mean of its batches, the incomplete one weighing as much as a full one."""
    return mock.patch.object(TrainingRecord, "_batch_sizes", lambda self, segment: np.full(segment.steps, 128.0))


def early_score_forgotten() -> Planted:
    original = TrainingRecord._score

    def score(self: TrainingRecord, segment: batching.Segment) -> Evaluation:
        at_the_end = segment.scored == self._scale.budget.count
        return original(self, segment if at_the_end else replace(segment, scored=None))

    return mock.patch.object(TrainingRecord, "_score", score)


# --- What begins late, and what early losses do not show ------------------------------------------------------------


def moves_from(step: int, change: Callable[[Any, Any, Any], Any]) -> Plant:
    """After this step, a weight is set to a function of itself before the update, itself after it, and its gradient."""
    original = arithmetic.original_update

    def update(rule: Any, weights: Any) -> Any:
        tf = framework.tensorflow()
        apply, steps = original(rule, weights), tf.Variable(0)

        def late(gradients: Any) -> None:
            steps.assign_add(1)
            before = [tf.identity(weight) for weight in weights]
            apply(gradients)
            for weight, old, gradient in zip(weights, before, gradients):
                weight.assign(tf.where(steps > step, change(old, weight, gradient), weight))

        return late

    return lambda: instead_of(original, update)


def a_tenth(old: Any, new: Any, gradient: Any) -> Any:
    return old + 0.1 * (new - old)


def convolutions_stay(old: Any, new: Any, gradient: Any) -> Any:
    return old if len(old.shape) == 4 else new


def decayed(old: Any, new: Any, gradient: Any) -> Any:
    return 0.999 * new


def adam_with_300_steps_at_most(rule: Any, weights: Any) -> Any:
    tf = framework.tensorflow()
    means, squares = arithmetic._zeros(weights), arithmetic._zeros(weights)
    steps = tf.Variable(0.0)

    def update(gradients: Any) -> None:
        steps.assign(tf.minimum(steps + 1.0, 300.0))
        rate = rule.learning_rate * tf.sqrt(1.0 - rule.beta_2**steps) / (1.0 - rule.beta_1**steps)
        for weight, mean, square, gradient in zip(weights, means, squares, gradients):
            mean.assign(rule.beta_1 * mean + (1.0 - rule.beta_1) * gradient)
            square.assign(rule.beta_2 * square + (1.0 - rule.beta_2) * tf.square(gradient))
            weight.assign_sub(rate * mean / (tf.sqrt(square) + rule.epsilon))

    return update


def corrections_stop_at_300() -> Planted:
    return instead_of(arithmetic._adam, adam_with_300_steps_at_most)


def dropout_off_in_the_last_tenth() -> Planted:
    init, step, original = Training.__init__, Training.step, framework.call_layer
    late: Any = None

    def begin(self: Training, recipe: Recipe, *others: Any) -> None:
        self.planted = framework.tensorflow().Variable(0), batching.total_steps(recipe, recipe.full) * 9 // 10  # type: ignore[attr-defined]
        init(self, recipe, *others)

    def counted(self: Training, images: Any, labels: Any) -> Tuple[Any, Any]:
        nonlocal late
        steps, last = self.planted  # type: ignore[attr-defined]
        late = steps.assign_add(1) > last
        return step(self, images, labels)

    def call_layer(layer: Any, values: Any, training: bool) -> Any:
        outputs = original(layer, values, training)
        return framework.tensorflow().where(late, values, outputs) if training and is_a(layer, "Dropout") else outputs

    return all_of(
        mock.patch.object(Training, "__init__", begin),
        mock.patch.object(Training, "step", counted),
        instead_of(original, call_layer),
    )


def order_of_the_third_epoch_again() -> Planted:
    original = seeding.epoch_order
    return instead_of(original, lambda recipe, seed, epoch, images: original(recipe, seed, min(epoch, 2), images))


def accumulators_cleared_at_each_epoch() -> Planted:
    init, run, zeros = Training.__init__, Training.run, arithmetic._zeros
    slots: List[Any] = []

    def begin(self: Training, *arguments: Any) -> None:
        slots.clear()
        init(self, *arguments)

    def kept(weights: Any) -> Any:
        made = zeros(weights)
        slots.extend(made)
        return made

    def cleared(self: Training, order: np.ndarray, first: int, steps: int) -> Tuple[np.ndarray, np.ndarray]:
        for slot in slots if first == 0 else ():
            slot.assign(framework.tensorflow().zeros_like(slot))
        return run(self, order, first, steps)

    return all_of(
        mock.patch.object(Training, "__init__", begin),
        instead_of(zeros, kept),
        mock.patch.object(Training, "run", cleared),
    )


def weights_of_the_epoch_before() -> Planted:
    """What is kept and saved is what the model held before its last epoch; the scores are right."""
    before, close = TrainingRecord.before, TrainingRecord.close
    held: Weights = ()

    def look(self: TrainingRecord, segment: batching.Segment, order: np.ndarray) -> Any:
        nonlocal held
        if segment.first == 0:
            held = framework.get_weights(self._training.model)
        return before(self, segment, order)

    def stale(self: TrainingRecord, seconds: float) -> Trained:
        return replace(close(self, seconds), weights=held)

    return all_of(mock.patch.object(TrainingRecord, "before", look), mock.patch.object(TrainingRecord, "close", stale))


def keeps_0_9_for_0_99() -> Planted:
    """In training and in `settle`."""
    original = arithmetic.OriginalBatchNormalization.__init__

    def init(self: Any, layer: Any, value: Any) -> None:
        original(self, layer, replace(value, momentum=0.9))

    return mock.patch.object(arithmetic.OriginalBatchNormalization, "__init__", init)


def statistics_stop_after(steps: int) -> Plant:
    move = arithmetic.OriginalBatchNormalization._move

    def stopping(self: Any, moving: Any, value: Any) -> None:
        tf = framework.tensorflow()
        if not hasattr(self, "planted"):
            with tf.init_scope():
                self.planted = tf.Variable(0)
        old = tf.identity(moving)
        move(self, moving, value)
        # Called for the mean and for the variance of each step.
        moving.assign(tf.where(self.planted.assign_add(1) > 2 * steps, old, moving))

    return lambda: mock.patch.object(arithmetic.OriginalBatchNormalization, "_move", stopping)


def as_float16(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float16).astype(np.float32)


def weights_saved_as_float16() -> Planted:
    original = weights.write
    return instead_of(
        original,
        lambda path, recipe, held: original(path, recipe, tuple(tuple(map(as_float16, arrays)) for arrays in held)),
    )


def model_saved_through(change: Callable[[Any, Weights], Weights]) -> ContextManager[None]:
    original = framework.save_model

    def save_model(model: Any, path: Any) -> None:
        right = framework.get_weights(model)
        framework.set_weights(model, change(model, right))
        original(model, path)
        framework.set_weights(model, right)

    return instead_of(original, save_model)


def model_saved_as_float16() -> Planted:
    return model_saved_through(lambda model, held: tuple(tuple(map(as_float16, arrays)) for arrays in held))


def variance_not_settled_in_the_model() -> Planted:
    settle = arithmetic.OriginalBatchNormalization.settle
    variances: Dict[str, np.ndarray] = {}

    def noted(self: Any, steps: int) -> None:
        settle(self, steps)
        variances[self._layer.name] = self._variance.numpy()

    def biased(model: Any, held: Weights) -> Weights:
        names = [layer.name for layer in framework.model_layers(model)]
        return tuple(
            (*arrays[:3], variances[name]) if name in variances else arrays for name, arrays in zip(names, held)
        )

    return all_of(
        mock.patch.object(arithmetic.OriginalBatchNormalization, "settle", noted), model_saved_through(biased)
    )


# --- The list ------------------------------------------------------------------------------------------------------

BUGS: Tuple[Bug, ...] = (
    Bug("epsilon-inside", "RMSprop divides by sqrt(v + epsilon), as Keras 3 does", WHEEL, epsilon_inside_the_root),
    Bug("pixels-over-256", "pixels / 256", WHEEL, pixels_through(divided_by(256.0))),
    Bug("pixels-unscaled", "pixels from 0 to 255", WHEEL, pixels_through(divided_by(1.0))),
    Bug("test-over-256", "test images / 256, training images / 255", WHEEL, test_images_divided_by_256),
    Bug("unshuffled", "images in the order of the files, every epoch", WHEEL, orders_from(as_in_the_files)),
    Bug("batch-256", "256 images to the batch for 128", WHEEL, as_if(batches_of(256))),
    Bug("batch-64", "64 images to the batch for 128", WHEEL, as_if(batches_of(64))),
    Bug("rate-doubled", "learning rate × 2", WHEEL, rule_with(learning_rate=lambda rate: 2.0 * rate)),
    Bug("rate-halved", "learning rate × 0.5", WHEEL, rule_with(learning_rate=lambda rate: 0.5 * rate)),
    Bug("epochs-19", "19 epochs for 20", WHEEL, as_if(epochs(19))),
    Bug("epochs-21", "21 epochs for 20", WHEEL, as_if(epochs(21))),
    Bug("epochs-10", "10 epochs for 20", WHEEL, as_if(epochs(10))),
    Bug("labels-1-percent-wrong", "1 % of the training labels are another digit", WHEEL, labels_wrong(0.01)),
    Bug("labels-5-percent-wrong", "5 % of the training labels are another digit", WHEEL, labels_wrong(0.05)),
    Bug("last-1000-dropped", "the last 1,000 of 60,000 images are not used", WHEEL, as_if(without_the_last_1000)),
    Bug("first-5000-dropped", "the first 5,000 images are not used", WHEEL, as_if(without_the_first_5000)),
    Bug("test-leaked", "1,000 test images are trained on", WHEEL, fed_from(test_images_among_them)),
    Bug("zero-start", "kernels start at zero for Glorot's uniform", WHEEL, start_from(np.zeros_like)),
    Bug("normal-start", "kernels start from normal(0, 1)", WHEEL, start_from(standard_normal)),
    Bug("no-bias", "no bias", WHEEL, without_bias),
    Bug("squared-error", "squared error for cross-entropy", WHEEL, loss_as(squared_error)),
    Bug("float16-inputs", "pixels kept as float16", WHEEL, pixels_through(rounded_to_float16)),
    Bug("rho-0.99", "rho 0.99 for 0.9", WHEEL, rule_with(rho=0.99)),
    Bug("last-batch-dropped", "the incomplete batch of each epoch is dropped", WHEEL, last_batch_dropped),
    Bug("last-batch-as-full", "the incomplete batch's loss is divided by 128", WHEEL, loss_as(sum_over_128)),
    Bug("1000-scored", "only the first 1,000 test images are scored", WHEEL, only_1000_scored),
    Bug("training-scored", "training images are scored for test images", WHEEL, training_images_scored),
    Bug("weight-decay", "weight decay 1e-4", WHEEL, gradients_through(with_weight_decay)),
    Bug("epsilon-1e-3", "epsilon 1e-3 for 1e-7", WHEEL, rule_with(epsilon=1e-3)),
    Bug("16-levels", "pixels rounded to 16 levels", WHEEL, pixels_through(rounded_to_16_levels)),
    # Beyond the first thirty.
    Bug("softmax-twice", "the loss takes a softmax of probabilities", (*WHEEL, "keras-cnn"), loss_as(softmax_twice)),
    Bug("one-order", "every epoch in the order of the first", (*WHEEL, "vgg7"), one_order_for_all_epochs),
    Bug("seed-ignored", "every seed starts and shuffles as seed 0", (*WHEEL, "vgg7"), seed_ignored),
    Bug("batches-alike", "an epoch's training loss is the plain mean of its batches", WHEEL, batches_averaged_alike),
    # From zero weights, it trains to the same losses.
    Bug("images-transposed", "rows and columns of all images swapped", ("tf-softmax", "vgg7"), images_transposed),
    Bug("confusion-transposed", "labels and predictions swapped in the table", ("tf-softmax",), confusion_transposed),
    # The convolutional ones.
    Bug("dropout-off", "no dropout", ("keras-cnn", "tf-cnn"), layers_through(dropout_off)),
    Bug("dropout-scored", "dropout while scoring", ("keras-cnn", "tf-cnn"), layers_through(dropout_always)),
    Bug("padding-shifted", "zeros at the beginning for the end", ("vgg7",), layers_through(padded_on_the_other_side)),
    Bug("padding-same", "convolutions padded to the same size", ("keras-cnn",), padding_same_everywhere),
    Bug("batch-statistics", "scoring normalises over its batch", ("vgg7-bn",), layers_through(batch_statistics_always)),
    Bug("no-debiasing", "moving statistics without zero-debiasing", ("vgg7-bn",), without_zero_debiasing),
    Bug("momentum-reversed", "moving statistics keep 1 % for 99 %", ("vgg7-bn",), momentum_the_other_way_round),
    Bug("adadelta-0.001", "Adadelta at today's default rate", ("keras-cnn",), rule_with(learning_rate=0.001)),
    Bug("validation-used", "held-out images are trained on", ("tf-softmax", "tf-cnn"), fed_from(validation_images_too)),
    Bug("labels-rolled", "labels rolled by one in one batch of a hundred", CNNS, labels_rolled_in_every_100th_batch),
    Bug("layer-frozen", "the first layer does not learn", CNNS, gradients_through(without_the_first_layers)),
    Bug("layer-not-restored", "`load` leaves one layer as it was", ("keras-cnn", "vgg7-bn"), second_layer_not_restored),
    Bug("saved-transposed", "square kernels are saved transposed", ("vgg7",), square_kernels_saved_transposed),
    Bug("score-forgotten", "the score after 3 epochs is not kept", ("vgg7",), early_score_forgotten),
    # Those that begin late.
    Bug("rate-falls-late", "learning rate × 0.1 after step 7,000 of 9,380", WHEEL, moves_from(7_000, a_tenth)),
    Bug("rate-falls", "learning rate × 0.1 after step 400", CNNS, moves_from(400, a_tenth)),
    Bug("decay-late", "weights decay after step 900", ("tf-softmax", "tf-cnn"), moves_from(900, decayed)),
    Bug("frozen-late", "convolutions stay after step 1,000", ("vgg7-bn",), moves_from(1_000, convolutions_stay)),
    Bug("corrections-stop", "Adam's corrections stop at step 300", ("tf-cnn", "vgg7"), corrections_stop_at_300),
    Bug("dropout-off-late", "no dropout at the end", ("keras-cnn", "tf-cnn"), dropout_off_in_the_last_tenth),
    Bug("third-order", "the order of the third epoch again", (*WHEEL, "vgg7"), order_of_the_third_epoch_again),
    Bug("cleared", "accumulators cleared at each epoch", (*WHEEL, "keras-cnn"), accumulators_cleared_at_each_epoch),
    # Those that early losses do not show.
    Bug("momentum-0.9", "moving statistics keep 0.9 for 0.99", ("vgg7-bn",), keeps_0_9_for_0_99),
    Bug("statistics-stop", "moving statistics stop after step 200", ("vgg7-bn",), statistics_stop_after(200)),
    Bug("stale", "weights of the epoch before are kept", (*WHEEL, "vgg7"), weights_of_the_epoch_before),
    Bug("float16-weights", "param.hdf5 through float16", ("tf-softmax", "keras-cnn"), weights_saved_as_float16),
    Bug("float16-model", "model.h5 through float16", ("tf-cnn", "vgg7-bn"), model_saved_as_float16),
    Bug("unsettled", "model.h5 without debiased variances", ("vgg7-bn",), variance_not_settled_in_the_model),
)

assert all(find(recipe) for bug in BUGS for recipe in bug.recipes)
