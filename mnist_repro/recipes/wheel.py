"""RIKEN's WHEEL tutorial for Fugaku: softmax regression with RMSprop, trained and estimated as two components."""

from __future__ import annotations

from mnist_repro.recipes.layers import Dense
from mnist_repro.recipes.optimizers import RMSprop
from mnist_repro.recipes.recipe import Epochs, Published, Recipe, Scale, Source

WHEEL_SOFTMAX = Recipe(
    name="wheel-softmax",
    source=Source(
        title="WHEEL user guide, application tutorial: MNIST Data Analysis Workflow Using TensorFlow (RIKEN R-CCS)",
        environment="Fugaku, TensorFlow 2.2.0, one node",
    ),
    input_shape=(784,),
    layers=(Dense(10, "softmax"),),
    optimizer=RMSprop(learning_rate=1e-3, rho=0.9, epsilon=1e-7),
    batch_size=128,
    validation_images=0,
    full=Scale(60_000, 0, 10_000, Epochs(20), scored_after=(20,)),
    # 79 steps an epoch, the last with 16 images.
    subset=Scale(10_000, 0, 10_000, Epochs(3), scored_after=(3,)),
    published=(Published(after=20, test={"loss": 0.27075190788507464, "accuracy": 0.927}),),
    fingerprint_tolerance=2e-6,
)
