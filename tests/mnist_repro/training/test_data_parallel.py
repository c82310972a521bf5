"""Trained over ranks, it is the same training, and all ranks have the same bits."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import ContextManager, Dict, List
from unittest import mock

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.power.bugs import instead_of
from mnist_repro.recipes import find
from mnist_repro.recipes.layers import Dense, Flatten, MaxPooling2D
from mnist_repro.recipes.optimizers import Adam
from mnist_repro.recipes.recipe import Epochs, Scale
from mnist_repro.training import seeds
from mnist_repro.training.data_parallel import MpiCommunicator, mean_over_images, share, train_data_parallel
from mnist_repro.training.record import Trained
from mnist_repro.training.train import train
from tests.builders.ranks import ThreadCommunicator, on_ranks, this_rank

RECIPE = find("wheel-softmax")
# Batches of 128, 128 and 44 images: of three and eight ranks, some have more of them than others.
UNEQUAL = Scale(300, 0, 100, Epochs(2), scored_after=(2,))
# The last batch has one image, so that all ranks but one have none.
ONE_LEFT = Scale(129, 0, 100, Epochs(2), scored_after=(2,))


def spread(size: int, dataset: Dataset, scale: Scale) -> List[Trained]:
    return on_ranks(size, lambda ranks: train_data_parallel(ranks, RECIPE, dataset, 0, scale))


@pytest.fixture(scope="module")
def without_ranks(dataset: Dataset) -> Dict[Scale, Trained]:
    return {scale: train(RECIPE, dataset, 0, scale) for scale in (UNEQUAL, ONE_LEFT)}


def test_one_rank_trains_to_the_bits_of_a_training_without_ranks(
    dataset: Dataset, without_ranks: Dict[Scale, Trained]
) -> None:
    alone, (ranked,) = without_ranks[UNEQUAL], spread(1, dataset, UNEQUAL)

    assert alone.step_losses.tobytes() == ranked.step_losses.tobytes()
    assert (alone.lines, alone.scores) == (ranked.lines, ranked.scores)


@pytest.mark.parametrize(("size", "scale"), [(3, UNEQUAL), (4, ONE_LEFT)], ids=["unequal shares", "empty shares"])
def test_several_ranks_differ_by_rounding_alone_and_not_among_themselves(
    size: int, scale: Scale, dataset: Dataset, without_ranks: Dict[Scale, Trained]
) -> None:
    alone, ranked = without_ranks[scale], spread(size, dataset, scale)

    assert len({trained.weights[0][0].tobytes() for trained in ranked}) == 1
    assert alone.step_losses == pytest.approx(ranked[0].step_losses, rel=1e-6)
    assert [line.accuracy for line in alone.lines] == [line.accuracy for line in ranked[0].lines]
    assert alone.scores[-1].test.loss == pytest.approx(ranked[-1].scores[-1].test.loss, rel=1e-6)


def test_it_takes_the_frameworks_arithmetic_and_several_layers(dataset: Dataset) -> None:
    layers = (MaxPooling2D(), Flatten(), Dense(8, "relu"), Dense(10, "softmax"))
    recipe = replace(find("keras-cnn"), layers=layers, optimizer=Adam(1e-3, 0.9, 0.999, 1e-7), batch_size=50)
    alone = train(recipe, dataset, 0, UNEQUAL, "framework")
    ranked = on_ranks(2, lambda ranks: train_data_parallel(ranks, recipe, dataset, 0, UNEQUAL, "framework"))

    assert alone.step_losses == pytest.approx(ranked[1].step_losses, rel=1e-5)


def test_each_image_of_a_batch_is_in_one_share() -> None:
    assert [(0, 42), (42, 85), (85, 128)] == [share(128, rank, 3) for rank in range(3)]
    assert [(0, 0), (0, 1), (1, 1), (1, 2)] == [share(2, rank, 4) for rank in range(4)]


def test_a_mean_weighs_each_share_by_its_images() -> None:
    # Of three images, the second rank has two.
    rows = np.array([[3.0, 0.1], [6.0, 0.1]], np.float32)

    assert [5.0, np.float32(0.1)] == mean_over_images(rows, 3).tolist()


def own_initial_weights() -> ContextManager[None]:
    original = seeds.initial_weights
    return instead_of(original, lambda recipe, layers, seed: original(recipe, layers, seed + this_rank()))


def test_ranks_start_from_the_weights_of_rank_0(dataset: Dataset, without_ranks: Dict[Scale, Trained]) -> None:
    with own_initial_weights():
        ranked = spread(2, dataset, ONE_LEFT)

    assert without_ranks[ONE_LEFT].step_losses == pytest.approx(ranked[1].step_losses, rel=1e-6)


def test_ranks_that_end_with_different_parameters_say_so(dataset: Dataset) -> None:
    without = mock.patch.object(ThreadCommunicator, "broadcast", lambda self, array: array)
    with own_initial_weights(), without, pytest.raises(BadInput, match="parameters: not those of rank 0: rank 1, 2"):
        spread(3, dataset, ONE_LEFT)


def test_ranks_with_different_arguments_are_refused(dataset: Dataset) -> None:
    with pytest.raises(BadInput, match="different things: not those of rank 0: rank 1"):
        on_ranks(2, lambda ranks: train_data_parallel(ranks, RECIPE, dataset, ranks.rank, UNEQUAL))


@pytest.mark.parametrize(("recipe", "layer"), [("keras-cnn", "Dropout"), ("vgg7-bn", "BatchNormalization")])
def test_layers_that_depend_on_the_share_are_refused(recipe: str, layer: str, dataset: Dataset) -> None:
    with pytest.raises(BadInput, match=f"{recipe} has a layer {layer}"):
        on_ranks(2, lambda ranks: train_data_parallel(ranks, find(recipe), dataset, 0, find(recipe).subset))


def allgather(sent: np.ndarray, received: np.ndarray) -> None:
    assert sent.flags.c_contiguous
    received[0], received[1] = 0, sent


def bcast(array: np.ndarray, root: int) -> None:
    assert (array.flags.c_contiguous, root) == (True, 0)
    array[:] = 0


def test_arrays_pass_through_the_buffer_calls_of_mpi() -> None:
    """Its methods with lower-case names use pickle, and are not there."""
    ranks = MpiCommunicator(SimpleNamespace(Get_rank=lambda: 1, Get_size=lambda: 2, Allgather=allgather, Bcast=bcast))
    array = np.arange(4, dtype=np.float32).reshape(2, 2).T

    assert (1, 2) == (ranks.rank, ranks.size)
    assert [np.zeros((2, 2)).tolist(), array.tolist()] == ranks.gather(array).tolist()
    assert [[0, 0], [0, 0]] == ranks.broadcast(array).tolist()
    assert 3.0 == array.max()
