"""What no run of ours holds is found, and named with what was found."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Optional

import pytest

from mnist_repro.runs.evaluation import Evaluation
from mnist_repro.runs.run import Run
from mnist_repro.runs.soundness import first_unsound
from tests.builders import made_up

FIRST, LAST = made_up.score(3, 0.125, 0.96, debiased=0.0625), made_up.score(10, 0.03125, 0.99)
HELD_OUT = made_up.evaluation(0.1, 0.97)
SOUND = replace(made_up.run("vgg7-bn", 4, FIRST, LAST), validation=HELD_OUT)
NO_PLATFORM = "provenance is without machine, TensorFlow or Keras"
PREDICTED = (9,) * 300


def held_out(**changes: Any) -> Run:
    return replace(SOUND, validation=replace(HELD_OUT, **changes))


def debiased(**changes: Any) -> Run:
    assert FIRST.test_debiased is not None
    return replace(SOUND, scores=(replace(FIRST, test_debiased=replace(FIRST.test_debiased, **changes)), LAST))


def provenance(**changes: Any) -> Run:
    return replace(SOUND, provenance={**SOUND.provenance, **changes})


LOST = made_up.score(10, math.nan, math.nan)


@pytest.mark.parametrize(
    ("run", "problem"),
    [
        (SOUND, None),
        # Figures that are not finite are results, and are judged as such.
        (replace(SOUND, scores=(LOST,), step_losses=(math.inf,)), None),
        (held_out(wrong_predictions=None), None),
        (replace(SOUND, recipe="gone", unit="step"), None),
        (replace(SOUND, seed=-1), "seed is -1"),
        (replace(SOUND, scale="huge"), "scale is huge"),
        (replace(SOUND, scale="x" * 200), f"scale is {'x' * 99}…"),
        (replace(SOUND, arithmetic="modern"), "arithmetic is modern"),
        (replace(SOUND, unit="step"), "unit is step"),
        (replace(SOUND, recipe="gone", unit="hour"), "unit is hour"),
        (replace(SOUND, dataset={}), "dataset is {}"),
        (replace(SOUND, dataset={"name": "mnist", "sha256": ""}), "dataset is {'name': 'mnist', 'sha256': ''}"),
        (replace(SOUND, counts={}), "counts is {}"),
        (replace(SOUND, scores=()), "number of scores is 0"),
        (replace(SOUND, scores=(LAST, FIRST)), "the order of the scores is [10, 3]"),
        (replace(SOUND, scores=(FIRST, LAST, LAST)), "the order of the scores is [3, 10, 10]"),
        (held_out(confusion=HELD_OUT.confusion[1:]), "a confusion is not ten rows of ten counts"),
        (held_out(confusion=((1,), *HELD_OUT.confusion[1:])), "a confusion is not ten rows of ten counts"),
        (held_out(confusion=((-1,) * 10, *HELD_OUT.confusion[1:])), "a confusion is not ten rows of ten counts"),
        (debiased(wrong_images=(3,)), "wrong images is more or fewer than the confusion"),
        (held_out(wrong_images=(-1, *range(299))), "wrong images is more or fewer than the confusion"),
        (held_out(wrong_predictions=PREDICTED[1:]), "wrong predictions is not those of the confusion"),
        (held_out(wrong_predictions=(*PREDICTED, 9)), "wrong predictions is not those of the confusion"),
        (held_out(wrong_predictions=(10, *PREDICTED[1:])), "wrong predictions is not those of the confusion"),
        (held_out(wrong_predictions=(4, *PREDICTED[1:])), "wrong predictions is not those of the confusion"),
        (replace(SOUND, provenance={}), NO_PLATFORM),
        (provenance(keras=""), NO_PLATFORM),
        (provenance(seconds=None), "time is None"),
        (provenance(seconds="nan"), "time is nan"),
        (provenance(seconds=-1.0), "time is -1.0"),
    ],
)
def test_the_first_thing_that_does_not_fit(run: Run, problem: Optional[str]) -> None:
    assert problem == first_unsound(run)


def test_images_of_one_label_may_all_be_wrong() -> None:
    confusion = [[0] * 10 for _ in range(10)]
    confusion[4][9] = 2
    all_wrong = Evaluation(1.0, 0.0, tuple(map(tuple, confusion)), (0, 1), (9, 9))

    assert first_unsound(replace(SOUND, validation=all_wrong)) is None
