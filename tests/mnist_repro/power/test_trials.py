from __future__ import annotations

from pathlib import Path
from typing import Callable

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

    assert 3 == len(measured.runs("subset", range(3)))
    with pytest.raises(BadInput, match=r"no run\.json in"):
        find_runs([measured.folder], Problems())


def test_only_what_is_missing_is_measured(tmp_path: Path) -> None:
    measured = trial(tmp_path / "some")

    wanted = [Measurement("fingerprint"), *power.parts(measured, stored(), "subset", 5), Measurement("full", 0)]
    assert [Measurement("subset", 3), Measurement("subset", 4), Measurement("full", 0)] == measured.missing(wanted)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    measured = trial(tmp_path / "kept")

    taken = measured.fingerprint()
    assert (EXACT, LOSSES, "mnist") == (taken.exact, taken.losses, taken.dataset)
    assert made.runs((0.0488, 0.0504, 0.0517)) == measured.runs("subset", range(3))


def test_code_that_crashes_leaves_what_it_died_of(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnist_repro.training import train as training

    def broken(*arguments: object) -> None:
        raise ValueError("the gradients are gone")

    monkeypatch.setattr(training, "train", broken)

    trials.measure(tmp_path, WHEEL, dataset, Measurement("subset", 1))

    measured = Trial(WHEEL.name, None, tmp_path)
    assert [] == measured.missing([Measurement("subset", 1)])
    assert "ValueError: the gradients are gone" == measured.crash([Measurement("subset", 0), Measurement("subset", 1)])


def of_tensorflow() -> Exception:
    error = framework.tensorflow().errors.ResourceExhaustedError
    return error(None, None, "OOM when allocating tensor")  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "make",
    [
        lambda: BadInput("cannot write x: No space left on device", "…", "…"),
        lambda: OSError(28, "No space left on device"),
        lambda: MemoryError(),
        of_tensorflow,
    ],
    ids=["bad input", "full disk", "no memory", "no memory for a tensor"],
)
def test_what_says_nothing_about_the_code_is_not_kept(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Exception]
) -> None:
    from mnist_repro.training import train as training

    error = make()

    def broken(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(training, "train", broken)

    with pytest.raises(type(error)) as raised:
        trials.measure(tmp_path, WHEEL, dataset, Measurement("subset", 1))

    measured = Trial(WHEEL.name, None, tmp_path)
    assert error is raised.value
    assert ([Measurement("subset", 1)], None) == (
        measured.missing([Measurement("subset", 1)]),
        measured.crash([Measurement("subset", 1)]),
    )
