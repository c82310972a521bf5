"""The benchmark's arithmetic and its table; how fast anything is, is not tested here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import List

import numpy as np
import pytest

from benchmarks import plugin, steps, suite
from benchmarks.many_shares import Life, most_in_a_second
from benchmarks.pairs import Command, ProcessError, Row, Times, measure, seconds, spread, table
from benchmarks.training import rows
from mnist_repro.data import locate
from mnist_repro.recipes import find
from mnist_repro.recipes.recipe import Epochs

SCRIPTS = Path(__file__).parents[2] / "benchmarks"
TIMES = Times(ours=(1.0, 2.0, 4.0), peer=(3.0, 3.0, 16.0))


def python(code: str, *leaves: str) -> Command:
    return Command(("-c", code), leaves)


def row(goal: float) -> Row:
    return Row("nap", python("1"), python("2"), goal, "in half the time")


def test_a_ratio_is_the_peers_time_over_ours_pair_by_pair() -> None:
    assert (3.0, 1.5, 4.0) == TIMES.ratios


@pytest.mark.parametrize(("goal", "met"), [(2.9, True), (3.0, True), (3.1, False)])
def test_the_median_ratio_decides_whether_a_goal_is_met(goal: float, met: bool) -> None:
    assert met == TIMES.meet(goal)


def test_a_spread_is_the_median_with_the_least_and_the_greatest_value() -> None:
    assert "2.00 (1.00–4.00)" == spread((4.0, 1.0, 2.0))


def test_the_table_shows_seconds_of_both_sides_the_ratio_and_the_goal() -> None:
    lines = table([(row(3.0), TIMES), (row(3.5), TIMES)]).splitlines()

    assert "nap: python -c 1 | python -c 2" in lines
    shown = "nap  3      2.00 (1.00–4.00)  3.00 (3.00–16.00)  3.00 (1.50–4.00)"
    assert [f"{shown}  3.00: in half the time  met", f"{shown}  3.50: in half the time  MISSED"] == lines[-2:]


def test_a_table_that_is_not_judged_says_so() -> None:
    assert table([(row(3.5), TIMES)], judged=False).endswith("not judged")


def test_without_a_slurm_the_row_says_so_and_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(plugin, "missing", lambda machine=None: "no slurmd here")

    assert 0 == plugin.main(["--only", "slurm"])
    assert re.search("on a real Slurm +not measured +no slurmd here", capsys.readouterr().out)


def test_the_two_sides_take_turns_and_ours_begins(tmp_path: Path) -> None:
    started = tmp_path / "started"
    ours, peer = (python(f"open({str(started)!r}, 'a').write('{side}')") for side in "AB")
    times = measure(Row("turns", ours, peer, 1.0, ""), 3, dict(os.environ))

    assert "ABABAB" == started.read_text()
    assert [3, 3] == [len(times.ours), len(times.peer)]


def test_a_process_is_timed_from_outside() -> None:
    assert seconds(python("import time; time.sleep(0.2)"), dict(os.environ)) >= 0.2


def test_a_process_that_fails_shows_its_last_words() -> None:
    with pytest.raises(ProcessError, match=r"exit code 3; its last words were:\n  out of paper"):
        seconds(python("import sys; print('out of paper'); sys.exit(3)"), dict(os.environ))


def test_a_process_that_leaves_less_than_it_must_is_no_measurement() -> None:
    with pytest.raises(ProcessError, match=r"left no second; exit code 0"):
        seconds(python("open('first', 'w').close()", "first", "second"), dict(os.environ))


def test_a_process_starts_in_the_folder_that_was_named(tmp_path: Path) -> None:
    seconds(Command(("-c", "open('here', 'w').close()"), folder=tmp_path), dict(os.environ))

    assert (tmp_path / "here").is_file()


@pytest.mark.parametrize(("tests", "verdict"), [(44.0, "met"), (44.1, "MISSED")])
def test_the_tests_take_at_most_22_imports_of_tensorflow(tests: float, verdict: str) -> None:
    text = suite.text(Times(ours=(40.0, tests, 60.0), peer=(2.0, 2.0, 2.0)))

    assert f"ratio: {tests / 2:.2f} (20.00–30.00), goal: at most 22: {verdict}" == text.splitlines()[-1]


@pytest.mark.parametrize(
    ("tensorflow", "one", "ten"), [((2, 2), 2.3, 1.4), ((2, 15), 2.3, 1.4), ((2, 16), 4.2, 0.65), ((3, 0), 4.2, 0.65)]
)
def test_more_is_asked_where_keras_3_is_the_tutorials(tensorflow: tuple[int, int], one: float, ten: float) -> None:
    goals = {row.name: row.goal for row in rows(tensorflow, Path("mnist.npz"), "full")}
    same = {"steps": 1 / 1.15, "two-keras-cnn": 1.0, "two-vgg7": 1.0, "help": 1 / 3}

    assert {"one-run": one, "ten-seeds": 1 / ten, **same} == goals


def test_a_process_that_times_itself_says_so_in_its_last_line() -> None:
    assert 0.25 == seconds(Command(("-c", "print(7); print(0.25)"), times_itself=True), dict(os.environ))


def test_the_floor_trains_the_same_steps_as_the_recipe() -> None:
    recipe, dataset = find(steps.RECIPE), locate.load()
    two_epochs = replace(recipe.full, budget=Epochs(2), scored_after=(2,))
    ours, floor = steps.ours(recipe, dataset, two_epochs), steps.plain(recipe, dataset, two_epochs)

    assert (60_000, 128, Epochs(20)) == (recipe.full.training_images, recipe.batch_size, recipe.full.budget)
    assert 2 * 469 == len(ours[0])
    np.testing.assert_allclose(floor[0], ours[0], rtol=0, atol=2e-6)
    np.testing.assert_array_equal(floor[1], ours[1])


@pytest.mark.parametrize("script", ["steps.py", "suite.py", "training.py", "tutorial.py"])
def test_each_script_helps_from_anywhere(script: str, tmp_path: Path) -> None:
    assert "usage:" in said([str(SCRIPTS / script), "--help"], tmp_path)


def said(arguments: List[str], folder: Path) -> str:
    isolated = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run([sys.executable, *arguments], cwd=folder, env=isolated, stdout=subprocess.PIPE, check=True)
    return ended.stdout.decode()


def test_the_most_in_a_second_is_that_of_any_second() -> None:
    assert 3 == most_in_a_second([(0.0, 0), (0.0, 1), (0.5, 3), (1.0, 4), (1.5, 5), (9.0, 5)])


def test_a_whole_session_needs_at_most_fifty_file_operations_a_second(
    tmp_path: Path,
) -> None:
    life = Life(tmp_path, shares=6, count=True)

    life.run()

    most = {name: part["most"] for name, part in life.parts.items() if name != "start"}
    assert ["followed", "resumed", "pjm show"] == list(most)
    assert 30 <= max(most.values()) <= 50
