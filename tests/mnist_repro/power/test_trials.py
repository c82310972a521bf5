from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Callable, Tuple
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
from tests.builders.refused import refused


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


# What no longer fits: a name that is gone, a field that is gone, an argument too few, and what the code crashes of.
UNFIT = """
from unittest import mock

from mnist_repro.training import arithmetic, batches as batching, framework, model, train as training
from mnist_repro.power.bugs import Bug, instead_of

def field_gone(*arguments):
    return model.Feed.no_such_field

def argument_gone():
    return 0

def batch_without_step(self, order):
    return order, order

def update_without_gradients(rule, weights):
    return argument_gone

def update_of_another_time():
    def nested():
        return 0
    return instead_of(arithmetic.original_update, lambda rule, weights: nested)

train_without_arguments = lambda: 0

def answer_of_another_type(*arguments):
    return None

def crash(*arguments):
    raise ValueError("nothing is left")

BUGS = (
    Bug("name", "…", ("tf-softmax",), lambda: instead_of(batching.no_such_name, crash)),
    Bug("function", "…", ("tf-softmax",), lambda: instead_of(crash, crash)),
    Bug("field", "…", ("tf-softmax",), lambda: instead_of(training.train, field_gone)),
    Bug("argument", "…", ("tf-softmax",), lambda: instead_of(training.train, argument_gone)),
    Bug("method", "…", ("tf-softmax",), lambda: mock.patch.object(model.Feed, "batch", batch_without_step)),
    Bug("returned", "…", ("tf-softmax",), lambda: instead_of(arithmetic.original_update, update_without_gradients)),
    Bug("nested", "…", ("tf-softmax",), update_of_another_time),
    Bug("lambda", "…", ("tf-softmax",), lambda: instead_of(training.train, train_without_arguments)),
    Bug("answer", "…", ("tf-softmax",), lambda: instead_of(framework.scorer, answer_of_another_type)),
    Bug("crash", "…", ("tf-softmax",), lambda: instead_of(training.train, crash)),
)
"""


def measure_apart(measured: Trial, data: str, bugs: Path) -> None:
    trials.measure_all([(measured, [Measurement("subset", 0)])], data, bugs, 1, len)


def measure_here(measured: Trial, data: str, bugs: Path) -> None:
    """Do what a process of `trials.measure_all` does, in this one, which has imported TensorFlow already."""
    parts = [Measurement("subset", 0)]
    trials._measure_job(
        {**asdict(measured), "folder": str(measured.folder), "data": data, "bugs": str(bugs), "parts": parts}
    )


@pytest.mark.parametrize(
    ("measure", "bug", "told"),
    [
        (measure_apart, "name", "'no_such_name'"),
        (measure_here, "function", "no module of mnist_repro has crash"),
        (measure_here, "field", "no_such_field"),
        (measure_here, "argument", "argument_gone() takes 0 positional arguments"),
        (measure_here, "method", "batch_without_step() takes 2 positional arguments"),
        (measure_here, "returned", "argument_gone() takes 0 positional arguments"),
        (measure_here, "nested", "nested() takes 0 positional arguments"),
        (measure_here, "lambda", "<lambda>() takes 0 positional arguments"),
    ],
)
def test_a_bug_that_does_not_fit_the_code_is_refused_and_nothing_is_kept(
    tmp_path: Path, data: str, measure: Callable[[Trial, str, Path], None], bug: str, told: str
) -> None:
    measured, file = unfit(tmp_path, bug)
    what, why, _ = refused(lambda: measure(measured, data, file))

    assert (f"the bug {bug} does not fit the code", True) == (what, told in why)
    assert [Measurement("subset", 0)] == measured.missing([Measurement("subset", 0)])


@pytest.mark.parametrize(
    ("bug", "told"),
    [
        ("crash", "ValueError: nothing is left"),
        # Our code calls None, which is no function of the bug's.
        ("answer", "TypeError: "),
    ],
)
def test_code_that_crashes_of_what_a_bug_does_or_answers_is_caught(
    tmp_path: Path, data: str, bug: str, told: str
) -> None:
    measured, file = unfit(tmp_path, bug)

    measure_here(measured, data, file)

    assert str(measured.crash([Measurement("subset", 0)])).startswith(told)


def unfit(tmp_path: Path, bug: str) -> Tuple[Trial, Path]:
    file = tmp_path / "bugs.py"
    file.write_text(UNFIT, encoding="utf-8")
    return Trial("tf-softmax", bug, tmp_path / "out"), file
