"""Everything that depends on the version of Keras does the same on each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mnist_repro.errors import BadInput
from mnist_repro.recipes import find
from mnist_repro.recipes.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Weights, lay_out
from mnist_repro.training import framework
from mnist_repro.training.seeds import initial_weights
from tests.builders.refused import refused


@pytest.mark.parametrize(("said", "threads"), [("", 1), ("1", 1), ("2", 2), ("1024", 1024)])
def test_a_training_has_one_thread_unless_somebody_says_how_many(
    said: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_REPRO_THREADS", said)

    assert threads == framework.threads()


@pytest.mark.parametrize("said", ["0", "two", "-1", "1025", "²", "9" * 5000])
def test_threads_that_tensorflow_cannot_have_are_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_REPRO_THREADS", said)

    assert f"MNIST_REPRO_THREADS={said!r}" == refused(framework.threads)[0]


def test_without_tensorflow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BadInput, match="TensorFlow is not installed in this environment"):
        framework.require_tensorflow()


SMALL = replace(
    find("vgg7-bn"),
    input_shape=(28, 28, 1),
    layers=(Conv2D(2, 3, "valid", "relu"), BatchNormalization(), Dropout(0.5), Flatten(), Dense(10, "softmax")),
)


def some_weights() -> Weights:
    return initial_weights("vgg7-bn", lay_out(SMALL.layers, SMALL.input_shape), 3)


def test_weights_come_back_as_they_were_put_in_layers_without_weights_included() -> None:
    model = framework.build(SMALL)
    framework.set_weights(model, some_weights())
    back = framework.get_weights(model)

    assert [2, 4, 0, 0, 2] == [len(layer) for layer in back]
    assert [[array.tobytes() for array in layer] for layer in some_weights()] == [
        [array.tobytes() for array in layer] for layer in back
    ]


def test_logits_are_what_the_model_gives_before_its_softmax_however_many_images_there_are() -> None:
    model = framework.build(SMALL)
    framework.set_weights(model, some_weights())
    images = np.random.RandomState(0).randint(0, 256, (framework.SCORED_AT_ONCE + 3, 28, 28)).astype(np.uint8)
    logits = framework.scorer(model, SMALL.input_shape)(images)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))

    assert ((framework.SCORED_AT_ONCE + 3, 10), np.float32) == (logits.shape, logits.dtype)
    assert odds / odds.sum(axis=1, keepdims=True) == pytest.approx(
        model(images[..., None].astype(np.float32) / 255.0).numpy(), abs=1e-6
    )


def test_dropout_masks_belong_to_the_seed() -> None:
    images = np.ones((1, 28, 28, 1), np.float32)

    def dropped(seed: int) -> bytes:
        model = framework.build(SMALL, seed)
        framework.set_weights(model, some_weights())
        # In a graph, as in a training: outside, TensorFlow 2.2 goes on where the last model stopped.
        logits = framework.graph(lambda: framework.forward(model, framework.tensorflow().constant(images), True))()
        return bytes(logits.numpy().tobytes())

    assert dropped(1) == dropped(1)
    assert dropped(1) != dropped(2)
