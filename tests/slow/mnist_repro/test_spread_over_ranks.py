"""wheel-softmax spread over ranks passes the gate; with each of the mistakes that such code has, it does not."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Callable, ContextManager, Dict, Tuple
from unittest import mock

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.gate.comparison import Comparison
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.harness.fixture import judge
from mnist_repro.harness.measurements import find_data
from mnist_repro.power.bugs import all_of, instead_of
from mnist_repro.training import batches, data_parallel, seeds
from tests.builders.ranks import ThreadCommunicator, on_ranks, this_rank
from tests.builders.spread_training import RECIPE, spread_run

Planted = ContextManager[object]
Plant = Callable[[], Planted]
Judged = Callable[[int, Plant], Comparison]
_share, _mean = data_parallel.share, data_parallel.mean_over_images


@pytest.fixture(scope="module")
def dataset(request: pytest.FixtureRequest) -> Dataset:
    return find_data(request.config.option.repro_data)[0]


@pytest.fixture
def judged(dataset: Dataset, request: pytest.FixtureRequest) -> Judged:
    """The gate's comparison of seed 0, made by so many ranks with something planted."""
    folder = request.config.rootpath / request.config.getini("gate_baselines")
    scale = request.config.option.repro_scale

    def compare(size: int, plant: Plant) -> Comparison:
        # The gate is to notice by itself: without the comparison of the ranks' parameters.
        with mock.patch.object(data_parallel, "_unlike_rank_0", return_value=""), plant():
            return judge(folder, [on_ranks(size, lambda ranks: spread_run(ranks, dataset, 0, scale))[0]])

    return compare


def mean_as(change: Callable[[np.ndarray, int], np.ndarray]) -> Plant:
    """The mean over a batch is another function of the ranks' rows and the number of its images."""
    return lambda: instead_of(_mean, lambda rows, images: change(rows, images).astype(np.float32))


def gradients_as(change: Callable[[np.ndarray, int], np.ndarray]) -> Plant:
    """As `mean_as`, but only of the gradients: the loss is right."""
    return mean_as(lambda rows, images: np.append(change(rows, images)[:-1], _mean(rows, images)[-1]))


def shares_as(change: Callable[[int, int, int], Tuple[int, int]]) -> Plant:
    return lambda: instead_of(_share, change)


def without_the_last_rank(rows: np.ndarray, images: int) -> np.ndarray:
    return _mean(np.concatenate([rows[:-1], np.zeros_like(rows[:1])]), images)


def loss_of_rank_0(rows: np.ndarray, images: int) -> np.ndarray:
    return np.append(_mean(rows, images)[:-1], rows[0, -1])


def by_a_full_batch(rows: np.ndarray, images: int) -> np.ndarray:
    return _mean(rows, images) * (images / RECIPE.batch_size)


def like_a_full_batch(images: int, rank: int, size: int) -> Tuple[int, int]:
    return _share(RECIPE.batch_size, rank, size)


def without_the_remainder(images: int, rank: int, size: int) -> Tuple[int, int]:
    return images // size * rank, images // size * (rank + 1)


def own_order() -> Planted:
    original = seeds.epoch_order
    return instead_of(original, lambda recipe, seed, *others: original(recipe, seed + this_rank(), *others))


def own_initial_weights() -> Planted:
    original = seeds.initial_weights
    return instead_of(original, lambda recipe, layers, seed: original(recipe, layers, seed + this_rank()))


def broadcast_forgotten() -> Planted:
    kept = mock.patch.object(ThreadCommunicator, "broadcast", lambda self, array: array)
    return all_of(kept, own_initial_weights())


def nothing_exchanged() -> Planted:
    return mock.patch.object(ThreadCommunicator, "gather", lambda self, array: np.stack([array] * self.size))


def rows_of_the_step_before() -> Planted:
    original = ThreadCommunicator.gather
    before: Dict[int, np.ndarray] = {}

    def gather(self: ThreadCommunicator, array: np.ndarray) -> np.ndarray:
        rows = original(self, array)
        late = before.get(self.rank, rows)
        before[self.rank] = rows
        return late if late.shape == rows.shape else rows

    return mock.patch.object(ThreadCommunicator, "gather", gather)


def last_batch_dropped() -> Planted:
    return instead_of(batches.steps_per_epoch, lambda images, batch_size: images // batch_size)


# The number of ranks, what is planted, and a metric that shows it.
BUGS: Dict[str, Tuple[int, Plant, str]] = {
    "averaged over ranks, not images": (3, gradients_as(lambda rows, images: rows.mean(axis=0)), "test_loss"),
    "added up and not divided": (2, gradients_as(lambda rows, images: _mean(rows, images) * len(rows)), "test_loss"),
    "one rank left out": (2, gradients_as(without_the_last_rank), "test_loss"),
    "last batch divided by a full one": (2, gradients_as(by_a_full_batch), "test_loss"),
    "last batch shared like a full one": (2, shares_as(like_a_full_batch), "test_loss"),
    "last batch dropped": (2, last_batch_dropped, "test_loss"),
    "share of rank 0 for all": (2, shares_as(lambda images, rank, size: _share(images, 0, size)), "test_loss"),
    "remainder of a batch left out": (3, shares_as(without_the_remainder), "test_loss"),
    "broadcast forgotten": (2, broadcast_forgotten, "test_loss"),
    "order from the rank's own seed": (2, own_order, "test_loss"),
    "nothing exchanged": (2, nothing_exchanged, "test_loss"),
    "gradients of the step before": (2, rows_of_the_step_before, "test_loss"),
    "loss of rank 0 alone": (2, mean_as(loss_of_rank_0), "training_loss"),
}
HARMLESS: Dict[str, Tuple[int, Plant]] = {
    "nothing, one rank": (1, nullcontext),
    "nothing, two ranks": (2, nullcontext),
    "nothing, three ranks": (3, nullcontext),
    "nothing, four ranks": (4, nullcontext),
    "own initial weights, but the broadcast": (2, own_initial_weights),
    # Which is why that bug is planted on three.
    "averaged over two ranks, whose shares are equal": (2, BUGS["averaged over ranks, not images"][1]),
}


@pytest.mark.parametrize(("size", "plant"), HARMLESS.values(), ids=HARMLESS)
def test_what_does_not_change_the_training_passes(size: int, plant: Plant, judged: Judged) -> None:
    assert judged(size, plant).passes


@pytest.mark.parametrize(("size", "plant", "metric"), BUGS.values(), ids=BUGS)
def test_a_planted_bug_is_caught(size: int, plant: Plant, metric: str, judged: Judged) -> None:
    findings = judged(size, plant).judgement.findings

    # Not only incomparable.
    assert metric in {
        finding.name.split()[0] for finding in findings if finding.verdict in (Verdict.REGRESSED, Verdict.IMPROVED)
    }


def test_gradients_sent_as_float16_are_seen_over_the_full_budget_alone(
    judged: Judged, request: pytest.FixtureRequest
) -> None:
    as_float16 = gradients_as(lambda rows, images: _mean(rows.astype(np.float16), images))

    assert (request.config.option.repro_scale == "subset") == judged(2, as_float16).passes
