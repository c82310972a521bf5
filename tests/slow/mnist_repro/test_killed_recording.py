"""`mnist-repro baseline record` for real: killed in the middle, and told to go on."""

from __future__ import annotations

import shutil
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Dict

import pytest

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import FingerprintEntry, SampleEntry
from mnist_repro.runs import baselines
from mnist_repro.runs.run_json import read
from tests.builders.baseline_command import REASON, baseline, files
from tests.builders.command_line import Ended, finish, start
from tests.builders.made_up_baselines import SPREAD, samples, subset
from tests.builders.processes import NEEDED, until

SOFTMAX = "tf-softmax"
SEEDS = 10  # fewer are no baseline


pytestmark = pytest.mark.usefixtures("outside_ci")


@dataclass(frozen=True)
class Killed:
    """A recording that was killed in the middle, what was there then, and how the next one ended."""

    folder: Path
    before: Dict[str, bytes]
    after: Dict[str, bytes]
    whole: Dict[Path, int]
    again: Ended


@pytest.fixture(scope="module")
def killed(data: str, tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """A recording, killed when the first was done, and then told to go on."""
    folder = tmp_path_factory.mktemp("killed") / "baselines"
    baseline_files.write(folder, subset(samples(SPREAD[:SEEDS]), recipe=SOFTMAX))
    before = files(folder)
    asked = (SOFTMAX, "--seeds", SEEDS, "--processes", 1, "--data", data)
    process = start("baseline", "record", "--baselines", folder, "--rung", "subset", *asked, CI="")
    until(lambda: bool(list(folder.glob(".recording/**/run.json"))) or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    finish(process)
    whole = {path: path.stat().st_mtime_ns for path in folder.glob(".recording/**/run.json")}
    after = files(folder)
    with pytest.MonkeyPatch.context() as variables:
        variables.delenv("CI", raising=False)
        again = baseline("record", folder, *asked)
    return Killed(folder, before, after, whole, again)


@pytest.fixture
def recorded(killed: Killed, tmp_path: Path) -> Path:
    """Baselines of tf-softmax with a proposed fingerprint and proposed subset samples."""
    shutil.copytree(str(killed.folder), str(tmp_path / "baselines"))
    return tmp_path / "baselines"


@NEEDED
def test_a_killed_recording_leaves_what_was_stored_and_no_proposal(killed: Killed) -> None:
    assert killed.before == killed.after


def test_a_killed_recording_keeps_the_runs_that_had_finished(killed: Killed) -> None:
    assert 1 <= len(killed.whole) < SEEDS
    assert list(range(len(killed.whole))) == sorted(read(path).seed for path in killed.whole)


def test_the_next_recording_goes_on_and_makes_no_run_twice(killed: Killed) -> None:
    there = len(killed.whole)

    assert 0 == killed.again.code
    said = killed.again.out.splitlines()
    assert f"tf-softmax subset: {SEEDS - there} runs to make, {there} are there already" in said
    assert killed.whole == {path: path.stat().st_mtime_ns for path in killed.whole}


def test_what_is_proposed_is_what_the_runs_gave(killed: Killed) -> None:
    proposed = baselines.read_proposed(killed.folder, SOFTMAX, "subset").entries[0]
    made = [read(path) for path in sorted(killed.folder.glob(".recording/**/run.json"))]

    assert isinstance(proposed, SampleEntry)
    assert {run.seed: run.scores[-1].test.loss for run in made} == {
        seed: row["test_loss after 200 steps"] for seed, row in proposed.samples.items()
    }
    assert (list(range(SEEDS)), True, ()) == (list(proposed.samples), proposed.paired, proposed.history)


def test_the_fingerprint_is_taken_by_a_process_with_one_thread(killed: Killed) -> None:
    proposed = baselines.read_proposed(killed.folder, SOFTMAX, "fingerprint").entries[0]

    assert isinstance(proposed, FingerprintEntry)
    assert (1, 1_000) == (proposed.provenance["threads"], proposed.exact["steps of the whole budget"])


def test_of_recorded_runs_only_figures_are_kept(killed: Killed) -> None:
    kept = {path.name for path in killed.folder.glob(f".recording/{SOFTMAX}/**/*") if path.is_file()}

    assert {"run.json", "learn.log", "eval.log", "evaluation.json"} == kept


def test_what_was_recorded_is_accepted_shown_and_then_no_longer_proposed(recorded: Path) -> None:
    proposed = baselines.read_proposed(recorded, SOFTMAX, "subset").entries[0]
    accepted = baseline("accept", recorded, SOFTMAX, "--reason", REASON)
    stored = baselines.read(recorded, SOFTMAX, "subset").entry(proposed.conditions)

    assert (0, 2) == (accepted.code, len(accepted.out.splitlines()))
    assert stored is not None
    assert proposed == replace(stored, history=())
    assert REASON in baseline("show", recorded, SOFTMAX, "--rung", "subset").out
    assert 2 == baseline("diff", recorded, SOFTMAX).code
