from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Callable, Tuple

import pytest

from mnist_repro.power import trial_worker as power_worker
from mnist_repro.power import trials
from mnist_repro.power.trials import Measurement, Trial
from tests.builders.refused import refused

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
    power_worker._measure_all(
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
