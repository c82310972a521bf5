"""What tests want is measured ahead of them, by real processes, side by side."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.harness.measurements import Measurements
from mnist_repro.runs.run_json import FILE, MODEL, WEIGHTS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("measured")


@pytest.fixture(scope="module")
def busy(data: str, folder: Path) -> Iterator[Measurements]:
    """A crew that makes two runs, of which the second cannot be made, while a test changes the environment."""
    seeds = folder / "tf-softmax" / "subset"
    seeds.mkdir(parents=True)
    (seeds / "seed-1").write_text("where the folder of a run should be")
    made = Measurements(folder, data, "original", processes=1, baselines=folder / "baselines")
    with pytest.MonkeyPatch.context() as environment:
        # No Python starts with that.
        environment.setenv("PYTHONHOME", str(folder / "nowhere"))
        made.begin([("tf-softmax", "subset")], 2)
        yield made
    made.stop()


def test_runs_are_made_once_more_can_be_had_and_one_that_fails_takes_no_other_along(
    busy: Measurements, folder: Path
) -> None:
    runs = busy.runs("tf-softmax", "subset", 1)

    assert [("tf-softmax", 0, "subset")] == [(run.recipe, run.seed, run.scale) for run in runs.made]
    assert runs.made == busy.runs("tf-softmax", "subset", 1).made
    with pytest.raises(BadInput, match=r"tf-softmax, seed 1: .*seed-1"):
        runs.make(2)
    kept = {path.name for path in (folder / "tf-softmax" / "subset" / "seed-0").iterdir()}
    assert FILE in kept
    assert not {WEIGHTS, MODEL} & kept


def test_what_tests_do_to_the_environment_does_not_reach_what_is_measured(busy: Measurements) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        subprocess.run([sys.executable, "-c", ""], check=True, stderr=subprocess.DEVNULL)

    assert 1 == len(busy.runs("tf-softmax", "subset", 1).made)
