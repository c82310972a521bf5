"""Data-parallel training: each rank computes the gradients of its share of every batch, and all make the same update.

Every rank gathers what all ranks computed, adds it up in the order of the ranks, and divides by the images of the whole
batch. So all ranks keep the same parameters, to the last bit, and one rank trains to the bits of `train`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, Sequence, Tuple

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.recipes.layers import Conv2D, Dense, Flatten, MaxPooling2D
from mnist_repro.recipes.recipe import Recipe, Scale
from mnist_repro.training import framework
from mnist_repro.training.model import Feed, RunSteps, Training
from mnist_repro.training.record import Trained
from mnist_repro.training.train import Progress, no_progress, train

# Layers that compute each image by itself, so that it does not matter with which others it is in a share.
_BY_IMAGE = (Dense, Conv2D, MaxPooling2D, Flatten)


class Communicator(Protocol):
    """What a training needs of its ranks. Every rank makes the same calls in the same order."""

    @property
    def rank(self) -> int:
        """The number of this rank, from 0."""

    @property
    def size(self) -> int:
        """The number of ranks."""

    def gather(self, array: np.ndarray) -> np.ndarray:
        """The arrays of all ranks, in the order of the ranks, on every rank: shape (size, *array.shape)."""

    def broadcast(self, array: np.ndarray) -> np.ndarray:
        """The array of rank 0, on every rank; all are of the same shape and type."""


@dataclass(frozen=True)
class MpiCommunicator:
    """The ranks of a communicator of mpi4py. Arrays pass through its buffer methods, which do not use pickle.

    Args:
        comm: such as ``mpi4py.MPI.COMM_WORLD``.
    """

    comm: Any

    @property
    def rank(self) -> int:
        """The number of this rank, from 0."""
        return int(self.comm.Get_rank())

    @property
    def size(self) -> int:
        """The number of ranks."""
        return int(self.comm.Get_size())

    def gather(self, array: np.ndarray) -> np.ndarray:
        """MPI_Allgather, which keeps the order of the ranks; a reduction may add in any order."""
        rows = np.empty((self.size, *array.shape), array.dtype)
        self.comm.Allgather(np.ascontiguousarray(array), rows)
        return rows

    def broadcast(self, array: np.ndarray) -> np.ndarray:
        """MPI_Bcast from rank 0."""
        received = np.array(array, order="C")
        self.comm.Bcast(received, root=0)
        return received


def train_data_parallel(
    ranks: Communicator,
    recipe: Recipe,
    dataset: Dataset,
    seed: int,
    scale: Scale,
    arithmetic_name: str = "original",
    progress: Progress = no_progress,
) -> Trained:
    """Train a recipe on all ranks, each with a share of every batch; every rank returns the same result.

    The result is that of `train` but for rounding, and with one rank to the last bit. Every rank scores all images.

    Args:
        ranks: the ranks that train together.
        recipe: a recipe whose layers compute each image by itself.
        dataset: as of `train`; like the other arguments, the same on all ranks.
        seed: as of `train`.
        scale: as of `train`.
        arithmetic_name: as of `train`.
        progress: as of `train`; each rank calls its own.

    Raises:
        BadInput: a layer depends on the other images of its batch or on chance; the ranks have different arguments, or
            they ended with different parameters.
    """
    _require_by_image(recipe)
    odd = _unlike_rank_0(ranks, repr((recipe, seed, scale, arithmetic_name, dataset.sha256)).encode())
    if odd:
        raise BadInput(
            f"the ranks are to train different things: {odd}",
            "recipe, seed, scale, arithmetic and data are the same on all ranks",
            "call it with the same arguments on all ranks; on every node MNIST_REPRO_DATA names the same data",
        )
    trained = train(recipe, dataset, seed, scale, arithmetic_name, progress, partial(shared_steps, ranks))
    odd = _unlike_rank_0(ranks, b"".join(array.tobytes() for arrays in trained.weights for array in arrays))
    if odd:
        raise BadInput(
            f"the ranks ended with different parameters: {odd}",
            "all made the same updates; another processor or TensorFlow may give other bits",
            "run on nodes of one kind, with one environment",
        )
    return trained


def shared_steps(ranks: Communicator, feed: Feed, training: Training) -> RunSteps:
    """A function like that of `stepper`, for steps of which each rank computes its share; starts from rank 0's weights.

    Args:
        ranks: the ranks that train together.
        feed: all training images, on every rank.
        training: the model in training.
    """
    tf = framework.tensorflow()
    initial = framework.get_weights(training.model)
    framework.set_weights(training.model, tuple(tuple(map(ranks.broadcast, arrays)) for arrays in initial))
    variables = framework.variables(training.model.trainable_variables)

    def compute(order: Any, first: Any, end: Any) -> Any:
        loss, right, gradients = training.gradients(*feed.take(order[first:end]))
        flat = [tf.reshape(gradient, [-1]) for gradient in gradients]
        return tf.concat([*flat, [loss], [tf.cast(right, tf.float32)]], axis=0)

    def apply(flat: Any) -> None:
        parts = tf.split(flat, [variable.shape.num_elements() for variable in variables])
        training.update([tf.reshape(part, variable.shape) for part, variable in zip(parts, variables)])

    of_share, update = framework.graph(compute), framework.graph(apply)
    nothing = np.zeros(2 + sum(variable.shape.num_elements() for variable in variables), np.float32)

    def run(order: np.ndarray, first: int, steps: int) -> Sequence[np.ndarray]:
        at_once = tf.constant(order)
        losses, rights = [], []
        for step in range(first, first + steps):
            start = step * feed.batch_size
            images = min(feed.batch_size, len(order) - start)
            begin, end = share(images, ranks.rank, ranks.size)
            # The mean over no images is not a number.
            row = of_share(at_once, *map(tf.constant, (start + begin, start + end))).numpy() if end > begin else nothing
            rows = ranks.gather(row)
            mean = mean_over_images(rows[:, :-1], images)
            update(tf.constant(mean[:-1]))
            losses.append(mean[-1])
            rights.append(rows[:, -1].sum())
        return np.array(losses, np.float32), np.array(rights, np.int32)

    return run


def share(images: int, rank: int, size: int) -> Tuple[int, int]:
    """First and end position of a rank's share of a batch of ``images``.

    Shares differ by one image at most. Where there are fewer images than ranks, some are empty.
    """
    return images * rank // size, images * (rank + 1) // size


def mean_over_images(rows: np.ndarray, images: int) -> np.ndarray:
    """The mean over a whole batch.

    Args:
        rows: a row for each rank, float32 (size, n): the mean over its share, or zeros if that is empty.
        images: number of images of the batch.

    Returns:
        float32 (n,). The sums over the shares are added in float64, in the order of the ranks.
    """
    total = np.zeros(rows.shape[1])
    for rank, row in enumerate(rows):
        begin, end = share(images, rank, len(rows))
        total += row.astype(np.float64) * (end - begin)
    return np.asarray(total / images, np.float32)


def _require_by_image(recipe: Recipe) -> None:
    """Refuse dropout, whose masks depend on the rank, batch normalisation, whose statistics do, and unknown layers."""
    odd = next((type(layer).__name__ for layer in recipe.layers if not isinstance(layer, _BY_IMAGE)), None)
    if odd is not None:
        known = ", ".join(layer.__name__ for layer in _BY_IMAGE)
        raise BadInput(
            f"{recipe.name} has a layer {odd}",
            f"spread over ranks, only layers that compute each image by itself give the same training: {known}",
            "train it in one process, or choose another recipe, such as wheel-softmax",
        )


def _unlike_rank_0(ranks: Communicator, content: bytes) -> str:
    """On every rank: which ranks have other content than rank 0, as text; empty if none has."""
    first, *others = ranks.gather(np.frombuffer(hashlib.sha256(content).digest(), np.uint8)).tolist()
    unlike = [str(rank) for rank, digest in enumerate(others, start=1) if digest != first]
    return f"not those of rank 0: rank {', '.join(unlike)}" if unlike else ""
