"""`mnist-repro drift`: one table of all folders named, and what was left out of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mnist_repro.runs import run_json
from mnist_repro.runs.run import Run
from tests.builders.command_line import run as command
from tests.builders.made_up import wheel


def on(made: Run, keras: str = "3.15.1", finished: str = "") -> Run:
    told = {"machine": "x86_64", "tensorflow": "2.21.0", "keras": keras, "seconds": 1.0, "finished": finished}
    return replace(made, provenance=told)


def test_the_command_prints_the_table_of_all_folders_named(tmp_path: Path, data: str) -> None:
    for name, keras in (("old", "2.3.0-tf"), ("new", "3.15.1")):
        for seed, loss in enumerate((0.2698, 0.2702, 0.2712)):
            made = on(wheel(seed, loss, 0.927 + seed / 10_000), keras)
            run_json.write(made, tmp_path / name / f"seed-{seed}")

    ended = command("drift", tmp_path / "old", tmp_path / "new", "--data", data)

    assert (0, 2, 2) == (ended.code, ended.out.count("Keras 2.3  "), ended.out.count("Keras 3.15  "))


@pytest.mark.parametrize(("first", "last"), [("a", "b"), ("b", "a")])
def test_of_two_runs_of_one_seed_the_last_to_finish_is_in_the_table_and_the_other_is_named(
    tmp_path: Path, data: str, first: str, last: str
) -> None:
    run_json.write(on(wheel(0, 9.0, 0.1), finished="2026-01-02"), tmp_path / first)
    run_json.write(on(wheel(0, 0.27, 0.927), finished="2026-01-03"), tmp_path / last)

    ended = command("drift", tmp_path, "--data", data)

    assert (0, "") == (ended.code, ended.err)
    assert ("0.27000" in ended.out, "9.00000" in ended.out) == (True, False)
    assert f"superseded runs (a newer run of the same seed exists): 1 ({tmp_path / first})" in ended.out.splitlines()


def test_a_figure_that_is_not_reproduced_is_no_exit_code_and_the_help_says_so(tmp_path: Path, data: str) -> None:
    for seed, loss in enumerate((0.5, 0.501, 0.502)):
        run_json.write(on(wheel(seed, loss, 0.927 + seed / 10_000)), tmp_path / str(seed))

    ended = command("drift", tmp_path, "--data", data)

    assert (0, True) == (ended.code, "not reproduced" in ended.out)
    assert "The exit code is 0 even if a figure is not reproduced" in command("drift", "--help").out


def test_what_cannot_be_read_is_named_and_the_table_is_made_from_the_rest(tmp_path: Path, data: str) -> None:
    run_json.write(on(wheel(0, 0.27, 0.927)), tmp_path / "whole")
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "run.json").write_text("{", encoding="utf-8")

    ended = command("drift", tmp_path, tmp_path / "nowhere", "--data", data)

    assert (2, True) == (ended.code, "0.27000" in ended.out)
    assert [f"there is no {tmp_path}/nowhere", f"{tmp_path}/cut/run.json is not JSON"] == [
        line.partition("left out: ")[2].partition(":")[0] for line in ended.err.splitlines() if "left out: " in line
    ]
