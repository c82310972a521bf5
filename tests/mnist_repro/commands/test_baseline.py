"""`mnist-repro baseline`: what its actions say, what they refuse, and that no sample is ever lost."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, List, Tuple

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from mnist_repro.data import locate
from mnist_repro.errors import BadInput
from mnist_repro.execution.components import Assignment
from mnist_repro.execution.workers import RunFailedError, Task
from mnist_repro.files.locks import locked
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import accepted
from mnist_repro.harness.recorder import Recorder
from mnist_repro.recipes import find
from tests.builders import made_up
from tests.builders.baseline_command import REASON, baseline, files, message, stored
from tests.builders.command_line import Ended, run
from tests.builders.made_up_baselines import (
    HERE,
    SPREAD,
    SURROGATE,
    fingerprint,
    fingerprints,
    metrics,
    samples,
    subset,
    values,
)
from tests.builders.mnist_files import write_folder

WHEEL = "wheel-softmax"


pytestmark = pytest.mark.usefixtures("outside_ci")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Baselines of wheel-softmax, a fingerprint and samples, beside which other ones are proposed."""
    baseline_files.write(tmp_path, subset())
    baseline_files.write(tmp_path, fingerprints())
    baseline_files.write(tmp_path, subset(samples([0.25, 0.5], history=())), proposed=True)
    other = fingerprint(losses={"loss of step 1": 2.5, "loss of step 2": 2.125}, history=())
    baseline_files.write(tmp_path, fingerprints(other), proposed=True)
    return tmp_path


def act(action: str, folder: Path, *more: object) -> Ended:
    """Do something with wheel-softmax; what is accepted is accepted with a reason."""
    return baseline(action, folder, WHEEL, *(("--reason", REASON) if action == "accept" else ()), *more)


def accept(folder: Path, *more: object) -> Ended:
    return act("accept", folder, *more)


def test_what_is_accepted_is_stored_with_its_reason_and_no_longer_proposed(folder: Path) -> None:
    ended = accept(folder)

    assert (0, "") == (ended.code, ended.err)
    assert [
        "wheel-softmax/fingerprint, dataset mnist, arithmetic original; x86_64, TensorFlow 2.21, Keras 3.15: "
        "stored; its history has what it replaced",
        "wheel-softmax/subset, dataset mnist, arithmetic original: stored; its history has what it replaced",
    ] == ended.out.splitlines()
    assert ["wheel-softmax/fingerprint.yml", "wheel-softmax/subset.yml"] == list(files(folder))
    assert {0: values(0.25), 1: values(0.5)} == stored(folder).samples
    assert ["first recording", REASON] == [change.reason for change in stored(folder).history]


def test_one_rung_may_be_accepted_alone(folder: Path) -> None:
    before = files(folder)
    accept(folder, "--rung", "fingerprint")
    after = files(folder)

    assert {"wheel-softmax/fingerprint.proposed.yml"} == set(before) - set(after)
    assert before["wheel-softmax/subset.yml"] == after["wheel-softmax/subset.yml"]


def test_all_means_every_recipe_for_which_something_is_proposed(folder: Path) -> None:
    baseline_files.write(folder, fingerprints(fingerprint(history=()), recipe="vgg7"), proposed=True)
    ended = baseline("accept", folder, "--all", "--reason", REASON)

    assert (0, 3) == (ended.code, len(ended.out.splitlines()))
    assert not list(folder.glob("*/*.proposed.yml"))


def test_the_differences_are_shown_worst_first(folder: Path, file_regression: FileRegressionFixture) -> None:
    baseline_files.write(folder, subset(recipe="vgg7"))
    baseline_files.write(folder, subset(samples(history=(), metrics=metrics(loss=0.25)), recipe="vgg7"), proposed=True)
    baseline_files.write(folder, subset(recipe="tf-cnn"))
    lower = samples(
        [loss / 2 for loss in SPREAD],
        history=(),
        provenance={**HERE, "platform": "x86_64, TensorFlow 2.22, Keras 3.15"},
    )
    baseline_files.write(folder, subset(lower, samples(conditions=SURROGATE), recipe="tf-cnn"), proposed=True)
    ended = baseline("diff", folder, "--all")

    assert (1, "") == (ended.code, ended.err)
    file_regression.check(ended.out.replace(str(folder), "DIR"))


def test_what_was_not_shown_is_not_told_to_be_stored(tmp_path: Path) -> None:
    folder = tmp_path / "of mine"
    baseline_files.write(folder, subset(samples(history=())), proposed=True)
    ended = baseline("diff", folder, WHEEL, "--rung", "subset")

    assert (
        f"to store it: mnist-repro baseline accept wheel-softmax --rung subset --baselines '{folder}' --reason …"
        == ended.out.splitlines()[-1]
    )


def test_what_is_stored_is_shown_with_its_reasons_and_history(
    folder: Path, file_regression: FileRegressionFixture
) -> None:
    change = stored(folder).history[0]
    baseline_files.write(folder, subset(samples([0.25], paired=True, provenance={}), samples(conditions=SURROGATE)))
    later = replace(change, reason="epsilon\noutside", replaced={"exact": {"a": 1}, "close": {"b": 1.0, "c": 2.0}})
    baseline_files.write(folder, fingerprints(fingerprint(history=(change, later))))
    ended = baseline("show", folder, WHEEL)

    assert (0, "") == (ended.code, ended.err)
    file_regression.check(ended.out)


def test_recipes_without_baseline_are_named_where_all_are_shown(folder: Path) -> None:
    bare = ["keras-cnn", "tf-softmax", "tf-cnn", "vgg7", "vgg7-bn"]

    assert [f"{name}: nothing is stored" for name in bare] == baseline("show", folder, "--all").out.splitlines()[-5:]


def test_machines_get_samples_and_summary(folder: Path) -> None:
    told = json.loads(baseline("show", folder, WHEEL, "--json").out)
    entry = told["baselines"][1]["entries"][0]

    assert (2, [f"{WHEEL}/fingerprint", f"{WHEEL}/subset"]) == (
        told["schema"],
        [each["name"] for each in told["baselines"]],
    )
    assert {str(seed): values(loss) for seed, loss in enumerate(SPREAD)} == entry["samples"]
    assert {"mean", "sd", "count"} == set(entry["summary"]["test_loss after 3 epochs"])


# Bad input.


@pytest.mark.parametrize("action", ["record", "accept"])
def test_in_ci_nothing_is_recorded_or_accepted(action: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "woodpecker")
    before = files(folder)

    assert f"baseline {action} does nothing here: CI=woodpecker" == message(act(action, folder), folder)[0]
    assert before == files(folder)


def test_in_ci_what_is_stored_and_proposed_is_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    assert [0, 1] == [baseline(action, folder, WHEEL).code for action in ("show", "diff")]


@pytest.mark.parametrize("reason", [(), ("--reason", ""), ("--reason", " \n")])
def test_accepting_needs_a_reason(reason: Tuple[str, ...], folder: Path) -> None:
    before = files(folder)

    assert "baseline accept without a reason" == message(baseline("accept", folder, WHEEL, *reason), folder)[0]
    assert before == files(folder)


@pytest.mark.parametrize("action", ["diff", "accept"])
def test_nothing_proposed_is_nothing_to_look_at_or_accept(action: str, tmp_path: Path) -> None:
    baseline_files.write(tmp_path, subset())
    before = files(tmp_path)

    assert "nothing is proposed for wheel-softmax in DIR" == message(act(action, tmp_path), tmp_path)[0]
    assert before == files(tmp_path)


def test_nothing_is_accepted_where_one_of_the_recipes_named_has_nothing(folder: Path) -> None:
    before = files(folder)
    ended = baseline("accept", folder, WHEEL, "vgg7", "--reason", REASON)

    assert "nothing is proposed for vgg7 in DIR" == message(ended, folder)[0]
    assert before == files(folder)


@pytest.mark.parametrize("action", ["diff", "accept"])
def test_what_to_record_is_the_rung_that_was_named(action: str, folder: Path) -> None:
    what, _, fix = message(act(action, folder, "--rung", "full"), folder)

    assert "no full baseline is proposed for wheel-softmax in DIR" == what
    assert "mnist-repro baseline record wheel-softmax --rung full --baselines DIR" == fix


def test_without_a_baseline_there_is_nothing_to_show(tmp_path: Path) -> None:
    ended = baseline("show", tmp_path / "nowhere", "vgg7")

    assert "no baseline of vgg7 is stored in DIR/nowhere" == message(ended, tmp_path)[0]


def test_a_rung_without_a_baseline_is_recorded_and_accepted(tmp_path: Path) -> None:
    baseline_files.write(tmp_path, subset())

    what, _, fix = message(baseline("show", tmp_path, WHEEL, "--rung", "full"), tmp_path)

    assert "no full baseline of wheel-softmax is stored in DIR" == what
    named = "wheel-softmax --rung full --baselines DIR"
    assert fix.startswith(
        f"mnist-repro baseline record {named}, then mnist-repro baseline accept {named} --reason TEXT"
    )


def test_a_command_without_a_recipe_names_one_that_does_something(tmp_path: Path) -> None:
    fix = message(baseline("accept", tmp_path, "--reason", REASON), tmp_path)[2]

    assert "mnist-repro baseline accept --all --baselines DIR --reason TEXT" == fix


@pytest.mark.parametrize("seeds", [0, 10_001])
def test_the_number_of_seeds_that_is_advised_is_never_too_small(seeds: int, tmp_path: Path) -> None:
    assert "leave --seeds out" == message(baseline("record", tmp_path, WHEEL, "--seeds", str(seeds)), tmp_path)[2]


@pytest.mark.parametrize("action", ["show", "diff", "accept"])
def test_a_broken_file_is_named_and_nothing_is_changed(action: str, folder: Path) -> None:
    path = baseline_files.path_of(folder, f"{WHEEL}/subset")
    path.write_text(f"<<<<<<< HEAD\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    before = files(folder)

    assert "DIR/wheel-softmax/subset.yml:1 has a conflict marker" == message(act(action, folder), folder)[0]
    assert before == files(folder)


def test_a_broken_proposal_is_not_accepted(folder: Path) -> None:
    path = baseline_files.path_of(folder, f"{WHEEL}/subset", proposed=True)
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    before = files(folder)
    parts = message(accept(folder), folder)

    again = "mnist-repro baseline record wheel-softmax --rung subset --baselines DIR"
    assert f"rm DIR/wheel-softmax/subset.proposed.yml && {again}" == parts[2]
    assert before == files(folder)


@pytest.mark.parametrize("action", ["record", "accept"])
def test_a_baseline_that_another_process_changes_is_left_alone(action: str, folder: Path, data: str) -> None:
    before = files(folder)
    # To a lock, this process is another one too.
    with locked(baseline_files.private_folder(folder), f"{WHEEL}/subset"):
        ended = act(action, folder, "--rung", "subset", *(("--data", data) if action == "record" else ()))

    assert (2, before) == (ended.code, files(folder))
    assert f"process {os.getpid()} is recording or accepting wheel-softmax/subset in {folder}\n" in ended.err


@pytest.mark.parametrize("action", ["record", "show", "diff", "accept"])
def test_recipes_are_named_once_and_rightly(action: str, tmp_path: Path) -> None:
    more = ("--reason", REASON) if action == "accept" else ()
    refused = [
        message(baseline(action, tmp_path, *recipes, *more), tmp_path)[0]
        for recipes in ((), ("--all", "vgg7"), ("vgg8",))
    ]

    assert [f"baseline {action} without a recipe", "--all and vgg7", "unknown recipe 'vgg8'"] == refused


def test_without_an_action_it_says_which_there_are() -> None:
    ended = run("baseline")

    assert 2 == ended.code
    assert "record|show|diff|accept" in ended.err


def test_every_change_that_is_accepted_can_be_read_back(tmp_path: Path) -> None:
    first = subset(samples())
    other = subset(samples([0.25, 0.5], paired=True, metrics=metrics(1e-5)))
    both = [accepted(first, other, "2027-01-01", "why"), accepted(fingerprints(), CHANGED, "2027-01-01", "why")]

    for each in both:
        baseline_files.write(tmp_path, each)

    assert both == [baseline_files.read(tmp_path, each.name, each.kind, each.owner) for each in both]
    replaced = [set(each.entries[0].history[-1].replaced) - {"commit", "platform"} for each in both]
    assert [{"metrics", "columns", "samples", "paired"}, {"exact", "close", "tolerance"}] == replaced


CHANGED = fingerprints(fingerprint({"steps": 1}, {"loss of step 1": 2.25}, tolerance=1e-5))


# --- record: what it refuses before the work, and its exit code after it ---

TASK = Task(Assignment(find(WHEEL), 1, "subset"), "surrogate", Path("seed-1"))
DIED = RunFailedError("the process died", "it was killed", "run it again")
MISLED = BadInput("there is no such data", "it was named", "name another")


def test_baselines_in_a_place_that_is_no_folder_are_refused(tmp_path: Path, data: str) -> None:
    place = tmp_path / "file"
    place.write_text("", encoding="ascii")
    parts = message(baseline("record", place, WHEEL, "--data", data), tmp_path)

    assert ["DIR/file is not a folder", "DIR/file must be one", "name another folder: --baselines DIR"] == parts


@pytest.mark.parametrize("option", ["--seeds", "--processes"])
def test_numbers_are_positive(option: str, tmp_path: Path) -> None:
    assert f"{option} 0" == message(baseline("record", tmp_path, WHEEL, option, 0), tmp_path)[0]


def test_data_that_is_neither_mnist_nor_the_surrogate_has_no_baseline(tmp_path: Path) -> None:
    (tmp_path / "black").mkdir()
    ended = baseline("record", tmp_path / "baselines", WHEEL, "--data", write_folder(tmp_path / "black"))

    assert 2 == ended.code
    assert "is neither MNIST nor the surrogate\n  why: baselines are stored under the name of a dataset" in ended.err


def recorded(monkeypatch: pytest.MonkeyPatch, folder: Path, outcome: Callable[[], Dict[Task, BadInput]]) -> Ended:
    """Record two rungs: the fingerprint is proposed, and the subset ends with ``outcome``."""
    monkeypatch.setattr(locate, "load", lambda request: made_up.dataset("mnist"))
    monkeypatch.setattr(Recorder, "fingerprint", lambda self, recipe: self.say(PROPOSED))
    monkeypatch.setattr(Recorder, "samples", lambda self, recipe, rung, seeds: outcome())
    return baseline("record", folder, WHEEL)


PROPOSED = "wheel-softmax fingerprint: proposed in fingerprint.proposed.yml"
NOTHING = "wheel-softmax subset: nothing is proposed; the same command makes the runs that failed, and no others"


@pytest.mark.parametrize(
    ("outcome", "code", "out", "err"),
    [
        ({}, 0, [], ""),
        ({TASK: DIED}, 1, [NOTHING], f"mnist-repro: wheel-softmax subset, seed 1: {DIED}\n"),
        ({TASK: MISLED}, 2, [NOTHING], f"mnist-repro: wheel-softmax subset, seed 1: {MISLED}\n"),
    ],
)
def test_the_worst_rung_decides_the_exit_code(
    outcome: Dict[Task, BadInput], code: int, out: List[str], err: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = recorded(monkeypatch, tmp_path, lambda: outcome)

    assert (code, [PROPOSED, *out], err) == (ended.code, ended.out.splitlines()[1:], ended.err)


def test_bad_input_of_one_rung_is_said_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Dict[Task, BadInput]:
        raise BadInput("a", "b", "c")

    ended = recorded(monkeypatch, tmp_path, refuse)

    assert (2, [PROPOSED], "mnist-repro: wheel-softmax subset: a\n  why: b\n  next: c\n") == (
        ended.code,
        ended.out.splitlines()[1:],
        ended.err,
    )
