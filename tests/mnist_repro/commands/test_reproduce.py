"""`mnist-repro reproduce` through the command line: the table, the JSON, and an exit code that says what passes."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Type
from unittest import mock

import pytest

from mnist_repro.commands import reproduce
from mnist_repro.data import locate
from mnist_repro.data.dataset import Dataset, describe
from mnist_repro.errors import BadInput
from mnist_repro.execution import kept_runs, workers
from mnist_repro.execution.components import Assignment
from mnist_repro.execution.workers import Progress, RunFailedError, Task
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import BaselineFile
from mnist_repro.harness import tolerances as recording
from mnist_repro.recipes import find
from mnist_repro.runs import baselines as stored_baselines
from mnist_repro.runs import run_json
from mnist_repro.runs.metrics import metric_values
from tests.builders import made_up, made_up_baselines
from tests.builders.command_line import Ended, contents, ends_with_one_message, listed, run
from tests.builders.reproduced import Reproduced

FILES = ["eval.log", "evaluation.json", "learn.log", "model.h5", "param.hdf5", "run.json"]
BASELINES = Path(__file__).resolve().parents[3] / "baselines"
RECIPES = ["vgg7-bn", "wheel-softmax", "tf-softmax"]
KIND = "mnist-full-original"


def test_the_bar_of_a_recipe_shows_what_is_left_of_all_its_seeds() -> None:
    tasks = [Task(Assignment(find("vgg7"), seed), "mnist", Path(str(seed))) for seed in (0, 1)]
    shown: List[Tuple[str, int, int]] = []
    watch = reproduce._watcher(tasks, lambda *arguments: shown.append(arguments))
    for task, done in ((tasks[0], 30), (tasks[1], 10), (tasks[0], 40)):
        watch(Progress(task, done, 40))

    assert [("vgg7, 2 seeds", done, 80) for done in (30, 40, 50)] == shown


def of_one_seed(reproduced: Reproduced) -> str:
    """The verdict on one seed of a CNN: it cannot be judged as a distribution, unless its bits are the stored ones."""
    made = run_json.read(reproduced.folder("vgg7-bn"))
    stored = stored_baselines.read(BASELINES, "vgg7-bn", "subset").samples(
        stored_baselines.conditions_of(made.dataset["name"], made.arithmetic)
    )
    assert stored is not None
    return "equivalent" if stored.samples[0] == metric_values(made) else "inconclusive"


def test_runs_are_kept_by_recipe_and_seed(reproduced: Reproduced) -> None:
    code = 0 if of_one_seed(reproduced) == "equivalent" else 1

    assert (code, [FILES] * 3) == (reproduced.ended.code, [listed(reproduced.folder(recipe)) for recipe in RECIPES])


def test_the_text_names_data_recipes_and_that_nothing_published_was_tested(
    reproduced: Reproduced, dataset: Dataset
) -> None:
    text = reproduced.ended.out

    assert describe(dataset) == text.splitlines()[0]
    assert [f"vgg7-bn: {of_one_seed(reproduced).upper()}", "wheel-softmax: EQUIVALENT", "tf-softmax: EQUIVALENT"] == [
        line for line in text.splitlines() if line.split(":")[0] in RECIPES
    ]
    assert "\nNOTHING PUBLISHED WAS TESTED: " in text
    assert "\nJudged by the stored runs of the same data and arithmetic: vgg7-bn, wheel-softmax, tf-softmax.\n" in text


def test_several_recipes_end_with_one_table(reproduced: Reproduced) -> None:
    header, *rows = (line.split() for line in reproduced.ended.out.splitlines()[-4:])

    assert ["recipe", "seeds", "verdict", "drift", "does", "not", "pass"] == header
    assert [["vgg7-bn", "1", "of", "1", of_one_seed(reproduced)], ["wheel-softmax", "1", "of", "1", "equivalent"]] == [
        row[:5] for row in rows[:2]
    ]


def test_the_json_has_each_seeds_figures_as_they_were_scored(reproduced: Reproduced, dataset: Dataset) -> None:
    fields = json.loads(reproduced.json.read_text(encoding="utf-8"))
    last = {recipe: run_json.read(reproduced.folder(recipe)).scores[-1].test for recipe in RECIPES}

    assert (1, dataset.name, RECIPES) == (fields["schema"], fields["dataset"], list(fields["recipes"]))
    for recipe in RECIPES:
        [seed] = fields["recipes"][recipe]["seeds"]
        expected = of_one_seed(reproduced) if recipe == "vgg7-bn" else "equivalent"
        assert (expected, 0, last[recipe].loss, last[recipe].accuracy) == (
            fields["recipes"][recipe]["verdict"],
            seed["seed"],
            seed["test_loss"],
            seed["test_accuracy"],
        )


def test_what_training_measured_is_what_the_weights_in_the_file_give(reproduced: Reproduced) -> None:
    for recipe in RECIPES:
        test = run_json.read(reproduced.folder(recipe)).scores[-1].test
        assert f"Test loss: {test.loss}\nTest accuracy: {test.accuracy}\n" == (
            (reproduced.folder(recipe) / "eval.log").read_text(encoding="utf-8")
        )


Outcome = Callable[[Task], Optional[BadInput]]


def rehearsed(monkeypatch: pytest.MonkeyPatch, folder: Path, outcome: Outcome, *arguments: object) -> Ended:
    """A full-scale session on real MNIST in which ``outcome`` stands for the workers."""

    def run_all(tasks: Sequence[Task], processes: int, watch: object) -> Dict[Task, Optional[BadInput]]:
        return {task: outcome(task) for task in tasks}

    def load(request: Optional[str]) -> Dataset:
        return made_up.dataset("mnist")

    monkeypatch.setattr(workers, "run_all", run_all)
    monkeypatch.setattr(locate, "load", load)
    return run("reproduce", "--out", folder, *arguments)


def trained_to(*figures: Tuple[float, float]) -> Outcome:
    """Workers whose runs of wheel-softmax end with these losses and accuracies, seed by seed."""

    def outcome(task: Task) -> Optional[BadInput]:
        seed = task.assignment.seed
        run_json.write(made_up.wheel(seed, *figures[seed]), task.folder)
        return None

    return outcome


def test_a_recipe_named_twice_is_run_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = mock.Mock(side_effect=trained_to((0.2691, 0.9269)))
    ended = rehearsed(monkeypatch, tmp_path, outcome, "wheel-softmax", "wheel-softmax", "--seeds", "1")

    assert 1 == outcome.call_count
    assert 1 == ended.out.count("  full scale, original arithmetic, 1 of 1 seed, 7,850 parameters\n")


@pytest.mark.parametrize(
    ("figures", "verdict", "code"),
    [
        (((0.2691, 0.9269), (0.2702, 0.9279), (0.2689, 0.9277)), "REPRODUCED", 0),
        (((0.2646, 0.9278), (0.2647, 0.9279), (0.2646, 0.9277)), "NOT REPRODUCED", 1),
        (((0.2691, 0.9269),), "INCONCLUSIVE", 1),
        (((0.2691, 0.9269), (math.nan, 0.098)), "INCOMPARABLE", 1),
    ],
)
def test_only_what_is_reproduced_passes(
    figures: Tuple[Tuple[float, float], ...], verdict: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = rehearsed(monkeypatch, tmp_path, trained_to(*figures), "--seeds", len(figures), "--json", tmp_path / "j")

    assert (code, "") == (ended.code, ended.err)
    assert f"\nwheel-softmax: {verdict}\n" in ended.out
    written = json.loads((tmp_path / "j").read_text(encoding="utf-8"))["recipes"]["wheel-softmax"]
    assert (verdict.lower(), len(figures)) == (written["verdict"], len(written["seeds"]))


def at_subset(*losses: float) -> Outcome:
    """Workers whose runs of vgg7 at the subset scale end with these losses, seed by seed."""

    def outcome(task: Task) -> Optional[BadInput]:
        seed = task.assignment.seed
        run_json.write(made_up_baselines.run(seed, losses[seed], "vgg7", "subset"), task.folder)
        return None

    return outcome


def vgg7_baseline(folder: Path, arithmetic: str = "original") -> Path:
    """Baselines with twelve runs of vgg7 at the subset scale, at a loss of about 0.05."""
    losses = made_up_baselines.SPREAD
    entry = recording.sample_entry(
        find("vgg7"), "subset", made_up_baselines.runs(losses, recipe="vgg7", arithmetic=arithmetic), "0123"
    )
    baseline_files.write(
        folder, BaselineFile("vgg7/subset", "samples", (replace(entry, history=(made_up_baselines.FIRST,)),))
    )
    return folder


SUBSET = ("vgg7", "--scale", "subset", "--seeds", 3)


@pytest.mark.parametrize(
    ("losses", "verdict", "code"),
    [
        ((0.0495, 0.0502, 0.0505), "EQUIVALENT", 0),
        ((0.0195, 0.0202, 0.0205), "IMPROVED", 1),
        ((0.0795, 0.0802, 0.0805), "REGRESSED", 1),
        ((0.0495, math.nan, 0.0505), "INCOMPARABLE", 1),
    ],
)
def test_where_nothing_published_can_be_tested_the_stored_runs_judge(
    losses: Tuple[float, ...], verdict: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    baselines = vgg7_baseline(tmp_path / "baselines")
    result = tmp_path / "result.json"
    ended = rehearsed(
        *(monkeypatch, tmp_path / "runs", at_subset(*losses), *SUBSET, "--baselines", baselines, "--json", result)
    )
    recipe = json.loads(result.read_text(encoding="utf-8"))["recipes"]["vgg7"]

    assert (code, "") == (ended.code, ended.err)
    assert f"\nvgg7: {verdict}\n" in ended.out
    assert "Judged by the stored runs of the same data and arithmetic: vgg7." == ended.out.splitlines()[-1]
    assert ("test_loss after 5 epochs", verdict.lower()) == (recipe["stored"][0]["metric"], recipe["verdict"])


@pytest.mark.parametrize(
    ("losses", "verdict", "code", "metrics"),
    [
        ((0.0195, 0.0202, 0.0205), "NOT TESTED", 1, ()),
        ((0.0495, math.nan, 0.0505), "INCOMPARABLE", 1, ("test loss", "test accuracy", "training loss")),
    ],
)
def test_where_nothing_is_stored_either_nothing_is_judged_and_that_does_not_pass(
    losses: Tuple[float, ...],
    verdict: str,
    code: int,
    metrics: Tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    baselines = vgg7_baseline(tmp_path / "baselines", arithmetic="framework")
    ended = rehearsed(monkeypatch, tmp_path / "runs", at_subset(*losses), *SUBSET, "--baselines", baselines)

    assert (code, "") == (ended.code, ended.err)
    assert f"\nvgg7: {verdict}\n" in ended.out
    assert [f"  {metric} after 5 epochs: it is nan for seed 1" for metric in metrics] == [
        line for line in ended.out.splitlines() if " for seed " in line
    ]
    assert "No stored runs to judge by: vgg7. Name their folder " in ended.out.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((*SUBSET, "--baselines", "baslines"), "there is no folder baslines\n"),
        ((*SUBSET, "--baselines", "baselines"), "baselines/vgg7/subset.yml cannot be used as a baseline"),
        (("--out", "file"), "file is not a folder\n"),
    ],
)
def test_places_that_are_none_are_told_before_the_work(
    arguments: Tuple[object, ...], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (vgg7_baseline(tmp_path / "baselines") / "vgg7" / "subset.yml").write_text("schema: 2\n", encoding="utf-8")
    ended = rehearsed(monkeypatch, Path("runs"), untouched, *arguments)

    ends_with_one_message(replace(ended, err=ended.err.replace(f"{tmp_path}/", "")), what)


@pytest.mark.parametrize(("kind", "code"), [(RunFailedError, 1), (BadInput, 2)])
def test_a_run_that_fails_is_told_and_the_others_are_still_shown(
    kind: Type[BadInput], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = trained_to((0.2691, 0.9269), (0.2702, 0.9279), (0.2689, 0.9277))
    failure = kind("the disk is gone", "somebody pulled it", "put it back")
    ended = rehearsed(monkeypatch, tmp_path, lambda task: failure if task.assignment.seed == 1 else others(task))

    assert (code, f"mnist-repro: wheel-softmax, seed 1: {failure}\n") == (ended.code, ended.err)
    assert "\nwheel-softmax: FAILED\n" in ended.out
    assert "  full scale, original arithmetic, 2 of 3 seeds, 7,850 parameters" in ended.out.splitlines()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--seeds", "0"], "--seeds 0\n"),
        (["--processes", "0"], "--processes 0\n"),
        (["--all", "vgg7"], "--all and vgg7\n"),
        (["vgg7", "vgg8"], "unknown recipe 'vgg8'\n"),
        (["--json", "."], ". is a folder\n"),
        (["--json", "file/result.json"], "{here}/file is not a folder\n"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_data_is_looked_for(
    arguments: List[str], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    ended = run("reproduce", *arguments)

    ends_with_one_message(ended, what.format(here=tmp_path))
    assert ("", ["file"]) == (ended.out, listed(tmp_path))


def untouched(task: Task) -> Optional[BadInput]:
    raise AssertionError("nothing may be trained")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        # To be made; through a link; of a session before.
        *((f"runs/wheel-softmax/{KIND}/seed-2/{name}", " is a file of a run's own") for name in FILES),
        (f"link/wheel-softmax/{KIND}/seed-0/run.json", " is a file of a run's own"),
        ("before/vgg7/seed-0/run.json", " is a file of a run's own"),
        ("runs/wheel-softmax", " cannot be a file"),
        (f"runs/wheel-softmax/{KIND}/seed-1", " cannot be a file"),
    ],
)
def test_a_result_does_not_take_the_place_of_a_run(
    name: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    (tmp_path / "link").symlink_to("runs")
    run_json.write(made_up.run("vgg7", 0, made_up.score(10, 0.04, 0.987)), tmp_path / "before" / "vgg7" / "seed-0")

    ends_with_one_message(rehearsed(monkeypatch, Path("runs"), untouched, "--json", name), f"{name}{what}\n")


def test_a_result_may_lie_beside_the_files_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "wheel-softmax" / KIND / "seed-0" / "result.json"
    ended = rehearsed(monkeypatch, tmp_path, trained_to((0.2691, 0.9269)), "--seeds", "1", "--json", file)

    assert (1, "", True) == (ended.code, ended.err, file.is_file())


def whole(task: Task) -> Optional[BadInput]:
    """Workers that leave all files of a run of wheel-softmax."""
    seed = task.assignment.seed
    task.folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (task.folder / name).write_text(name, encoding="utf-8")
    made = made_up.wheel(seed, 0.2691 + 0.0005 * seed, 0.9269)
    run_json.write(replace(made, provenance={**made_up_baselines.HERE, "seconds": 3.25}), task.folder)
    return None


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Dict[str, Any]:
    """The provenance of runs that would be made now; tests may change it."""
    provenance = dict(made_up_baselines.HERE)
    monkeypatch.setattr(kept_runs, "provenance_here", lambda: provenance)
    return provenance


@pytest.mark.usefixtures("here")
def test_seeds_that_are_there_are_used_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = mock.Mock(side_effect=whole)
    rehearsed(monkeypatch, tmp_path, outcome, "--seeds", "3")
    more = rehearsed(monkeypatch, tmp_path, outcome, "--seeds", "5")
    again = rehearsed(monkeypatch, tmp_path, outcome, "--seeds", "2", "--again")

    assert [0, 1, 2, 3, 4, 0, 1] == [call.args[0].assignment.seed for call in outcome.call_args_list]
    assert "wheel-softmax: 3 of 5 seeds were there" == more.out.splitlines()[1]
    assert "5 of 5 seeds, 7,850 parameters" in more.out
    assert "were there" not in again.out


def test_a_run_of_other_code_stays_until_it_is_trained_again(
    here: Dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearsed(monkeypatch, tmp_path, whole, "--seeds", "1")
    folder = tmp_path / "wheel-softmax" / KIND / "seed-0"
    before = contents(folder)
    here["code"] = "fedcba987654"
    refused = rehearsed(monkeypatch, tmp_path, untouched, "--seeds", "2")
    outcome = mock.Mock(side_effect=whole)
    again = rehearsed(monkeypatch, tmp_path, outcome, "--seeds", "2", "--again")

    ends_with_one_message(
        refused, f"{folder} holds a run that differs from a new one: code 0123456789ab, here fedcba987654\n"
    )
    assert before == contents(folder)
    assert ("", 2) == (again.err, outcome.call_count)


@pytest.mark.usefixtures("here")
def test_what_stops_all_runs_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rehearsed(monkeypatch, tmp_path, whole, "--seeds", "1")

    def full(task: Task) -> BadInput:
        return BadInput(f"cannot write {task.folder / 'learn.log'}: no room", "the disk is full", "make room")

    ended = rehearsed(monkeypatch, tmp_path, full, "--seeds", "4")
    file = tmp_path / "wheel-softmax" / KIND / "seed-1" / "learn.log"

    ends_with_one_message(ended, f"wheel-softmax, seeds 1, 2, 3: cannot write {file}: no room\n")
    assert "1 of 4 seeds, 7,850 parameters" in ended.out


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("more", "fix"),
    [
        ((), "type the same command again; it uses whole runs, and trains the others"),
        (("--again",), "type the same command again, or without --again, which uses whole runs"),
    ],
)
def test_ctrl_c_says_once_what_is_whole_and_what_to_type(
    more: Tuple[str, ...], fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(task: Task) -> Optional[BadInput]:
        if task.assignment.seed == 2:
            raise KeyboardInterrupt
        return whole(task)

    ended = rehearsed(monkeypatch, tmp_path, interrupted, "--seeds", "4", *more)

    expected = "mnist-repro: interrupted; 2 of 4 runs are whole: wheel-softmax, seeds 0, 1"
    assert (130, f"{expected}\n  next: {fix}\n") == (ended.code, ended.err)
    assert 1 == len(ended.out.splitlines())


CLOSER = ((0.2680, 0.9269), (0.2688, 0.9279), (0.2696, 0.9277), (0.2705, 0.9274), (0.2705, 0.9272))


@pytest.mark.parametrize(
    ("figures", "verdict", "seeds"),
    [
        (CLOSER[2:], "reproduced", 3),
        (CLOSER, "reproduced", 5),
        # Between what can be excluded and what can be shown: more seeds could not settle it.
        (((0.2672, 0.9269), (0.2680, 0.9279), (0.2688, 0.9277)), "inconclusive", 3),
    ],
)
def test_auto_takes_more_seeds_while_they_can_settle_it(
    figures: Tuple[Tuple[float, float], ...], verdict: str, seeds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = mock.Mock(side_effect=trained_to(*figures))
    ended = rehearsed(monkeypatch, tmp_path, outcome, "--seeds", "auto", "--json", tmp_path / "j")

    written = json.loads((tmp_path / "j").read_text(encoding="utf-8"))["recipes"]["wheel-softmax"]
    assert (verdict, seeds) == (written["verdict"], len(written["seeds"]))
    assert (int(verdict != "reproduced"), seeds) == (ended.code, outcome.call_count)


def test_auto_trains_more_seeds_of_undecided_recipes_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def outcome(task: Task) -> Optional[BadInput]:
        if task.assignment.recipe.name == "wheel-softmax":
            return trained_to(*CLOSER)(task)
        seed = task.assignment.seed
        made = made_up.run("tf-softmax", seed, made_up.score(1000, 0.29, 0.915 + seed / 1000), unit="step")
        run_json.write(made, task.folder)
        return None

    ended = rehearsed(monkeypatch, tmp_path, outcome, "wheel-softmax", "tf-softmax", "--seeds", "auto")

    assert ["5 of 5 seeds", "3 of 3 seeds"] == [
        line.split(", ")[2] for line in ended.out.splitlines() if line.startswith("  full scale")
    ]
