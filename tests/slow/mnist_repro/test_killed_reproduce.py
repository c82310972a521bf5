"""`mnist-repro reproduce`, killed again and again: it goes on, loses no whole run, and trains none twice."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Dict, Tuple

from mnist_repro.execution.kept_runs import is_whole
from mnist_repro.files.atomic import UNFINISHED
from mnist_repro.recipes import RECIPES
from mnist_repro.runs import run_json
from tests.builders.command_line import contents, finish, listed, run_alone, start
from tests.builders.processes import NEEDED, alive, until, workers_of

SEEDS = 6
FILES = ["eval.log", "evaluation.json", "learn.log", "model.h5", "param.hdf5", "run.json"]
# A session is killed when there is one more of these: a run about to be written, half written, not scored, whole.
MOMENTS = (f"{UNFINISHED}*", "learn.log", "run.json", "evaluation.json")


@NEEDED
def test_a_session_that_is_killed_five_times_loses_no_whole_run_and_trains_none_twice(
    data: str, tmp_path: Path
) -> None:
    asked = ("--scale", "subset", "--seeds", str(SEEDS), "--processes", "1", "--data", data, "--out", str(tmp_path))
    seen: Dict[Path, int] = {}
    # First, as soon as there is a worker.
    for moment in ("", *MOMENTS):
        kill_session(asked, tmp_path, moment)
        found = whole(tmp_path)
        assert seen == {folder: found.get(folder) for folder in seen}, moment
        seen = found
    ended = run_alone("reproduce", *asked)
    folders = sorted(tmp_path.glob("*/*/*"))

    assert 1 <= len(seen) < SEEDS
    assert ("", f"wheel-softmax: {len(seen)} of {SEEDS} seeds were there") == (ended.err, ended.out.splitlines()[1])
    assert seen == {folder: stamp for folder, stamp in whole(tmp_path).items() if folder in seen}
    assert [FILES] * SEEDS == [listed(folder) for folder in folders]
    assert list(range(SEEDS)) == [run_json.read(folder).seed for folder in folders]


def kill_session(arguments: Tuple[str, ...], folder: Path, moment: str) -> None:
    """Start a session, and kill it and nothing else when it has come so far."""
    files = f"*/*/*/{moment}"
    before = set(folder.glob(files)) if moment else set()
    process = start("reproduce", *arguments)

    def reached() -> bool:
        so_far = set(folder.glob(files)) - before if moment else workers_of(process.pid)
        return process.poll() is not None or bool(so_far)

    until(reached)
    workers = workers_of(process.pid)
    process.send_signal(signal.SIGKILL)
    finish(process)
    until(lambda: not any(alive(worker) for worker in workers))


def whole(folder: Path) -> Dict[Path, int]:
    """The folders of whole runs, and when each run was trained."""
    return {each: (each / "run.json").stat().st_mtime_ns for each in folder.glob("*/*/*") if is_whole(each)}


def test_short_runs_of_all_recipes_leave_a_full_run_as_it_was(data: str, tmp_path: Path) -> None:
    asked = ("--seeds", "1", "--data", data, "--out", str(tmp_path))
    run_alone("reproduce", *asked)
    [full] = tmp_path.glob("wheel-softmax/*-full-original/seed-0")
    before = contents(full)
    ended = run_alone("reproduce", "--all", *asked, "--scale", "subset")

    assert (before, "", False) == (contents(full), ended.err, "were there" in ended.out)
    assert set(RECIPES) == {run_json.read(each).recipe for each in tmp_path.glob("*/*-subset-original/seed-0")}
