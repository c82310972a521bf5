"""TensorFlow 1's two MNIST tutorials, for beginners and for experts, as a cloud service's manual reprinted them."""

from __future__ import annotations

from mnist_repro.recipes.layers import Constant, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, TruncatedNormal
from mnist_repro.recipes.optimizers import Adam, GradientDescent
from mnist_repro.recipes.recipe import Published, Recipe, Scale, Source, Steps

_NOISE = TruncatedNormal(0.1)
_BIAS = Constant(0.1)
_ZERO = Constant(0.0)

TF_SOFTMAX = Recipe(
    name="tf-softmax",
    source=Source(
        title="TensorFlow MNIST examples (cloud service manual after TensorFlow's beginners' tutorial)",
        environment="TensorFlow 1, Python 2",
        note="the text adds that accuracy differs a little from run to run",
    ),
    input_shape=(784,),
    layers=(Dense(10, "softmax", kernel=_ZERO, bias=_ZERO),),
    optimizer=GradientDescent(0.5),
    batch_size=100,
    validation_images=5_000,
    full=Scale(55_000, 5_000, 10_000, Steps(1_000), scored_after=(1_000,)),
    # 81 steps an epoch, the last with 30 images.
    subset=Scale(8_030, 1_000, 10_000, Steps(200), scored_after=(200,)),
    published=(
        Published(after=1_000, test={"accuracy": 0.915}, also_printed={"accuracy": 0.9163}, right=9150, wrong=850),
    ),
    fingerprint_tolerance=2e-6,
)

TF_CNN = Recipe(
    name="tf-cnn",
    source=Source(
        title="TensorFlow MNIST examples (cloud service manual after TensorFlow's experts' tutorial)",
        environment="TensorFlow 1, Python 2",
    ),
    input_shape=(28, 28, 1),
    layers=(
        Conv2D(32, 5, "same", "relu", _NOISE, _BIAS),
        MaxPooling2D("same"),
        Conv2D(64, 5, "same", "relu", _NOISE, _BIAS),
        MaxPooling2D("same"),
        Flatten(),
        Dense(1024, "relu", _NOISE, _BIAS),
        Dropout(0.5),
        Dense(10, "softmax", _NOISE, _BIAS),
    ),
    # TensorFlow 1's default epsilon.
    optimizer=Adam(learning_rate=1e-4, beta_1=0.9, beta_2=0.999, epsilon=1e-8),
    batch_size=100,
    validation_images=5_000,
    full=Scale(55_000, 5_000, 10_000, Steps(2_000), scored_after=(2_000,)),
    # 20 steps an epoch, the last with 50 images.
    subset=Scale(1_950, 500, 2_000, Steps(60, report_every=20), scored_after=(60,)),
    published=(
        Published(
            after=2_000,
            test={"accuracy": 0.9795},
            batch_accuracy=(
                *(0.17, 0.81, 0.93, 0.89, 0.92, 0.95, 0.99, 0.98, 0.93, 0.94),
                *(0.97, 0.95, 0.97, 0.99, 0.95, 0.98, 0.97, 0.96, 0.98, 0.97),
            ),
        ),
    ),
    fingerprint_tolerance=5e-6,
)
