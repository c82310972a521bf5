"""The classifier must be no worse than when its baseline was recorded."""

from __future__ import annotations

from digits import TEST_IMAGES, train

from mnist_repro.gate import higher, lower


def test_accuracy_and_loss(gate) -> None:
    gate.check(
        "digits-sgd",
        train,
        metrics={"accuracy": higher(margin=0.015, reason="nine of the 600 digits"), "loss": lower()},
        data=TEST_IMAGES,
    )
