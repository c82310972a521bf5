"""The scripts of `mnist-repro wheel --plain`, run by themselves on this TensorFlow, beside the recipe's own runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Dict

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.data.mnist import IDX_FILES, KEYS
from mnist_repro.gate.one_run import compare_with_one_run
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.harness.measurements import find_data
from mnist_repro.recipes import find
from mnist_repro.training.train import train
from tests.builders import command_line, mnist_files
from tests.builders.processes import PATIENCE

RECIPE = find("wheel-softmax")
SEEDS = {"subset": 10, "full": 5}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return find_data(None)[0]


def by_hand(folder: Path, dataset: Dataset, scale: str) -> Dict[str, float]:
    """Loss and accuracy that the two scripts print; one reads IDX files, the other mnist.npz."""
    arrays = mnist_files.arrays_of(dataset)
    for name, array in zip(IDX_FILES, arrays):
        # Those with labels are packed.
        mnist_files.write_idx(folder / (name if "images" in name else f"{name}.gz"), array)
    np.savez(str(folder / "mnist.npz"), **dict(zip(KEYS, arrays)))  # type: ignore[arg-type]
    train, estimate = (
        plain(folder, name, scale, data) for name, data in (("train", folder), ("estimate", folder / "mnist.npz"))
    )
    run(train, "train.py")
    # The link that WHEEL makes.
    (estimate / "param.hdf5").symlink_to(train / "param.hdf5")
    printed = run(estimate, "estimate.py")
    return {name: float(value) for name, value in re.findall(r"^Test (loss|accuracy): (\S+)$", printed, re.MULTILINE)}


def plain(folder: Path, component: str, scale: str, data: Path) -> Path:
    project = folder / f"{component}.wheel"
    assert 0 == command_line.run("wheel", project, "--plain", "--scale", scale, "--data", data).code
    return project / component


def run(folder: Path, script: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-I", script], cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert 0 == ended.returncode, ended.stderr
    return ended.stdout


def agrees_with_the_recipe(found: Dict[str, float], dataset: Dataset, scale: str) -> None:
    """Whether the recipe, with this TensorFlow's own arithmetic, gives the like."""
    runs = [
        train(RECIPE, dataset, seed, RECIPE.scale(scale), "framework").scores[-1].test for seed in range(SEEDS[scale])
    ]
    for name in ("loss", "accuracy"):
        ours = {seed: float(getattr(run, name)) for seed, run in enumerate(runs)}
        finding = compare_with_one_run(name, found[name], ours, ours, comparisons=2)
        assert finding.verdict in (Verdict.REPRODUCED, Verdict.INCONCLUSIVE), finding


def test_they_give_what_the_recipe_gives(tmp_path: Path, dataset: Dataset) -> None:
    agrees_with_the_recipe(by_hand(tmp_path, dataset, "subset"), dataset, "subset")
