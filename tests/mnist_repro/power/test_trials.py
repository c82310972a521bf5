from __future__ import annotations

from pathlib import Path
from typing import Callable
from unittest import mock

import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.power import table as power
from mnist_repro.power import trials
from mnist_repro.power.trials import Measurement, Trial
from mnist_repro.runs.found import find_runs
from mnist_repro.runs.problems import Problems
from mnist_repro.training import framework
from tests.builders import made_up_baselines as made
from tests.builders.made_up_trials import EXACT, LOSSES, WHEEL, stored, trial


def test_a_trial_is_no_run_to_those_who_look_for_runs(tmp_path: Path) -> None:
    measured = trial(tmp_path / "runs")

    assert 5 == len(measured.runs("subset", range(5)))
    with pytest.raises(BadInput, match=r"no run\.json in"):
        find_runs([measured.folder], Problems())


def test_only_what_is_missing_is_measured(tmp_path: Path) -> None:
    measured = trial(tmp_path / "some")

    wanted = [Measurement("fingerprint"), *power.parts(measured, stored(), "subset", 7), Measurement("full", 0)]
    assert [Measurement("subset", 5), Measurement("subset", 6), Measurement("full", 0)] == measured.missing(wanted)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    measured = trial(tmp_path / "kept")

    taken = measured.fingerprint()
    assert (EXACT, LOSSES, "mnist") == (taken.exact, taken.losses, taken.dataset)
    assert made.runs((0.0488, 0.0504, 0.0517)) == measured.runs("subset", range(3))


def measured_with(error: Exception, folder: Path, dataset: Dataset) -> Trial:
    """The trial of a seed whose training raises this error."""
    with mock.patch("mnist_repro.training.train.train", side_effect=error):
        trials.measure(folder, WHEEL, dataset, Measurement("subset", 1))
    return Trial(WHEEL.name, None, folder)


def test_code_that_crashes_leaves_what_it_died_of(tmp_path: Path, dataset: Dataset) -> None:
    measured = measured_with(ValueError("the gradients are gone"), tmp_path, dataset)

    assert [] == measured.missing([Measurement("subset", 1)])
    assert "ValueError: the gradients are gone" == measured.crash([Measurement("subset", 0), Measurement("subset", 1)])


@pytest.mark.parametrize(
    "make",
    [
        lambda: BadInput("cannot write x: No space left on device", "…", "…"),
        lambda: OSError(28, "No space left on device"),
        lambda: MemoryError(),
        lambda: framework.tensorflow().errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"),
    ],
    ids=["bad input", "full disk", "no memory", "no memory for a tensor"],
)
def test_what_says_nothing_about_the_code_is_not_kept(
    tmp_path: Path, dataset: Dataset, make: Callable[[], Exception]
) -> None:
    error = make()
    with pytest.raises(type(error)) as raised:
        measured_with(error, tmp_path, dataset)

    wanted, measured = [Measurement("subset", 1)], Trial(WHEEL.name, None, tmp_path)
    assert error is raised.value
    assert (wanted, None) == (measured.missing(wanted), measured.crash(wanted))
