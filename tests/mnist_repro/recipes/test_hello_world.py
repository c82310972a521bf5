"""The small VGG, without and with batch normalisation, is what the blog published."""

from __future__ import annotations

from dataclasses import replace

from mnist_repro.recipes.hello_world import VGG7, VGG7_BN
from mnist_repro.recipes.layers import BatchNormalization, Conv2D, Dense, Flatten, Layer, MaxPooling2D
from mnist_repro.recipes.optimizers import Adam
from mnist_repro.recipes.recipe import Epochs
from tests.builders.recipe_facts import Facts, facts


def layers(*after_pooling: Layer) -> tuple[Layer, ...]:
    narrow, wide = Conv2D(8, 2, "same", "relu"), Conv2D(16, 2, "same", "relu")
    return (
        *(narrow, narrow, MaxPooling2D("valid"), *after_pooling),
        *(wide, wide, wide, MaxPooling2D("valid"), *after_pooling),
        *(Flatten(), Dense(256, "relu"), Dense(256, "relu"), Dense(10, "softmax")),
    )


PLAIN = Facts(
    layers=layers(),
    parameters=272_234,
    images=(60_000, 0, 10_000),
    optimizer=Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7),
    batch_size=512,
    budget=Epochs(10),
    figures=((3, 0.08780829641819, 0.9717000002861023), (10, 0.040611953073740006, 0.9866999998092651)),
)


def test_the_plain_network() -> None:
    assert facts(VGG7) == PLAIN


def test_the_network_with_batch_normalisation() -> None:
    assert facts(VGG7_BN) == replace(
        PLAIN,
        layers=layers(BatchNormalization(momentum=0.99, epsilon=0.001)),
        parameters=272_330,
        figures=((3, 0.051704482543468475, 0.9844999995231628), (10, 0.034382903814315795, 0.9893999994277954)),
    )


def test_the_curves() -> None:
    assert [
        ((0.7813, 0.1607, 0.1041), (0.7702, 0.9496, 0.9681)),
        (
            (0.5814, 0.1130, 0.0711, 0.0561, 0.0476, 0.0399, 0.0338, 0.0283, 0.0230, 0.0223),
            (0.8297, 0.9651, 0.9777, 0.9821, 0.9852, 0.9879, 0.9892, 0.9909, 0.9925, 0.9928),
        ),
        ((0.2157, 0.0513, 0.0340), (0.9336, 0.9838, 0.9896)),
        (
            (0.2318, 0.0596, 0.0370, 0.0259, 0.0182, 0.0132, 0.0108, 0.0107, 0.0055, 0.0035),
            (0.9265, 0.9811, 0.9884, 0.9917, 0.9942, 0.9961, 0.9965, 0.9965, 0.9984, 0.9991),
        ),
    ] == [(each.training_loss, each.training_accuracy) for each in (*VGG7.published, *VGG7_BN.published)]


def test_the_published_table_of_errors_adds_up() -> None:
    published = VGG7_BN.published[-1]
    assert {9: 18, 7: 18, 5: 15, 4: 14, 6: 14, 3: 8, 8: 8, 2: 7, 1: 2, 0: 2} == dict(published.errors_per_label)
    per_label = dict.fromkeys(range(10), 0)
    for predicted, label, images in published.errors_per_pair:
        assert predicted != label
        per_label[label] += images
    assert per_label == dict(published.errors_per_label)
    assert 106 == sum(per_label.values()) == round((1.0 - published.test["accuracy"]) * 10_000)
    assert ((9, 4, 10), (3, 5, 9), (1, 7, 7), (2, 7, 6), (7, 9, 6), (9, 7, 5)) == published.errors_per_pair[:6]
