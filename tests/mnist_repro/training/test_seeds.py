"""Random numbers are ours for all time: the same values on every NumPy, each purpose its own stream."""

from __future__ import annotations

import hashlib
from typing import Callable, Dict

import numpy as np
import pytest

from mnist_repro.recipes import RECIPES
from mnist_repro.recipes.layers import lay_out
from mnist_repro.training.seeds import Stream, dropout_seed, epoch_order, initial_weights


def golden() -> Stream:
    return Stream("wheel-softmax", 0, "golden")


def weights(name: str, seed: int = 0) -> tuple[np.ndarray, ...]:
    recipe = RECIPES[name]
    layers = initial_weights(name, lay_out(recipe.layers, recipe.input_shape), seed)
    return tuple(array for arrays in layers for array in arrays)


def short_hash(kind: str, *arrays: np.ndarray) -> str:
    return hashlib.sha256(b"".join(array.astype(kind).tobytes() for array in arrays)).hexdigest()[:16]


def test_numbers_are_those_of_every_numpy() -> None:
    raw = [0xAAF6E071B7CAC410, 0xF7266DD803C9DD75, 0x5CF6D63ED66783B6, 0xC834508A1C95281]
    uniform = [0.6678295135498047, 0.9654300808906555, 0.36314141750335693, 0.048878014087677]
    normal = [0.6713180541992188, -0.5474343299865723, -0.1995706558227539, -0.5826725959777832]
    assert raw == [int(number) for number in golden().raw(4)]
    assert uniform == golden().uniform(4).tolist()
    assert normal == golden().truncated_normal(4).tolist()
    assert [3, 8, 5, 4, 7, 2, 9, 6, 0, 1] == golden().permutation(10).tolist()
    seeds = [dropout_seed("keras-cnn", 0, name) for name in ("dropout", "dropout_1")]
    assert [1280603145, 1381534323] == seeds


# By recipe: the initial weights, and the order of the images of the second epoch.
STARTS = {
    "wheel-softmax": ("00d5870215b5913e", "225e0431e5d9598c"),
    "keras-cnn": ("9970146702b2bfa6", "f082f5c5c11f1dc8"),
    "tf-softmax": ("57347701d22fd819", "25a5de68af8ca792"),
    "tf-cnn": ("ef221255ea2c1880", "85b09bcd7bc5ae08"),
    "vgg7": ("255135ee5049c562", "78da63f39227f9b1"),
    "vgg7-bn": ("b07544710a9d7433", "9fa227249e68120f"),
}


def test_every_recipe_starts_from_the_same_weights_and_takes_its_images_in_the_same_order_everywhere() -> None:
    assert STARTS == {
        name: (
            short_hash("<f4", *weights(name)),
            short_hash("<i4", epoch_order(name, 0, 1, recipe.full.training_images)),
        )
        for name, recipe in RECIPES.items()
    }


@pytest.mark.parametrize(
    "other",
    [
        Stream("tf-softmax", 0, "golden"),
        Stream("wheel-softmax", 1, "golden"),
        Stream("wheel-softmax", 0, "golden 2"),
        Stream("wheel-softmax", 10, "golden"),
    ],
    ids=["recipe", "seed", "purpose", "seed of two digits"],
)
def test_streams_of_another_recipe_seed_or_purpose_differ(other: Stream) -> None:
    assert not np.any(golden().raw(1_000) == other.raw(1_000))


def test_every_weight_order_and_mask_has_a_stream_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made: Dict[str, int] = {}
    whole: Callable[..., None] = Stream.__init__

    def counted(self: Stream, recipe: str, seed: int, purpose: str) -> None:
        made[purpose] = made.get(purpose, 0) + 1
        whole(self, recipe, seed, purpose)

    monkeypatch.setattr(Stream, "__init__", counted)
    weights("keras-cnn")
    for epoch in range(3):
        epoch_order("keras-cnn", 0, epoch, 10)
    dropout_seed("keras-cnn", 0, "dropout")
    dropout_seed("keras-cnn", 0, "dropout_1")
    # Kernels of two convolutions and two dense layers; their biases are zeros.
    assert [1] * (4 + 3 + 2) == list(made.values())


def test_uniform_numbers_are_exact_in_float32_and_below_1() -> None:
    numbers = golden().uniform(100_000)
    assert np.array_equal(numbers, numbers.astype(np.float32))
    assert numbers.min() >= 0.0
    assert numbers.max() < 1.0
    assert pytest.approx(0.5, abs=0.004) == numbers.mean()


def test_truncated_normal_numbers_have_the_moments_of_their_distribution() -> None:
    numbers = golden().truncated_normal(200_000)
    assert len(numbers) == 200_000
    assert np.abs(numbers).max() <= 2.0
    # Within four standard errors: mean 0, standard deviation 0.87963, kurtosis 2.3656, share within ±1 0.71524.
    assert pytest.approx(0.0, abs=0.008) == numbers.mean()
    assert pytest.approx(0.87963, abs=0.004) == numbers.std()
    assert pytest.approx(2.3656, abs=0.02) == np.mean(numbers**4) / np.mean(numbers**2) ** 2
    assert pytest.approx(0.71524, abs=0.004) == np.mean(np.abs(numbers) < 1.0)


def test_glorot_uniform_fills_its_limits() -> None:
    kernel, bias = weights("wheel-softmax")
    limit = np.sqrt(6.0 / 794.0)
    assert pytest.approx(limit, rel=1e-3) == kernel.max()
    assert pytest.approx(-limit, rel=1e-3) == kernel.min()
    assert np.abs(kernel).max() <= limit
    assert pytest.approx(limit / np.sqrt(3.0), rel=0.02) == kernel.std()
    assert not bias.any()


def test_glorot_uniform_of_a_convolution_counts_its_window() -> None:
    kernel = weights("keras-cnn")[2]
    assert (3, 3, 32, 64) == kernel.shape
    assert pytest.approx(np.sqrt(6.0 / (9 * 32 + 9 * 64)), rel=1e-3) == kernel.max()


def test_the_experts_tutorial_starts_from_noise_of_0_1_and_biases_of_0_1() -> None:
    arrays = weights("tf-cnn")
    assert pytest.approx(0.1 * 0.87963, rel=0.01) == arrays[4].std()
    assert [[np.float32(0.1)]] * 4 == [np.unique(bias).tolist() for bias in arrays[1::2]]


def test_weights_and_orders_differ_between_seeds_and_orders_between_epochs() -> None:
    orders = [epoch_order("vgg7", seed, epoch, 1_000) for seed in (0, 1) for epoch in (0, 1)]
    assert ({"float32"}, "int32") == ({str(array.dtype) for array in weights("vgg7-bn")}, str(orders[0].dtype))
    assert not np.array_equal(weights("vgg7", 0)[0], weights("vgg7", 1)[0])
    assert 4 == len({order.tobytes() for order in orders})
