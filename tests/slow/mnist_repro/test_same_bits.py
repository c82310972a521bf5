"""The same seed gives the same bits, for every recipe, in every process, whatever that process did before."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Callable, Dict, Tuple

import pytest

from mnist_repro.recipes import RECIPES
from tests.builders.command_line import finish, run, start

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


Pair = Tuple[Path, Path]


@pytest.fixture(scope="module")
def fresh(data: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Pair]:
    """Takes recipe and arithmetic; returns the folders of two runs, each made by a fresh process. Each is made once."""

    @functools.lru_cache(maxsize=None)
    def make(recipe: str, arithmetic: str) -> Pair:
        folder = tmp_path_factory.mktemp(f"{recipe}-{arithmetic}")
        pair = folder / "a", folder / "b"
        train = ("train", recipe, "--scale", "subset", "--arithmetic", arithmetic, "--data", data)
        started = [start(*train, "--out", out) for out in pair]
        assert [0, 0] == [finish(process).code for process in started]
        return pair

    return make


@pytest.mark.parametrize("arithmetic", ["original", "framework"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_two_fresh_processes_give_the_same_bits(
    recipe: str, arithmetic: str, fresh: Callable[[str, str], Pair]
) -> None:
    one, other = fresh(recipe, arithmetic)

    assert contents(one) == contents(other)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_process_that_has_made_other_runs_gives_the_same_bits(
    recipe: str, fresh: Callable[[str, str], Pair], one_after_another: Path
) -> None:
    alone, _ = fresh(recipe, "original")

    assert contents(alone) == contents(one_after_another / recipe / "seed-0")


def contents(folder: Path) -> Dict[str, object]:
    made: Dict[str, object] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    del made["provenance"]  # when, and how long
    return {**made, **{name: (folder / name).read_bytes() for name in FILES}}
