"""The same seed gives the same bits, for every recipe, in every process, whatever that process did before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict

import pytest
from command_line import finish, run, start

from mnist_repro.recipes import RECIPES

FILES = ("param.hdf5", "learn.log")


@pytest.fixture(scope="module")
def one_after_another(data: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All recipes, made one after another by one process."""
    folder = tmp_path_factory.mktemp("one-after-another")
    ended = run(
        *("reproduce", "--all", "--scale", "subset", "--seeds", "1", "--processes", "1"),
        *("--data", data, "--out", folder),
    )
    # One seed of a CNN cannot be judged; which bits it has can.
    assert 1 == ended.code, ended.err
    return folder


@pytest.mark.parametrize("arithmetic", ["original", "framework"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_two_fresh_processes_give_the_same_bits(recipe: str, arithmetic: str, data: str, tmp_path: Path) -> None:
    started = [
        start(
            "train", recipe, "--scale", "subset", "--arithmetic", arithmetic, "--data", data, "--out", tmp_path / name
        )
        for name in ("a", "b")
    ]
    assert [0, 0] == [finish(process).code for process in started]

    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_process_that_has_made_other_runs_gives_the_same_bits(
    recipe: str, data: str, one_after_another: Path, tmp_path: Path
) -> None:
    ended = finish(start("train", recipe, "--scale", "subset", "--data", data, "--out", tmp_path / "alone"))
    assert 0 == ended.code, ended.err

    assert contents(tmp_path / "alone") == contents(one_after_another / recipe / "seed-0")


def contents(folder: Path) -> Dict[str, object]:
    made: Dict[str, object] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    del made["provenance"]  # when, and how long
    return {**made, **{name: (folder / name).read_bytes() for name in FILES}}
