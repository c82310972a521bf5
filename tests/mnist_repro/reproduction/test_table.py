"""Runs of several environments in one table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mnist_repro.gate.one_run import compare_with_one_run
from mnist_repro.reproduction import table as drift_table
from mnist_repro.runs.found import FoundRun, sort
from mnist_repro.runs.run import Run, platform_name
from tests.builders.made_up import score, wheel


def on(made: Run, tensorflow: str, keras: str) -> Run:
    return replace(made, provenance={"machine": "x86_64", "tensorflow": tensorflow, "keras": keras, "seconds": 1.0})


def test_runs_of_two_tensorflows_are_two_groups_and_those_of_one_are_one() -> None:
    runs = [on(wheel(seed, 0.27, 0.927), "2.2.0", "2.3.0-tf") for seed in (1, 0)]
    runs.append(on(wheel(0, 0.265, 0.928), "2.21.0", "3.15.1"))
    found = sort([FoundRun(Path(), run) for run in runs])

    groups = drift_table.judge([[each.run for each in together] for together in found.groups], dataset=None)

    assert [("x86_64, TensorFlow 2.2, Keras 2.3", [0, 1]), ("x86_64, TensorFlow 2.21, Keras 3.15", [0])] == [
        (platform_name(group.runs[0].provenance), [run.seed for run in group.runs]) for group in groups
    ]


def test_the_level_is_shared_out_among_all_figures_of_the_table() -> None:
    runs = [on(wheel(seed, 0.27 + seed / 1000, 0.927), "2.2.0", "2.3.0-tf") for seed in range(3)]
    more = [on(wheel(seed, 0.27 + seed / 1000, 0.927), "2.21.0", "3.15.1") for seed in range(3)]

    alone, among_more = (
        drift_table.judge(made, None)[0].comparisons[0].result.interval for made in ([runs], [runs, more])
    )

    two, four = (
        compare_with_one_run("loss", 0.27, {0: 0.27, 1: 0.271, 2: 0.272}, {}, count).interval for count in (2, 4)
    )
    assert (two, four) == (alone, among_more)


def test_each_published_figure_of_a_group_has_a_row_with_its_verdict_or_says_why_it_has_none() -> None:
    losses = (0.2640, 0.2641, 0.2642, 0.2643)
    runs = [on(wheel(seed, loss, 0.9270 + seed / 10_000), "2.21.0", "3.15.1") for seed, loss in enumerate(losses)]
    subset = replace(on(wheel(0, 0.4, 0.9), "2.21.0", "3.15.1"), scale="subset", scores=(score(3, 0.4, 0.9),))

    rows, [untested] = (drift_table.rows(drift_table.judge([made], dataset=None)) for made in (runs, [subset]))

    assert [("test loss after 20 epochs", "not reproduced"), ("test accuracy after 20 epochs", "reproduced")] == [
        (row[3], row[-1]) for row in rows
    ]
    assert "not tested: subset scale, mnist data" == untested[-1]
