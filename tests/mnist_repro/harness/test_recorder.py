"""`mnist-repro baseline record`: killed or failing, it loses nothing; told again, it goes on; stored files stay."""

from __future__ import annotations

import functools
import math
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import pytest

from mnist_repro.data import locate
from mnist_repro.errors import BadInput
from mnist_repro.execution import code_digest as source
from mnist_repro.execution.fingerprint import TakenFingerprint
from mnist_repro.execution.workers import RunFailedError, Task
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import FingerprintEntry, SampleEntry
from mnist_repro.harness import recorder
from mnist_repro.recipes import Recipe
from mnist_repro.runs import baselines
from mnist_repro.runs.run_json import read, write
from tests.builders import made_up
from tests.builders.baseline_command import baseline, files
from tests.builders.command_line import Ended, ends_with_one_message
from tests.builders.made_up_baselines import HERE, fingerprint, fingerprints, metrics, samples, subset, values
from tests.builders.made_up_baselines import run as made_up_run

WHEEL, SOFTMAX = "wheel-softmax", "tf-softmax"
# No test changes the source, and parsing it takes longer than the rest of a recording without TensorFlow.
digest_once = functools.lru_cache(maxsize=None)(source.digest)


pytestmark = pytest.mark.usefixtures("outside_ci")


@dataclass
class Trained:
    """In the place of TensorFlow: runs with losses that a test chooses.

    Args:
        losses: of seeds 0, 1, …; the run of a seed with None fails.
        made: the seeds that were run.
        provenance: of this machine.
    """

    losses: List[Optional[float]]
    made: List[int]
    provenance: Mapping[str, Any]

    def take_fingerprint(self, recipe: Recipe, data: str, arithmetic: str) -> TakenFingerprint:
        dataset = locate.load(data).name
        return TakenFingerprint(
            recipe.name, dataset, arithmetic, {"steps": 9380}, {"loss of step 1": 2.5}, self.provenance
        )

    def run_all(
        self, tasks: Sequence[Task], processes: int, watch: object, ended: Any
    ) -> Dict[Task, Optional[BadInput]]:
        outcomes = {task: self._run(task) for task in tasks}
        for task, failure in outcomes.items():
            ended(task, failure)
        return outcomes

    def _run(self, task: Task) -> Optional[BadInput]:
        asked = task.assignment
        self.made.append(asked.seed)
        loss = self.losses[asked.seed]
        if loss is None:
            return RunFailedError("the process died", "its last words were: ouch", "run it again")
        task.folder.mkdir(parents=True, exist_ok=True)
        for name in ("param.hdf5", "model.h5"):
            (task.folder / name).write_text(f"{name} of seed {asked.seed}", encoding="utf-8")
        made = {**self.provenance, "code": source.digest()}
        write(made_up_run(asked.seed, loss, asked.recipe.name, asked.scale, provenance=made), task.folder)
        return None


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Trained:
    training = Trained([0.25, 0.5, 0.75], [], {name: value for name, value in HERE.items() if name != "code"})
    monkeypatch.setattr(recorder, "take_fingerprint", training.take_fingerprint)
    monkeypatch.setattr(recorder, "provenance_there", lambda: dict(training.provenance))
    monkeypatch.setattr(recorder, "run_all", training.run_all)
    monkeypatch.setattr(source, "digest", digest_once)
    monkeypatch.setattr(locate, "load", lambda request: made_up.dataset("mnist"))
    return training


def record(folder: Path, *more: object) -> Ended:
    return baseline("record", folder, WHEEL, "--rung", "subset", "--seeds", 3, *more)


def proposed_samples(folder: Path) -> SampleEntry:
    (entry,) = baselines.read_proposed(folder, WHEEL, "subset").entries
    assert isinstance(entry, SampleEntry)
    return entry


def test_runs_that_are_there_are_not_made_again(trained: Trained, tmp_path: Path) -> None:
    first = record(tmp_path)
    proposed = files(tmp_path)
    second = record(tmp_path)

    assert [0, 1, 2] == trained.made
    assert "wheel-softmax subset: 3 runs to make, 0 are there already" in first.out
    assert "wheel-softmax subset: 0 runs to make, 3 are there already" in second.out
    assert proposed == files(tmp_path)


def test_what_a_killed_recording_left_beside_a_whole_run_is_removed(trained: Trained, tmp_path: Path) -> None:
    record(tmp_path)
    first = next(tmp_path.glob(".recording/**/seed-0"))
    for name in (".unfinished-7b13c535.log", "model.h5"):
        (first / name).touch()
    record(tmp_path)

    assert [0, 1, 2] == trained.made
    assert ["run.json"] == [path.name for path in first.iterdir()]


def test_more_seeds_are_added_to_those_that_are_there(trained: Trained, tmp_path: Path) -> None:
    trained.losses.append(1.0)
    record(tmp_path)
    baseline("record", tmp_path, WHEEL, "--rung", "subset", "--seeds", 4)

    assert [0, 1, 2, 3] == trained.made
    assert [0, 1, 2, 3] == list(proposed_samples(tmp_path).samples)


def test_what_is_stored_stays_as_it_is(trained: Trained, tmp_path: Path) -> None:
    baseline_files.write(tmp_path, subset(samples([0.25, 0.5, 0.75], paired=True)))
    baseline_files.write(tmp_path, fingerprints())
    before = files(tmp_path)
    ended = baseline("record", tmp_path, WHEEL, "--seeds", 3)
    after = files(tmp_path)

    assert (0, "") == (ended.code, ended.err)
    assert before == {name: after[name] for name in before}
    assert {"wheel-softmax/fingerprint.proposed.yml", "wheel-softmax/subset.proposed.yml"} == set(after) - set(before)


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "fedcba987654"},
        {"tensorflow": "2.21.1"},
        {"keras": "3.15.2"},
        {"threads": 2},
        {"switches": {"ONEDNN": "0"}},
    ],
)
def test_runs_made_otherwise_are_made_again(changes: Dict[str, Any], trained: Trained, tmp_path: Path) -> None:
    record(tmp_path)
    for path in tmp_path.glob(".recording/**/run.json"):
        write(replace(read(path), provenance={**trained.provenance, **changes}), path.parent)
    record(tmp_path)

    assert [0, 1, 2, 0, 1, 2] == trained.made


def trained_elsewhere(path: Path) -> None:
    write(replace(read(path), dataset={"name": "mnist", "sha256": "4567", "source": ""}), path.parent)


def cut_short(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8")[:100], encoding="utf-8")


def without_a_metric(path: Path) -> None:
    kept = read(path)
    write(replace(kept, scores=(replace(kept.scores[-1], after=kept.scores[-1].after + 1),)), path.parent)


@pytest.mark.parametrize("spoil", [trained_elsewhere, cut_short, without_a_metric])
def test_a_run_of_other_data_or_that_was_cut_short_or_edited_is_made_again(
    spoil: Callable[[Path], None], trained: Trained, tmp_path: Path
) -> None:
    record(tmp_path)
    [path] = tmp_path.glob(".recording/**/seed-1/run.json")
    spoil(path)
    record(tmp_path)

    assert [0, 1, 2, 1] == trained.made


def test_runs_of_other_code_are_made_again(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path)
    monkeypatch.setattr(source, "digest", lambda: "ba9876543210")
    record(tmp_path)

    assert [0, 1, 2, 0, 1, 2] == trained.made
    assert "ba9876543210" == proposed_samples(tmp_path).provenance["code"]


def test_a_run_that_failed_leaves_no_proposal_and_is_made_next_time(trained: Trained, tmp_path: Path) -> None:
    trained.losses[1] = None
    ended = record(tmp_path)

    assert (1, {}) == (ended.code, files(tmp_path))
    assert "mnist-repro: wheel-softmax subset, seed 1: the process died\n  why: its last words were: ouch" in ended.err
    trained.losses[1] = 0.5
    record(tmp_path)
    assert [0, 1, 2, 1] == trained.made
    assert {0: values(0.25), 1: values(0.5), 2: values(0.75)} == proposed_samples(tmp_path).samples


def test_a_run_that_is_not_a_number_leaves_no_proposal(trained: Trained, tmp_path: Path) -> None:
    trained.losses[1] = math.nan
    ended = record(tmp_path)

    assert (2, {}) == (ended.code, files(tmp_path))
    assert "wheel-softmax subset: wheel-softmax, seed 1: test_loss after 3 epochs is nan" in ended.err


def test_what_goes_wrong_with_one_rung_does_not_stop_the_others(trained: Trained, tmp_path: Path) -> None:
    trained.losses[1] = None
    ended = baseline("record", tmp_path, WHEEL, "--rung", "all", "--seeds", 3)

    assert 1 == ended.code
    assert ["wheel-softmax/fingerprint.proposed.yml"] == list(files(tmp_path))
    assert "wheel-softmax full: nothing is proposed" in ended.out


def test_entries_of_other_data_wait_side_by_side(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    baseline("record", tmp_path, WHEEL, "--rung", "fingerprint")
    monkeypatch.setattr(locate, "load", lambda request: made_up.dataset("surrogate"))
    baseline("record", tmp_path, WHEEL, "--rung", "fingerprint")
    waiting = baselines.read_proposed(tmp_path, WHEEL, "fingerprint").entries

    assert ["mnist", "surrogate"] == [entry.conditions["dataset"] for entry in waiting]


def test_stored_margins_and_tolerances_stay_unless_new_ones_are_asked_for(trained: Trained, tmp_path: Path) -> None:
    baseline_files.write(tmp_path, subset(samples([0.25, 0.5, 0.75], paired=True, metrics=metrics(5e-4, 5e-4))))
    baseline_files.write(tmp_path, fingerprints(fingerprint(tolerance=5e-4)))

    def allowed(*more: object) -> List[float]:
        baseline("record", tmp_path, WHEEL, "--seeds", 3, *more)
        (taken,) = baselines.read_proposed(tmp_path, WHEEL, "fingerprint").entries
        assert isinstance(taken, FingerprintEntry)
        return [taken.tolerance, proposed_samples(tmp_path).metrics[0].margin]

    assert [5e-4, 5e-4] == allowed()
    assert [2e-6, 1e-6] == allowed("--new-margins")


def test_runs_are_kept_under_what_they_have_in_common_and_without_their_weights(
    trained: Trained, tmp_path: Path
) -> None:
    record(tmp_path)
    [kept] = tmp_path.glob(".recording/wheel-softmax/subset-mnist-original-x86_64-TensorFlow-2.21-Keras-3.15/*")

    assert {"seed-0": ["run.json"], "seed-1": ["run.json"], "seed-2": ["run.json"]} == {
        folder.name: [file.name for file in folder.iterdir()] for folder in sorted(kept.iterdir())
    }


def test_two_threads_are_refused(trained: Trained, tmp_path: Path) -> None:
    trained.provenance = {**trained.provenance, "threads": 2}
    ended = record(tmp_path)

    assert (2, {}) == (ended.code, files(tmp_path))
    assert "MNIST_REPRO_THREADS is 2\n" in ended.err
    assert "next: unset MNIST_REPRO_THREADS\n" in ended.err


def test_runs_that_are_kept_are_not_for_version_control(trained: Trained, tmp_path: Path) -> None:
    record(tmp_path / "baselines")
    for action in ("init --quiet", "add baselines"):
        git(tmp_path, action)

    assert 3 == len(list(tmp_path.glob("baselines/.recording/**/run.json")))
    assert [f"baselines/{WHEEL}/subset.proposed.yml"] == git(tmp_path, "ls-files").splitlines()


def git(folder: Path, action: str) -> str:
    command = ["git", *action.split()]
    return subprocess.run(command, cwd=str(folder), stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout


def test_data_without_a_name_is_refused(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate, "load", lambda request: made_up.dataset("unrecognised"))
    ended = record(tmp_path)

    assert (2, []) == (ended.code, trained.made)
    assert "made up is neither MNIST nor the surrogate" in ended.err


def test_a_stored_file_that_cannot_be_read_is_refused_before_any_run_is_made(trained: Trained, tmp_path: Path) -> None:
    path = baseline_files.write(tmp_path, subset())
    path.write_text("schema: 2\n", encoding="utf-8")
    ended = record(tmp_path)

    assert (2, []) == (ended.code, trained.made)
    assert "git checkout -- " in ended.err


@pytest.mark.parametrize(
    ("recipe", "seeds", "what"),
    [
        ("vgg7", 9, "vgg7 subset: 9 seeds of vgg7\n"),
        (WHEEL, 3, "wheel-softmax subset: --seeds 3 of wheel-softmax subset, where seeds up to 11 are stored\n"),
    ],
)
def test_fewer_seeds_than_are_needed_or_stored_are_refused_before_any_run_is_made(
    recipe: str, seeds: int, what: str, trained: Trained, tmp_path: Path
) -> None:
    baseline_files.write(tmp_path, subset())
    before = files(tmp_path)
    ended = baseline("record", tmp_path, recipe, "--rung", "subset", "--seeds", seeds)

    ends_with_one_message(ended, what)
    assert ([], before) == (trained.made, files(tmp_path))


def test_where_nothing_is_said_as_many_seeds_as_are_proposed_or_stored_are_recorded(
    trained: Trained, tmp_path: Path
) -> None:
    trained.losses = [0.25] * 20
    baseline("record", tmp_path / "proposed", WHEEL, "--rung", "subset", "--seeds", 18)
    baseline("record", tmp_path / "proposed", WHEEL, "--rung", "subset")
    baseline_files.write(tmp_path / "stored", subset(samples([0.25] * 18)))
    baseline("record", tmp_path / "stored", WHEEL, "--rung", "subset")

    assert list(range(18)) == sorted(proposed_samples(tmp_path / "proposed").samples)
    assert [*range(18), *range(18)] == trained.made


@pytest.mark.parametrize("rung", ["fingerprint", "subset"])
def test_a_proposal_that_cannot_be_read_is_refused_before_any_run_is_made(
    rung: str, trained: Trained, tmp_path: Path
) -> None:
    proposed = baseline_files.path_of(tmp_path, f"{WHEEL}/{rung}", proposed=True)
    proposed.parent.mkdir()
    proposed.write_text("schema: 2\n", encoding="utf-8")
    ended = baseline("record", tmp_path, WHEEL, "--rung", rung, "--seeds", 3)

    assert (2, [], "") == (ended.code, trained.made, ended.out.partition("\n")[2])
    assert f"next: rm {proposed} && mnist-repro baseline record wheel-softmax --rung " in ended.err
