"""Keras' own example mnist_cnn.py, as a blog ran it in 2019 for one epoch."""

from __future__ import annotations

from mnist_repro.recipes.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from mnist_repro.recipes.optimizers import Adadelta
from mnist_repro.recipes.recipe import Epochs, Published, Recipe, Scale, Source

KERAS_CNN = Recipe(
    name="keras-cnn",
    source=Source(
        title="Solving MNIST with a CNN in Keras (blog, 2019-04-19), running Keras' own example mnist_cnn.py",
        environment="Python 3.6.4",
        note="the example itself trains for 12 epochs; the blog calls the saved model mnist_cnn_model.h5",
    ),
    input_shape=(28, 28, 1),
    layers=(
        Conv2D(32, 3, "valid", "relu"),
        Conv2D(64, 3, "valid", "relu"),
        MaxPooling2D(),
        Dropout(0.25),
        Flatten(),
        Dense(128, "relu"),
        Dropout(0.5),
        Dense(10, "softmax"),
    ),
    optimizer=Adadelta(learning_rate=1.0, rho=0.95, epsilon=1e-7),
    batch_size=128,
    validation_images=0,
    full=Scale(60_000, 0, 10_000, Epochs(1), scored_after=(1,)),
    # 20 steps an epoch, the last with 68 images.
    subset=Scale(2_500, 0, 2_000, Epochs(2), scored_after=(2,)),
    published=(
        Published(
            after=1,
            test={"loss": 0.059171129403682424, "accuracy": 0.9812},
            training_loss=(0.2654,),
            training_accuracy=(0.9184,),
            first_predictions=(5, 0, 4, 1, 9, 2, 1, 3, 1, 4),
        ),
    ),
    fingerprint_tolerance=5e-6,
)
