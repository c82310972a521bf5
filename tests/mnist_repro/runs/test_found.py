"""Runs are found at any depth, what is none is left out, and runs that belong together are put together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import List, Tuple

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.runs import run_json
from mnist_repro.runs.found import FoundRun, find_runs, read_sound, sort
from mnist_repro.runs.problems import Problems
from mnist_repro.runs.run import Run
from tests.builders.made_up import run, score, wheel


def write(folder: Path, made: Run) -> Path:
    run_json.write(made, folder)
    return folder


def test_runs_are_found_in_folders_and_as_files_and_through_links_each_once(tmp_path: Path) -> None:
    first = write(tmp_path / "runs" / "deeper" / "first", wheel(0, 0.27, 0.927))
    second = write(tmp_path / "second", wheel(1, 0.27, 0.927))
    (tmp_path / "link").symlink_to("runs")
    problems = Problems()
    found = find_runs(
        [tmp_path / "runs", second / "run.json", tmp_path / "link" / "deeper", tmp_path / "second"], problems
    )

    assert [(first, 0), (second, 1)] == [(each.folder, each.run.seed) for each in found]
    assert [] == problems.found


def test_what_cannot_be_read_is_a_problem_and_the_rest_is_found(tmp_path: Path) -> None:
    whole = write(tmp_path / "d", wheel(0, 0.27, 0.927))
    cut, unknown = (tmp_path / name for name in "ab")
    write(cut, wheel(1, 0.27, 0.927))
    (cut / "run.json").write_text("{", encoding="utf-8")
    write(unknown, run("vgg8", 0, score(1, 0.5, 0.9)))
    problems = Problems()

    assert [whole] == [each.folder for each in find_runs([tmp_path / "nowhere", tmp_path], problems)]
    assert [
        f"there is no {tmp_path / 'nowhere'}",
        f"{cut / 'run.json'} is not JSON",
        f"{unknown / 'run.json'} is of the recipe 'vgg8'",
    ] == [problem.what for problem in problems.found]


def test_no_runs_at_all_are_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        find_runs([tmp_path, tmp_path], Problems())
    assert f"no run.json in {tmp_path}, {tmp_path}" == caught.value.what

    with pytest.raises(BadInput) as caught:
        find_runs([tmp_path, tmp_path / "nowhere"], Problems())
    assert f"there is no {tmp_path / 'nowhere'}" == caught.value.what


def test_a_file_that_is_gone_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot read .*run\.json: "):
        read_sound(tmp_path / "run.json")


def located(name: str, made: Run, finished: str = "") -> FoundRun:
    return FoundRun(Path(name), replace(made, provenance={**made.provenance, "finished": finished}))


def names(runs: Tuple[FoundRun, ...]) -> List[str]:
    return [str(each.folder) for each in runs]


def test_groups_are_of_one_recipe_scale_arithmetic_dataset_and_platform_in_the_order_of_the_recipes() -> None:
    usual = wheel(1, 0.27, 0.927)
    runs = [
        located("vgg7", run("vgg7", 0, score(10, 0.04, 0.987))),
        located("usual-1", usual),
        located("framework", replace(usual, arithmetic="framework")),
        located("subset", replace(usual, scale="subset")),
        located("surrogate", replace(usual, dataset={**usual.dataset, "sha256": "4567"})),
        located("other-machine", replace(usual, provenance={**usual.provenance, "machine": "zx80"})),
        located("usual-0", wheel(0, 0.27, 0.927)),
    ]
    found = sort(runs)

    assert [["usual-0", "usual-1"], ["other-machine"], ["surrogate"], ["framework"], ["subset"], ["vgg7"]] == [
        names(group) for group in found.groups
    ]
    assert () == found.doubled


def test_of_runs_with_one_seed_the_last_to_finish_is_kept() -> None:
    made = wheel(0, 0.27, 0.927)
    found = sort([located("b", made, "2026-01-03"), located("c", made, "2026-01-01"), located("a", made, "2026-01-02")])

    assert ([["b"]], ["c", "a"]) == ([names(group) for group in found.groups], names(found.doubled))
