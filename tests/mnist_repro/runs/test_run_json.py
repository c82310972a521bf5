"""run.json: what is written is what is read, and what is no whole run is refused."""

from __future__ import annotations

import errno
import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple

import pytest

from mnist_repro.runs import run_json
from mnist_repro.runs.evaluation import Evaluation
from mnist_repro.runs.log import Line
from mnist_repro.runs.run import Run
from mnist_repro.runs.run_json import first_unsound
from tests.builders import made_up
from tests.builders.refused import refused

AGAIN = "move FILE away, then train it again: mnist-repro train RECIPE --out DIR"
MAKE = "mnist-repro train RECIPE --out DIR"
FIELDS = "a run of schema 1 has every field of docs/reference"


@pytest.fixture
def made() -> Run:
    scores = (made_up.score(3, 0.125, 0.96, debiased=0.0625), made_up.score(10, 0.03125, 0.99))
    return replace(
        made_up.run("vgg7-bn", 4, *scores), validation=made_up.evaluation(0.1, 0.97), step_losses=(2.302585, 2.25)
    )


def refusal(path: Path) -> Tuple[str, str, str]:
    file = path / run_json.FILE if path.is_dir() else path
    return refused(lambda: run_json.read(path), FILE=file, DIR=file.parent)


def edited(folder: Path, made: Run, edit: Callable[[Dict[str, Any]], object]) -> Path:
    """A folder with a run.json that somebody has edited."""
    run_json.write(made, folder)
    fields = json.loads((folder / run_json.FILE).read_text(encoding="utf-8"))
    edit(fields)
    (folder / run_json.FILE).write_text(json.dumps(fields), encoding="utf-8")
    return folder


def test_a_run_reads_as_it_was_written(made: Run, tmp_path: Path) -> None:
    run_json.write(made, tmp_path)

    assert made == run_json.read(tmp_path)
    assert made == run_json.read(tmp_path / run_json.FILE)


def test_a_run_made_before_predictions_were_stored_still_reads(made: Run, tmp_path: Path) -> None:
    older = replace(made, scores=made.scores[1:], validation=None)
    edited(tmp_path, older, lambda fields: fields["scores"][0]["test"].pop("wrong_predictions"))
    [score] = older.scores

    expected = replace(older, scores=(replace(score, test=replace(score.test, wrong_predictions=None)),))
    assert expected == run_json.read(tmp_path)


def test_a_run_of_the_first_commit_still_reads() -> None:
    # Made by `reproduce wheel-softmax --scale subset --seeds 1` of commit 8847a7a; the folder of its data is renamed.
    run = run_json.read(Path(__file__).with_name("run_of_commit_8847a7a.json"))

    assert ("wheel-softmax", 0, "subset", "0.1.0") == (run.recipe, run.seed, run.scale, run.provenance["mnist_repro"])
    assert "x86_64, TensorFlow 2.21, Keras 3.15" == run.provenance["platform"]
    [last] = run.scores
    assert (3, 0.43842677508232447, 0.8877, 8877, 1123) == (
        last.after,
        last.test.loss,
        last.test.accuracy,
        last.test.right,
        last.test.wrong,
    )
    assert (None, 100) == (last.test.wrong_predictions, len(run.step_losses))


def test_every_float_keeps_its_last_bit(made: Run, tmp_path: Path) -> None:
    figures = (0.1, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, 0.27075190788507464)
    run_json.write(replace(made, step_losses=figures), tmp_path)

    assert figures == run_json.read(tmp_path).step_losses


def test_figures_that_are_not_finite_survive(made: Run, tmp_path: Path) -> None:
    diverged = replace(
        made,
        scores=(made_up.score(3, math.nan, 0.098), made_up.score(10, math.inf, 0.098)),
        log=(Line(after=3, loss=math.nan, accuracy=0.1, test_loss=-math.inf),),
        step_losses=(2.5, math.inf, math.nan),
    )
    run_json.write(diverged, tmp_path)
    found = run_json.read(tmp_path)

    assert repr(diverged) == repr(found)  # NaN is not equal to itself, but written alike


def test_the_file_is_strict_json_with_a_schema_number_and_counts(made: Run, tmp_path: Path) -> None:
    run_json.write(replace(made, step_losses=(math.nan,)), tmp_path)

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    fields = json.loads((tmp_path / run_json.FILE).read_text(encoding="utf-8"), parse_constant=refuse)
    assert (1, "vgg7-bn", ["nan"]) == (fields["schema"], fields["recipe"], fields["step_losses"])
    assert (9_900, 100) == (fields["scores"][1]["test"]["right"], fields["scores"][1]["test"]["wrong"])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, os.strerror(errno.ENOENT)),
        (Path.mkdir, "it is not a regular file"),
        (os.mkfifo, "it is not a regular file"),
    ],
)
def test_a_file_that_is_missing_or_none(make: Callable[[Path], object], said: str, tmp_path: Path) -> None:
    make(tmp_path / run_json.FILE)

    what, _, fix = refusal(tmp_path)
    assert (f"cannot read FILE: {said}", MAKE) == (what, fix)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no /proc: no file that root may open and not read")
def test_unreadable() -> None:
    assert f"cannot read FILE: {os.strerror(errno.EIO)}" == refusal(Path("/proc/self/mem"))[0]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"schema": 1, "scores": [{"after": 3, ',
        b'{"schema": "\xff"}',
        b'{"schema": "\0"}',
        b"[" * 200_000,
        b"[" * 200_000 + b"]" * 200_000,
    ],
    ids=["empty", "truncated", "not UTF-8", "NUL", "brackets without end", "brackets"],
)
def test_what_is_not_json(content: bytes, tmp_path: Path) -> None:
    (tmp_path / run_json.FILE).write_bytes(content)

    what, why, fix = refusal(tmp_path)
    # Python's own words follow the why.
    assert ("FILE is not JSON", AGAIN) == (what, fix)
    assert why.startswith("it may have been cut short or edited: ")


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        *((lambda fields, name=name: fields.pop(name), name) for name in Run.__dataclass_fields__),
        (lambda fields: fields.update(step_losses=["much"]), "'much' is not a number"),
        (lambda fields: fields.update(step_losses=[None]), "None is not a number"),
        (lambda fields: fields.update(step_losses=[True]), "True is not a number"),
        (lambda fields: fields["scores"][0].update(test=None), "a score without test images"),
        (lambda fields: fields["scores"][0]["test"].pop("loss"), "'loss'"),
        (lambda fields: fields.update(scores=3), ""),
        (lambda fields: fields.update(dataset=[]), ""),
        (lambda fields: fields.update(seed=1e400), ""),
        (lambda fields: fields.update(seed=math.nan), ""),
        (lambda fields: fields["counts"].update(images=math.nan), ""),
        (lambda fields: fields.update(step_losses=[10**400]), ""),
        (lambda fields: fields.update(dataset=None), ""),
    ],
)
def test_fields_that_are_missing_or_make_no_sense(
    edit: Callable[[Dict[str, Any]], object], problem: str, made: Run, tmp_path: Path
) -> None:
    what, why, fix = refusal(edited(tmp_path, made, edit))

    assert ("FILE is not a whole run", AGAIN, FIELDS) == (what, fix, why[: len(FIELDS)])
    assert problem in why[len(FIELDS) :]


@pytest.mark.parametrize("value", [*("[" * depth + "]" * depth for depth in (400, 700, 900, 5_000)), "9" * 5_000])
def test_a_field_that_is_too_deep_or_too_long(value: str, made: Run, tmp_path: Path) -> None:
    for field in ("dataset", "counts", "provenance"):
        run_json.write(replace(made, **{field: {"seconds": "DEEP"}}), tmp_path)  # type: ignore[arg-type]  # damaged
        file = tmp_path / run_json.FILE
        file.write_text(file.read_text(encoding="utf-8").replace('"DEEP"', value), encoding="utf-8")

        # What is too deep or too long for JSON is not the same for each Python.
        assert refusal(tmp_path)[0].startswith(
            ("FILE is not JSON", "FILE is not a whole run", "FILE is not a sound run: ")
        )


def test_what_no_run_of_ours_holds(made: Run, tmp_path: Path) -> None:
    found = refusal(edited(tmp_path, made, lambda fields: fields.update(seed=-1)))

    assert "FILE is not a sound run: seed is -1" == found[0]
    assert AGAIN.replace("RECIPE", "vgg7-bn") == found[2]
    found = refusal(edited(tmp_path, made, lambda fields: fields.update(seed=-1, recipe="x; rm -r ~")))
    assert AGAIN == found[2]


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
