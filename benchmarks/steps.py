"""The steps of a softmax recipe, ours or in plain NumPy: the floor, float32 in one thread.

Both sides do the same work: they scale the images, draw the order of every epoch, train on every batch, and keep the
loss and the number of right images of each step. The last line that is printed is the time in seconds, without imports,
reading of data, and scoring: CPU time, for both sides run in one thread, and other processes disturb it less.

Examples:
  python benchmarks/steps.py ours
  python benchmarks/steps.py numpy --scale subset
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Tuple

if TYPE_CHECKING:
    import numpy as np

    from mnist_repro.data.dataset import Dataset
    from mnist_repro.recipes import Recipe
    from mnist_repro.recipes.recipe import Scale

CHECKOUT = Path(__file__).resolve().parents[1]
RECIPE = "wheel-softmax"
SEED = 0


def ours(recipe: Recipe, dataset: Dataset, scale: Scale) -> Tuple[np.ndarray, np.ndarray]:
    """Loss and number of right images of each step of our training."""
    import numpy as np

    from mnist_repro.training.model import Training, make_feed
    from mnist_repro.training.train import ordered_segments

    training = Training(recipe, SEED, True, make_feed(recipe, dataset, scale))
    segments = ordered_segments(recipe, scale, SEED)
    rows = zip(*(training.run(order, segment.first, segment.steps) for segment, order in segments))
    losses, rights = (np.concatenate(parts) for parts in rows)
    return losses, rights


def plain(recipe: Recipe, dataset: Dataset, scale: Scale) -> Tuple[np.ndarray, np.ndarray]:
    """The same in NumPy, for a recipe of one Dense layer and RMSprop."""
    import numpy as np

    from mnist_repro.recipes.layers import lay_out
    from mnist_repro.training.seeds import initial_weights
    from mnist_repro.training.train import ordered_segments

    ((kernel, bias),) = initial_weights(recipe.name, lay_out(recipe.layers, recipe.input_shape), SEED)
    rule = {name: np.float32(value) for name, value in vars(recipe.optimizer).items()}
    weights = [(kernel, np.zeros_like(kernel)), (bias, np.zeros_like(bias))]
    images = dataset.train_images[: scale.training_images].reshape(-1, len(kernel)) / np.float32(255)
    labels = dataset.train_labels[: scale.training_images]
    losses: List[float] = []
    rights: List[int] = []
    for segment, order in ordered_segments(recipe, scale, SEED):
        for step in range(segment.first, segment.first + segment.steps):
            chosen = order[step * recipe.batch_size : (step + 1) * recipe.batch_size]
            batch, truth, rows = images[chosen], labels[chosen], np.arange(len(chosen))
            logits = batch @ kernel + bias
            logits -= logits.max(axis=1, keepdims=True)
            rights.append(int(np.count_nonzero(logits.argmax(axis=1) == truth)))
            powers = np.exp(logits)
            totals = powers.sum(axis=1, keepdims=True)
            losses.append((np.log(totals[:, 0]) - logits[rows, truth]).mean())
            errors = powers / totals
            errors[rows, truth] -= 1
            errors /= np.float32(len(chosen))
            for (weight, square), gradient in zip(weights, (batch.T @ errors, errors.sum(axis=0))):
                square *= rule["rho"]
                square += (1 - rule["rho"]) * np.square(gradient)
                weight -= rule["learning_rate"] * gradient / (np.sqrt(square) + rule["epsilon"])
    return np.array(losses, np.float32), np.array(rights, np.int32)


SIDES: Dict[str, Callable[[Recipe, Dataset, Scale], Tuple[np.ndarray, np.ndarray]]] = {"ours": ours, "numpy": plain}


def main(arguments: Optional[List[str]] = None) -> None:
    """Train one side; print its last loss and the seconds that it took."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("side", choices=SIDES)
    made.add_argument("--scale", choices=("full", "subset"), default="full", help="(default: %(default)s)")
    parsed = made.parse_args(arguments)

    from mnist_repro.data.locate import load
    from mnist_repro.recipes import find
    from mnist_repro.training import framework

    recipe, dataset = find(RECIPE), load()
    if parsed.side == "ours":
        framework.tensorflow()
    started = time.process_time()
    losses, _ = SIDES[parsed.side](recipe, dataset, recipe.scale(parsed.scale))
    took = time.process_time() - started
    print(f"loss of step {len(losses)}: {losses[-1]}\n{took}")


if __name__ == "__main__":
    # Before NumPy is imported, whose BLAS reads them.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    # A script finds its own folder, not the checkout around it.
    sys.path.insert(0, str(CHECKOUT))
    main()
