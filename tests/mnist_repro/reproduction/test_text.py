"""What `reproduce` prints and writes of a session that never was."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Tuple

from pytest_regressions.file_regression import FileRegressionFixture

from mnist_repro.recipes import find
from mnist_repro.recipes.published import published_figures
from mnist_repro.reproduction import judgement as reproduction
from mnist_repro.reproduction.drift import NONE, NOT_RECOGNISED, Drift
from mnist_repro.reproduction.judgement import RecipeResult, Result
from mnist_repro.reproduction.text import as_json, as_text, summary
from mnist_repro.runs.log import Line
from mnist_repro.runs.run import Run
from tests.builders import made_up

AGREES = Drift(NONE, "", "the first 100 step losses agree")
UNKNOWN = Drift(NOT_RECOGNISED, "", "nothing to hold it against")
MANY = made_up.wheels(
    *((0.2697 + 0.0004 * away, 0.9274 + 0.0002 * away) for away in (-4, -3, -2, -1, 0, 0, 1, 2, 3, 4))
)
WHEELS = made_up.wheels((0.2691, 0.9269), (0.2702, 0.9279), (0.2689, 0.9277))


def keras_cnn(seed: int, loss: float, accuracy: float, training: Line) -> Run:
    made = made_up.run("keras-cnn", seed, made_up.score(1, loss, accuracy))
    return replace(
        made,
        log=(training,),
        first_predictions=(5, 0, 4, 1, 9, 2, 1, 3, 1, 4 + seed),
        counts={**made.counts, "parameters": 1_199_882},
    )


def result_of(name: str, runs: Tuple[Run, ...], seeds: int, drift: Drift, comparisons: int = 0) -> RecipeResult:
    """A recipe's part of a result, its figures compared if ``comparisons`` are made in all."""
    figures = published_figures(find(name)) if comparisons else ()
    compared = reproduction.compare(figures, runs, comparisons)
    word = reproduction.verdict(compared, seeds - len(runs))
    return RecipeResult(find(name), runs, seeds, compared, drift, word)


def test_published_and_measured_side_by_side(file_regression: FileRegressionFixture) -> None:
    cnn = (
        keras_cnn(0, 0.0561, 0.9822, Line(after=1, loss=0.25, accuracy=0.92)),
        keras_cnn(1, 0.0562, 0.9821, Line(after=1, loss=0.26, accuracy=0.93)),
    )
    result = Result(
        (
            result_of("wheel-softmax", MANY, 10, AGREES, comparisons=4),
            result_of("keras-cnn", cnn, 3, UNKNOWN, comparisons=4),
        ),
        "mnist",
        4,
    )

    file_regression.check(as_text(result, "full", "original"), encoding="utf-8")


def test_one_table_sums_up_all_recipes() -> None:
    inside = Drift("epsilon inside the root", "as Keras 3 divides", "the losses say so")
    runs = made_up.wheels((0.2646, 0.9269), (0.2647, 0.9279), (0.2646, 0.9277))
    results = (
        result_of("wheel-softmax", runs, 3, inside, comparisons=2),
        result_of("wheel-softmax", MANY, 10, UNKNOWN, comparisons=2),
        result_of("vgg7", (), 3, UNKNOWN),
    )

    assert [
        "recipe            seeds         verdict                    drift  does not pass",
        "wheel-softmax    3 of 3  not reproduced  epsilon inside the root  "
        "test loss after 20 epochs, test accuracy after 20 epochs",
        "wheel-softmax  10 of 10      reproduced",
        "vgg7             0 of 3          failed           not recognised",
    ] == summary(Result(results, "mnist", 2)).splitlines()


def test_nothing_published_can_be_tested_at_the_subset_scale(file_regression: FileRegressionFixture) -> None:
    runs = tuple(replace(run, scale="subset") for run in WHEELS[:1])
    result = Result((result_of("wheel-softmax", runs, 1, AGREES),), "mnist", 0)

    file_regression.check(as_text(result, "subset", "framework"), encoding="utf-8")


def test_what_is_missing_is_not_said_to_be_there() -> None:
    result = Result((result_of("vgg7", (), 3, UNKNOWN), result_of("wheel-softmax", WHEELS, 3, AGREES)), "surrogate", 0)
    first, *_, last = as_text(result, "full", "original").split("\n\n")

    assert (
        "vgg7: FAILED\n"
        "  Hello World of machine learning: an MNIST classifier in Keras (blog, 2018-03-25)\n"
        "  full scale, original arithmetic, 0 of 3 seeds\n"
        "  drift: not recognised: nothing to hold it against"
    ) == first
    assert (
        "NOTHING PUBLISHED WAS TESTED: that cannot be done on surrogate data. 3 runs could not be made.\n"
        "No stored runs to judge by: wheel-softmax. Name their folder with --baselines DIR, "
        "or record them: mnist-repro baseline record wheel-softmax --rung full --data surrogate"
    ) == last


def test_what_to_record_names_the_folder_that_was_looked_into() -> None:
    result = Result((result_of("wheel-softmax", WHEELS, 3, AGREES),), "surrogate", 0)

    assert as_text(result, "full", "original", Path("kept here")).endswith(" --data surrogate --baselines 'kept here'")


def test_runs_on_data_without_a_name_are_not_to_be_recorded() -> None:
    result = Result((result_of("wheel-softmax", WHEELS, 3, AGREES),), "unrecognised", 0)

    assert as_text(result, "full", "original").endswith(
        "No stored runs to judge by: wheel-softmax. "
        "Only runs on MNIST and on the surrogate are stored: --data mnist, or --data surrogate."
    )


def test_the_curve_of_batch_accuracies_is_a_mean_over_the_seeds() -> None:
    made = made_up.run("tf-cnn", 0, made_up.score(2000, 0.08, 0.979), unit="step")
    lines = [Line(after=100 * at, batch_accuracy=at / 100) for at in range(21)]
    runs = (made_up.with_log(made, *lines), made_up.with_log(replace(made, seed=1), *lines))
    text = as_text(Result((result_of("tf-cnn", runs, 2, UNKNOWN, comparisons=1),), "mnist", 1), "full", "original")
    at = text.splitlines().index("  accuracy on the batch about to be trained on, every 100 steps from step 0")
    published, measured = text.splitlines()[at + 1 : at + 3]

    assert "    published 0.1700 0.8100 0.9300 0.8900 0.9200" == published[:48]
    # As many as were published, the last line of the log left out.
    assert "    measured  " + " ".join(f"{at / 100:.4f}" for at in range(20)) == measured


def test_runs_that_diverged_are_shown_as_they_are() -> None:
    runs = (*WHEELS[:2], made_up.wheel(2, math.nan, 0.098))
    text = as_text(
        Result((result_of("wheel-softmax", runs, 3, AGREES, comparisons=2),), "mnist", 2), "full", "original"
    )

    assert text.startswith("wheel-softmax: INCOMPARABLE\n")
    assert "  seed 2: after 20 epochs loss nan, accuracy 0.0980" in text.splitlines()
    assert [["test", "loss", "after", "20", "epochs", "0.27075", "–", "–", "unknown", "incomparable"]] == [
        line.split() for line in text.splitlines() if line.startswith("  test loss after 20 epochs  ")
    ]


def fields_of(result: Result) -> Dict[str, Any]:
    """The JSON of a result, read as strictly as any reader might."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    fields: Dict[str, Any] = json.loads(as_json(result, "original"), parse_constant=refuse)
    return fields


def test_the_json_has_what_the_issue_asks_for() -> None:
    fields = fields_of(Result((result_of("wheel-softmax", MANY, 10, AGREES, comparisons=2),), "mnist", 2))
    recipe = fields["recipes"]["wheel-softmax"]

    assert (1, "mnist", "original") == tuple(fields[name] for name in ("schema", "dataset", "arithmetic"))
    assert {"kind": "none", "text": "none: the first 100 step losses agree"} == recipe["drift"]
    assert "reproduced" == recipe["verdict"]
    assert [(run.seed, run.scores[-1].test.loss, run.scores[-1].test.accuracy) for run in MANY] == [
        (seed["seed"], seed["test_loss"], seed["test_accuracy"]) for seed in recipe["seeds"]
    ]
    loss = recipe["figures"][0]
    assert loss["interval"][0] < loss["published"] < loss["interval"][1]
    assert loss["mean"] + loss["matters"] > loss["published"]
    assert (True, None) == ("is excluded" in loss["reason"], loss["seeds_needed"])
    assert [("test_loss", 20, "epoch", 0.27075190788507464), ("test_accuracy", 20, "epoch", 0.927)] == [
        (figure["metric"], figure["after"], figure["unit"], figure["published"]) for figure in recipe["figures"]
    ]


def test_the_json_of_failures_has_words_where_there_are_no_numbers() -> None:
    diverged = (made_up.wheel(0, math.nan, 0.098), made_up.wheel(1, math.inf, 0.098))
    result = Result(
        (
            result_of("wheel-softmax", diverged, 2, AGREES, comparisons=6),
            result_of("vgg7", (), 2, UNKNOWN, comparisons=6),
        ),
        "mnist",
        6,
    )
    recipes = fields_of(result)["recipes"]

    assert ["nan", "inf"] == [seed["test_loss"] for seed in recipes["wheel-softmax"]["seeds"]]
    assert ("nan", None, "incomparable") == tuple(
        recipes["wheel-softmax"]["figures"][0][name] for name in ("sd", "interval", "verdict")
    )
    assert ("failed", [], [None] * 4) == (
        recipes["vgg7"]["verdict"],
        recipes["vgg7"]["seeds"],
        [figure["mean"] for figure in recipes["vgg7"]["figures"]],
    )
