"""A disk that fills up at each file in turn, in the middle of a real training."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from tests.builders.command_line import Ended, contents, listed
from tests.builders.full_disk import NO_LIMIT, run_with_limits

TRAINED = ["learn.log", "model.h5", "param.hdf5", "run.json"]
OUT_OF_ROOM = (
    "  why: the folder must be writable and its disk must have room; what was there before is untouched\n"
    "  next: free some space, or name another folder\n"
)


@pytest.fixture(scope="module")
def filled(data: str, tmp_path_factory: pytest.TempPathFactory) -> Tuple[int, Path, Dict[str, bytes], List[Ended]]:
    """One process that trains and scores with room, and does so again with less and less."""
    folder = tmp_path_factory.mktemp("full")
    train = ["train", "wheel-softmax", "--scale", "subset", "--data", data]
    code, [made, scored, *ended] = run_with_limits(
        [
            # What TensorFlow itself writes to temporary files (AutoGraph does) it writes now.
            (NO_LIMIT, [*train, "--out", folder / "old"]),
            (NO_LIMIT, ["estimate", folder / "old", "--data", data]),
            (100, [*train, "--seed", "1", "--out", folder / "new"]),
            (100, [*train, "--seed", "1", "--out", folder / "old"]),
            (20_000, [*train, "--seed", "1", "--out", folder / "old"]),
            (20_000, [*train, "--seed", "1", "--out", folder / "new"]),
            (40_000, [*train, "--seed", "1", "--out", folder / "new"]),
            (10, ["estimate", folder / "old", "--data", data, "--out", folder / "scored"]),
            (100, ["estimate", folder / "old", "--data", data, "--out", folder / "scored"]),
        ]
    )
    assert (0, 0) == (made.code, scored.code), made.err + scored.err
    return code, folder, contents(folder / "old"), ended


def test_a_disk_that_is_full_is_said_for_the_file_that_it_hit(
    filled: Tuple[int, Path, Dict[str, bytes], List[Ended]],
) -> None:
    _, folder, _, ended = filled

    assert [
        (2, f"mnist-repro: cannot write {folder / file}: {os.strerror(errno.EFBIG)}\n{OUT_OF_ROOM}")
        for file in (
            *("new/learn.log", "old/learn.log", "old/param.hdf5", "new/param.hdf5", "new/model.h5"),
            *("scored/eval.log", "scored/evaluation.json"),
        )
    ] == [(each.code, each.err.replace("\r", "")) for each in ended]


def test_a_full_disk_leaves_an_older_run_as_it_was(filled: Tuple[int, Path, Dict[str, bytes], List[Ended]]) -> None:
    _, folder, old, _ = filled

    assert sorted([*TRAINED, "eval.log", "evaluation.json"]) == sorted(old)
    assert 0 == json.loads((folder / "old" / "run.json").read_text(encoding="utf-8"))["seed"]


def test_a_full_disk_leaves_nothing_half_written(filled: Tuple[int, Path, Dict[str, bytes], List[Ended]]) -> None:
    _, folder, _, _ = filled

    assert ([], []) == (listed(folder / "new"), listed(folder / "scored"))


def test_a_disk_that_is_full_while_reproduce_goes_on_is_said_once_and_loses_nothing(data: str, tmp_path: Path) -> None:
    reproduce = ["reproduce", "--scale", "subset", "--processes", "2", "--data", data, "--out", tmp_path, "--seeds"]
    code, [first, full, at_last] = run_with_limits(
        [(NO_LIMIT, [*reproduce, "2"]), (20_000, [*reproduce, "5"]), (NO_LIMIT, [*reproduce, "5"])]
    )

    assert (0, 2) == (code, full.code)
    assert ["wheel-softmax: 2 of 5 seeds were there"] * 2 == [each.out.splitlines()[1] for each in (full, at_last)]
    assert (1, 1) == tuple(full.err.count(part) for part in ("mnist-repro: ", "  next: free some space"))
    assert "mnist-repro: wheel-softmax, seeds 2, 3, 4: cannot write " in full.err
    assert (first.code, "") == (at_last.code, at_last.err)


def test_a_full_disk_does_not_break_the_process(filled: Tuple[int, Path, Dict[str, bytes], List[Ended]]) -> None:
    assert 0 == filled[0]
