"""`mnist-repro baseline` show, diff and accept: what they say, what they refuse, and that no sample is ever lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, List, Tuple

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from mnist_repro.files.locks import locked
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import SampleEntry, accepted
from tests.builders.baseline_command import REASON, baseline, files, message
from tests.builders.command_line import Ended, environment, run
from tests.builders.made_up_baselines import HERE, SPREAD, fingerprint, fingerprints, metrics, samples, subset, values

WHEEL = "wheel-softmax"
PATIENCE = 120


pytestmark = pytest.mark.usefixtures("outside_ci")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Baselines of wheel-softmax, a fingerprint and samples, beside which other ones are proposed."""
    baseline_files.write(tmp_path, subset())
    baseline_files.write(tmp_path, fingerprints())
    baseline_files.write_proposed(tmp_path, subset(samples([0.25, 0.5], history=())))
    other = fingerprint(losses={"loss of step 1": 2.5, "loss of step 2": 2.125}, history=())
    baseline_files.write_proposed(tmp_path, fingerprints(other))
    return tmp_path


def accept(folder: Path, *more: object) -> Ended:
    return baseline("accept", folder, WHEEL, "--reason", REASON, *more)


def stored(folder: Path) -> SampleEntry:
    (entry,) = baseline_files.read(folder, WHEEL, "subset").entries
    assert isinstance(entry, SampleEntry)
    return entry


def every_sample(folder: Path) -> List[Tuple[int, Tuple[float, ...]]]:
    """What is stored or was stored before, by seed."""
    entry = stored(folder)
    rows = [(seed, tuple(row.values())) for seed, row in entry.samples.items()]
    for change in entry.history:
        rows += [(seed, tuple(row)) for seed, row in change.replaced.get("samples", {}).items()]
    return rows


STORED = [(seed, tuple(values(loss).values())) for seed, loss in enumerate(SPREAD)]


def test_what_is_accepted_is_stored_with_its_reason_and_no_longer_proposed(folder: Path) -> None:
    ended = accept(folder)

    assert (0, "") == (ended.code, ended.err)
    assert [
        "wheel-softmax fingerprint, mnist, original, x86_64, TensorFlow 2.21, Keras 3.15: "
        "stored; its history has what it replaced",
        "wheel-softmax subset, mnist, original: stored; its history has what it replaced",
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
    baseline_files.write_proposed(folder, fingerprints(fingerprint(history=()), recipe="vgg7"))
    ended = baseline("accept", folder, "--all", "--reason", REASON)

    assert (0, 3) == (ended.code, len(ended.out.splitlines()))
    assert not list(folder.glob("*/*.proposed.yml"))


ACCEPT_AND_DIE = """
import os, pathlib, signal, sys
from mnist_repro import cli
left = int(sys.argv[1])
def dying(change):
    def wrapped(*arguments, **options):
        global left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return change(*arguments, **options)
    return wrapped
for name in ("replace", "unlink", "write_text"):
    setattr(pathlib.Path, name, dying(getattr(pathlib.Path, name)))
sys.exit(cli.main(sys.argv[2:]))
"""


def test_accepting_may_be_killed_anywhere_and_done_again(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    command = ["baseline", "accept", WHEEL, "--rung", "subset", "--reason", REASON, "--baselines"]
    deaths = 0
    while True:
        copy = tmp_path_factory.mktemp("dying") / "baselines"
        shutil.copytree(str(folder), str(copy))
        ended = subprocess.run(
            [sys.executable, "-c", ACCEPT_AND_DIE, str(deaths), *command, str(copy)],
            env=environment({"CI": ""}),
            stdout=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
        assert set(STORED) <= set(every_sample(copy))
        if ended.returncode == 0:
            break
        assert -signal.SIGKILL == ended.returncode
        assert 0 == accept(copy, "--rung", "subset").code
        assert {0: values(0.25), 1: values(0.5)} == stored(copy).samples
        assert ["first recording", REASON] == [change.reason for change in stored(copy).history]
        deaths += 1

    # Before the private folder's .gitignore is written, and before it takes its place; likewise with the new file; and
    # before the proposal is removed.
    assert 5 == deaths


def test_the_differences_are_shown_worst_first(folder: Path, file_regression: FileRegressionFixture) -> None:
    baseline_files.write(folder, subset(recipe="vgg7"))
    baseline_files.write_proposed(folder, subset(samples(history=(), metrics=metrics(loss=0.25)), recipe="vgg7"))
    baseline_files.write(folder, subset(recipe="tf-cnn"))
    lower = samples([loss / 2 for loss in SPREAD], history=(), provenance={**HERE, "tensorflow": "2.22.0"})
    baseline_files.write_proposed(folder, subset(lower, samples(dataset="surrogate"), recipe="tf-cnn"))
    ended = baseline("diff", folder, "--all")

    assert (1, "") == (ended.code, ended.err)
    file_regression.check(ended.out.replace(str(folder), "DIR"))


def test_what_was_not_shown_is_not_told_to_be_stored(tmp_path: Path) -> None:
    folder = tmp_path / "of mine"
    baseline_files.write_proposed(folder, subset(samples(history=())))
    ended = baseline("diff", folder, WHEEL, "--rung", "subset")

    assert (
        f"to store it: mnist-repro baseline accept wheel-softmax --rung subset --baselines '{folder}' --reason …"
        == ended.out.splitlines()[-1]
    )


def test_what_is_stored_is_shown_with_its_reasons_and_history(
    folder: Path, file_regression: FileRegressionFixture
) -> None:
    change = stored(folder).history[0]
    baseline_files.write(folder, subset(samples([0.25], paired=True, provenance={}), samples(dataset="surrogate")))
    later = replace(change, reason="epsilon\noutside", replaced={"exact": {"a": 1}, "losses": {"b": 1.0, "c": 2.0}})
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

    assert (1, ["fingerprint", "subset"]) == (told["schema"], [each["rung"] for each in told["baselines"]])
    assert {str(seed): values(loss) for seed, loss in enumerate(SPREAD)} == entry["samples"]
    assert {"mean", "sd", "count"} == set(entry["summary"]["test_loss after 3 epochs"])


@pytest.mark.parametrize("action", ["show", "diff", "accept"])
def test_no_tensorflow_is_imported(action: str, folder: Path) -> None:
    program = (
        "import sys; from mnist_repro import cli; code = cli.main(sys.argv[1:]); "
        "sys.exit(3 if {'tensorflow', 'keras'} & set(sys.modules) else code)"
    )
    more = ["--reason", REASON] if action == "accept" else []
    ended = subprocess.run(
        [sys.executable, "-c", program, "baseline", action, WHEEL, "--baselines", str(folder), *more],
        env=environment({"CI": ""}),
        stdout=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
    )

    assert {"show": 0, "diff": 1, "accept": 0}[action] == ended.returncode


# Bad input.


@pytest.mark.parametrize("action", ["record", "accept"])
def test_in_ci_nothing_is_recorded_or_accepted(action: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "woodpecker")
    before = files(folder)
    more = ("--reason", REASON) if action == "accept" else ()

    assert [
        f"baseline {action} does nothing here: CI=woodpecker",
        "in CI baselines are read-only, so that no run can make its own result the expected one",
        "do it where you can review it and commit the change; `env -u CI` if this is no CI",
    ] == message(baseline(action, folder, WHEEL, *more), folder)
    assert before == files(folder)


def test_in_ci_what_is_stored_and_proposed_is_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    assert [0, 1] == [baseline(action, folder, WHEEL).code for action in ("show", "diff")]


@pytest.mark.parametrize("reason", [(), ("--reason", ""), ("--reason", " \n")])
def test_accepting_needs_a_reason(reason: Tuple[str, ...], folder: Path) -> None:
    before = files(folder)

    assert [
        "baseline accept without a reason",
        "readers of the history must learn why the values changed",
        "--reason 'what changed, and why that is right'",
    ] == message(baseline("accept", folder, WHEEL, *reason), folder)
    assert before == files(folder)


@pytest.mark.parametrize("action", ["diff", "accept"])
def test_nothing_proposed_is_nothing_to_look_at_or_accept(action: str, tmp_path: Path) -> None:
    baseline_files.write(tmp_path, subset())
    before = files(tmp_path)
    more = ("--reason", REASON) if action == "accept" else ()

    assert [
        "nothing is proposed for wheel-softmax in DIR",
        "`baseline record` leaves proposals there, and `baseline accept` takes them away",
        "mnist-repro baseline record wheel-softmax --baselines DIR",
    ] == message(baseline(action, tmp_path, WHEEL, *more), tmp_path)
    assert before == files(tmp_path)


def test_nothing_is_accepted_where_one_of_the_recipes_named_has_nothing(folder: Path) -> None:
    before = files(folder)
    ended = baseline("accept", folder, WHEEL, "vgg7", "--reason", REASON)

    assert "nothing is proposed for vgg7 in DIR" == message(ended, folder)[0]
    assert before == files(folder)


def test_without_a_baseline_there_is_nothing_to_show(tmp_path: Path) -> None:
    assert [
        "no baseline of vgg7 is stored in DIR/nowhere",
        "one is made by recording runs, and accepting them with a reason",
        "mnist-repro baseline record vgg7 --baselines DIR/nowhere; or another --baselines DIR",
    ] == message(baseline("show", tmp_path / "nowhere", "vgg7"), tmp_path)


BROKEN: Dict[str, Tuple[Callable[[str], str], str]] = {
    "truncated": (lambda text: text[: len(text) // 2], "DIR/wheel-softmax/subset.yml cannot be used as a baseline: "),
    "nonsense": (lambda text: "nonsense", "DIR/wheel-softmax/subset.yml cannot be used as a baseline: it names no"),
    "conflict": (lambda text: f"<<<<<<< HEAD\n{text}", "DIR/wheel-softmax/subset.yml:1 has a conflict marker"),
    "newer schema": (
        lambda text: text.replace("schema: 1", "schema: 2"),
        "DIR/wheel-softmax/subset.yml has schema 2, this program reads 1",
    ),
    "missing direction": (
        lambda text: text.replace("      direction: lower\n", "", 1),
        "DIR/wheel-softmax/subset.yml cannot be used as a baseline: entry mnist / original: "
        "metric test_loss after 3 epochs has no direction",
    ),
    "negative margin": (
        lambda text: text.replace("margin: 0.005", "margin: -0.005", 1),
        "DIR/wheel-softmax/subset.yml cannot be used as a baseline: entry mnist / original: "
        "margin of test_loss after 3 epochs is -0.005, not a positive number",
    ),
}


@pytest.mark.parametrize("action", ["show", "diff", "accept"])
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named_and_nothing_is_changed(action: str, name: str, folder: Path) -> None:
    edit, expected = BROKEN[name]
    path = baseline_files.path_of(folder, WHEEL, "subset")
    path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
    before = files(folder)
    more = ("--reason", REASON) if action == "accept" else ()
    parts = message(baseline(action, folder, WHEEL, *more), folder)

    assert (expected, 3) == (parts[0][: len(expected)], len(parts))
    assert before == files(folder)


def test_a_broken_proposal_is_not_accepted(folder: Path) -> None:
    path = baseline_files.proposed_path(folder, WHEEL, "subset")
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    before = files(folder)
    parts = message(accept(folder), folder)

    assert "remove DIR/wheel-softmax/subset.proposed.yml and record again: finished runs are kept" == parts[2]
    assert before == files(folder)


@pytest.mark.parametrize("action", ["record", "accept"])
def test_a_baseline_that_another_process_changes_is_left_alone(action: str, folder: Path, data: str) -> None:
    before = files(folder)
    more = ("--reason", REASON) if action == "accept" else ("--data", data)
    # To a lock, this process is another one too.
    with locked(baseline_files.private_folder(folder), WHEEL, "subset"):
        ended = baseline(action, folder, WHEEL, "--rung", "subset", *more)

    assert (2, before) == (ended.code, files(folder))
    assert f"process {os.getpid()} is recording or accepting wheel-softmax subset in {folder}\n" in ended.err


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


def test_its_help_is_whole() -> None:
    for action in ("record", "show", "diff", "accept"):
        ended = run("baseline", action, "--help")
        assert 0 == ended.code
        assert "Example" in ended.out


@pytest.mark.parametrize("more", [(), ("--json",)])
@pytest.mark.parametrize(
    ("there", "edited", "said"),
    [
        ("replaced: {}", "replaced: {samples: 3}", "replaced samples is 3, not a mapping"),
        ("threads: 1", "threads: 2026-01-02", "provenance has datetime.date(2026, 1, 2)"),
    ],
)
def test_what_is_no_provenance_or_history_is_one_message(
    folder: Path, more: Tuple[str, ...], there: str, edited: str, said: str
) -> None:
    path = baseline_files.path_of(folder, WHEEL, "subset")
    path.write_text(path.read_text(encoding="utf-8").replace(there, edited), encoding="utf-8")

    ended = baseline("show", folder, WHEEL, *more)

    assert (2, "") == (ended.code, ended.out)
    assert ended.err.startswith(f"mnist-repro: {path} cannot be used as a baseline: entry mnist / original: {said}")


def test_every_change_that_is_accepted_can_be_read_back(tmp_path: Path) -> None:
    first = subset(samples())
    other = subset(samples([0.25, 0.5], paired=True, metrics=metrics(1e-5)))
    both = [accepted(first, other, "2027-01-01", "why"), accepted(fingerprints(), CHANGED, "2027-01-01", "why")]

    for each in both:
        baseline_files.write(tmp_path, each)

    assert both == [baseline_files.read(tmp_path, WHEEL, each.rung) for each in both]
    replaced = [set(each.entries[0].history[-1].replaced) - {"commit", "tensorflow", "keras"} for each in both]
    assert [{"metrics", "columns", "samples", "paired"}, {"exact", "losses", "tolerance"}] == replaced


CHANGED = fingerprints(fingerprint({"steps": 1}, {"loss of step 1": 2.25}, tolerance=1e-5))
