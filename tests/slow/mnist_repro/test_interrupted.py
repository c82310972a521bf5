"""Ctrl-C, and a killed session: what had finished is whole, and no worker is left."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterator, Set

import pytest

from mnist_repro.recipes import find
from mnist_repro.runs import run_json
from mnist_repro.weights import param_hdf5 as weights
from tests.builders.command_line import Ended, finish, listed, start
from tests.builders.processes import NEEDED, alive, busy, until, workers_of

FILES = ["eval.log", "evaluation.json", "learn.log", "model.h5", "param.hdf5", "run.json"]

pytestmark = NEEDED


@dataclass(frozen=True)
class Stopped:
    """A real `reproduce`, stopped by a signal: where its runs are, its workers at that time, and how it ended."""

    runs: Path
    workers: Set[int]
    ended: Ended


@pytest.fixture(scope="module")
def stopped(data: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dict[str, Stopped]]:
    """Two such sessions, side by side to save time."""
    interrupted = begin(data, tmp_path_factory.mktemp("interrupted"), "--scale", "subset", "--seeds", "500")
    killed = begin(data, tmp_path_factory.mktemp("killed"), "keras-cnn", "--seeds", "1")
    runs = tmp_path_factory.getbasetemp() / "interrupted0" / "runs ö" / "wheel-softmax"
    found = {
        # In the middle of the third run.
        "interrupted": stop(interrupted, signal.SIGINT, runs, lambda: len(list(runs.glob("*/*/eval.log"))) > 1),
        # In the middle of an epoch that takes half a minute, or at least of importing TensorFlow for it.
        "killed": stop(killed, signal.SIGKILL, runs, lambda: any(busy(each) > 4.0 for each in workers_of(killed.pid))),
    }
    yield found
    for worker in {worker for one in found.values() for worker in one.workers if alive(worker)}:
        os.kill(worker, signal.SIGKILL)


def begin(data: str, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a session in a folder with names that Python would take for modules, if it looked there."""
    for name in ("json", "numpy", "mnist_repro"):
        (folder / f"{name}.py").write_text("raise SystemExit('imported from the current folder')", encoding="utf-8")
    return start("reproduce", *arguments, "--data", data, "--out", "runs ö", "--processes", "1", cwd=folder)


def stop(process: subprocess.Popen[str], number: int, runs: Path, when: Callable[[], bool]) -> Stopped:
    until(lambda: process.poll() is not None or when())
    workers = workers_of(process.pid)
    process.send_signal(number)
    return Stopped(runs, workers, finish(process))


@pytest.fixture
def interrupted(stopped: Dict[str, Stopped]) -> Stopped:
    return stopped["interrupted"]


def test_ctrl_c_ends_with_130_and_a_word(interrupted: Stopped) -> None:
    assert 130 == interrupted.ended.code
    assert 1 == interrupted.ended.err.count("mnist-repro: ")
    assert "Traceback" not in interrupted.ended.err


def test_ctrl_c_names_the_runs_that_are_whole(interrupted: Stopped) -> None:
    finished = sorted(int(file.parent.name[5:]) for file in interrupted.runs.glob("*/*/evaluation.json"))
    named = f"{len(finished)} of 500 runs are whole: wheel-softmax, seeds {', '.join(map(str, finished))}\n  next: type"

    assert named in interrupted.ended.err


def test_what_ctrl_c_leaves_is_whole(interrupted: Stopped) -> None:
    folders = [folder for folder in interrupted.runs.glob("*/*") if listed(folder)]

    assert len(folders) >= 2
    for folder in folders:
        # The worker may have been about to score the run, which is whole without.
        assert listed(folder) in (FILES, [name for name in FILES if name not in ("eval.log", "evaluation.json")])
        assert "wheel-softmax" == run_json.read(folder).recipe
        weights.read(folder / "param.hdf5", find("wheel-softmax"))


def test_ctrl_c_leaves_no_worker(interrupted: Stopped) -> None:
    assert 1 == len(interrupted.workers)
    assert set() == {worker for worker in interrupted.workers if alive(worker)}


def test_workers_end_by_themselves_when_their_parent_is_killed(stopped: Dict[str, Stopped]) -> None:
    killed = stopped["killed"]

    assert (-signal.SIGKILL, 1) == (killed.ended.code, len(killed.workers))
    until(lambda: not any(alive(worker) for worker in killed.workers))
