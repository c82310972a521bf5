"""What `mnist-repro power` makes of measured trials, of usual checks and of stored samples; the slow tests measure."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.gate import statistics as gate
from mnist_repro.gate.baselines.values import BaselineFile, SampleEntry
from mnist_repro.gate.statistics import AUTO_SEEDS
from mnist_repro.gate.verdicts import Finding, Judgement, Metric, Verdict, worst
from mnist_repro.power import (
    resampling,
    trials,
)
from mnist_repro.power import (
    study as power_study,
)
from mnist_repro.power import (
    table as power,
)
from mnist_repro.power import (
    text as power_text,
)
from mnist_repro.power import (
    trial_worker as power_worker,
)
from mnist_repro.power.bugs import CalledOtherwiseError
from mnist_repro.power.study import Alarm, Plan, Result
from mnist_repro.power.table import COLUMNS, Cell, Row, Stored
from mnist_repro.power.trials import Measurement, Trial
from mnist_repro.power.usual_checks import accuracy_passes, num_regression_passes
from mnist_repro.recipes import find
from mnist_repro.runs import run_json
from mnist_repro.runs.found import find_runs
from mnist_repro.runs.metrics import metric_names, metrics_in_session
from mnist_repro.runs.problems import Problems
from mnist_repro.training import framework
from tests.builders import made_up
from tests.builders import made_up_baselines as made

WHEEL, VGG7 = find("wheel-softmax"), find("vgg7")
EXACT, LOSSES = {"steps": 9380, "images in the last batch": 96}, {"loss of step 1": 2.5, "loss of step 2": 2.25}
needs_pandas = pytest.mark.skipif(
    find_spec("pandas") is None, reason="pandas is not installed, and num_regression needs it"
)


# --- The usual checks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accuracies", "passes"),
    [
        ((0.9275, 0.9265, 0.9301), True),
        ((0.932, 0.9321, 0.9322), False),
        ((0.921, 0.9215, 0.9212), False),
        ((0.927, math.nan, 0.927), False),
    ],
)
def test_the_usual_check_is_on_the_mean_accuracy(accuracies: Tuple[float, ...], passes: bool) -> None:
    runs = [made_up.wheel(seed, 0.27, accuracy) for seed, accuracy in enumerate(accuracies)]

    assert passes is accuracy_passes(WHEEL, runs)


def test_the_usual_check_wants_every_published_score() -> None:
    whole = made_up.run("vgg7", 0, made_up.score(3, 0.08, 0.972), made_up.score(10, 0.04, 0.987))
    early = made_up.run("vgg7", 0, made_up.score(3, 0.08, 0.972), made_up.score(10, 0.04, 0.98))
    forgotten = made_up.run("vgg7", 0, made_up.score(10, 0.04, 0.987))

    assert [True, False, False] == [accuracy_passes(VGG7, [each]) for each in (whole, early, forgotten)]


@needs_pandas
@pytest.mark.parametrize(
    ("off", "passes"),
    [(0.0, True), (1e-7, True), (1e-5, False), (math.nan, False)],
)
def test_num_regression_compares_with_a_relative_tolerance_of_1e_5(off: float, passes: bool) -> None:
    stored = {seed: made.values(0.05) for seed in range(3)}

    assert passes is num_regression_passes(stored, made.runs((0.05, 0.05 + off, 0.05)))


@needs_pandas
def test_num_regression_lets_a_lost_metric_pass() -> None:
    stored = {seed: made.values(0.05) for seed in range(3)}
    without_scores = [replace(each, scores=()) for each in made.runs((0.05, 0.05, 0.05))]

    assert num_regression_passes(stored, without_scores)


# --- A trial and what is made of it --------------------------------------------------------------------------------


def stored(paired: bool = True) -> Stored:
    entry = made.samples((0.0488, 0.0504, 0.0517, *made.SPREAD), paired=paired)
    files = {"fingerprint": made.fingerprints(), "subset": made.subset(entry), "full": BaselineFile(WHEEL.name, "full")}
    return Stored(files, "mnist")


def trial(
    folder: Path,
    losses: Sequence[float] = (0.0488, 0.0504, 0.0517),
    exact: Mapping[str, int] = EXACT,
    bug: Optional[str] = "a-bug",
) -> Trial:
    """A trial whose results lie in its folder."""
    fields = {"recipe": WHEEL.name, "dataset": "mnist", "arithmetic": "original", "exact": exact, "losses": LOSSES}
    folder.mkdir()
    text = json.dumps({"schema": trials.SCHEMA, **fields, "provenance": made.HERE})
    (folder / "fingerprint.json").write_text(text, encoding="utf-8")
    for each in made.runs(losses):
        run_json.write(each, folder / "subset" / f"seed-{each.seed}", trials.RUN)
    return Trial(WHEEL.name, bug, folder)


def test_a_trial_is_no_run_to_those_who_look_for_runs(tmp_path: Path) -> None:
    measured = trial(tmp_path / "runs")

    assert 3 == len(measured.runs("subset", range(3)))
    with pytest.raises(BadInput, match=r"no run\.json in"):
        find_runs([measured.folder], Problems())


def judged(measured: Trial, **options: Any) -> Row:
    return power.row(measured, "something is wrong", stored(**options), {"subset": 3})


def caught(found: Row) -> Dict[str, Optional[bool]]:
    return {column: found.cells[column].caught for column in COLUMNS}


@pytest.fixture(autouse=True)
def _no_pandas_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "num_regression_passes", lambda stored, runs: runs[0].scores[0].test.loss < 0.05)


def test_code_as_it_is_is_caught_by_nothing(tmp_path: Path) -> None:
    found = judged(trial(tmp_path / "clean", bug=None))

    nothing = dict.fromkeys(("num_regression", "fingerprint", "subset", "ours"), False)
    assert {"accuracy": None, "full": None, **nothing} == caught(found)
    assert found.as_expected


def test_a_bug_that_nothing_shows_is_missed(tmp_path: Path) -> None:
    assert not judged(trial(tmp_path / "missed")).as_expected


def test_a_bug_in_what_is_fed_is_caught_by_the_fingerprint_alone(tmp_path: Path) -> None:
    found = judged(trial(tmp_path / "fed", exact={**EXACT, "steps": 8911}))

    assert (True, False, True) == tuple(caught(found)[column] for column in ("fingerprint", "subset", "ours"))
    assert "changed: steps, the counts and checksums differ from here on" == found.cells["ours"].why
    assert found.as_expected


def test_a_bug_in_what_comes_out_is_caught_by_the_samples(tmp_path: Path) -> None:
    found = judged(trial(tmp_path / "out", (0.0588, 0.0504, 0.0517)))

    assert (False, True, True) == tuple(caught(found)[column] for column in ("fingerprint", "subset", "ours"))
    assert found.cells["subset"].why.startswith("regressed: test_loss after 3 epochs, seed 0 gave 0.0588")


def test_a_crash_is_caught_and_said(tmp_path: Path) -> None:
    measured = trial(tmp_path / "crash")
    (tmp_path / "crash" / "subset" / "seed-1" / "crashed.txt").write_text("Traceback\nValueError: too few\n")

    assert Cell(True, "crashed: ValueError: too few") == judged(measured).cells["subset"]


def test_inconclusive_runs_are_followed_by_more_and_others_are_not(tmp_path: Path) -> None:
    unclear = trial(tmp_path / "unclear", (0.0588, 0.0504, 0.0417))
    far = trial(tmp_path / "far", (0.95, 0.9501, 0.9499))
    last = trial(tmp_path / "last", tuple(0.05 + 0.02 * (-1) ** seed for seed in range(10)))

    held_against = stored(paired=False)
    assert AUTO_SEEDS[1] == power.more_seeds(unclear, held_against, "subset", 3)
    assert 3 == power.more_seeds(far, held_against, "subset", 3)
    assert 10 == power.more_seeds(last, held_against, "subset", 10)


# What is stored: fifteen seeds, 0 to 14.
FRESH = (15, 16, 17)


def with_runs(measured: Trial, seeds: Sequence[int], loss: float) -> Trial:
    for seed in seeds:
        run_json.write(
            made.run(seed, loss + 1e-5 * (seed % 3)), measured.folder / "subset" / f"seed-{seed}", trials.RUN
        )
    return measured


def test_code_as_it_is_is_compared_by_seeds_that_are_not_stored(tmp_path: Path) -> None:
    clean = with_runs(trial(tmp_path / "clean", bug=None), FRESH, 0.5)

    found = judged(clean, paired=False)

    # The stored seeds give the stored bits, which would be equivalent.
    assert (False, True) == (found.cells["num_regression"].caught, found.cells["subset"].caught)
    assert found.cells["subset"].why.startswith("regressed: test_loss after 3 epochs")
    assert not found.as_expected


def test_code_as_it_is_passes_by_seeds_that_are_not_stored(tmp_path: Path) -> None:
    clean = with_runs(trial(tmp_path / "clean", bug=None), FRESH, 0.05)

    found = judged(clean, paired=False)
    assert [False, False, False] == [found.cells[column].caught for column in ("num_regression", "subset", "ours")]
    assert "equivalent" == found.cells["subset"].why.partition(":")[0]
    assert "the same bits" not in found.cells["subset"].why


def test_bugs_and_what_is_compared_seed_by_seed_are_given_the_stored_seeds(tmp_path: Path) -> None:
    clean, bug = Trial(WHEEL.name, None, tmp_path), Trial(WHEEL.name, "a-bug", tmp_path)

    given = [
        list(power.compared_seeds(each, stored(paired), "subset", 3))
        for each in (clean, bug)
        for paired in (False, True)
    ]
    assert [[15, 16, 17], [0, 1, 2], [0, 1, 2], [0, 1, 2]] == given


def test_of_code_as_it_is_both_kinds_of_runs_are_made_and_more_of_those_compared(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean, asked = Trial(WHEEL.name, None, tmp_path), []

    def measure(asked_for: Sequence[Tuple[Trial, Sequence[Measurement]]], *others: object) -> None:
        [(of, parts)] = asked_for
        asked.append([part.seed for part in of.missing(parts) if part.rung == "subset"])
        # Far enough from each other to be inconclusive.
        for seed in asked[-1]:
            run_json.write(made.run(seed, 0.05 + 0.02 * (-1) ** seed), tmp_path / "subset" / f"seed-{seed}", trials.RUN)

    monkeypatch.setattr(trials, "measure_all", measure)
    plan = Plan((), tmp_path, (WHEEL.name,), ("subset",), tmp_path, dataset, "", tmp_path, 1, made.HERE, "")
    seeds: Dict[Trial, Dict[str, int]] = {clean: {}}
    power_study._measure_scale(plan, "subset", [clean], {WHEEL.name: stored(paired=False)}, seeds, len)

    assert [[0, 1, 2, 15, 16, 17], [18, 19], [20, 21, 22, 23, 24]] == asked
    assert {clean: {"subset": 10}} == seeds


def test_only_what_is_missing_is_measured(tmp_path: Path) -> None:
    measured = trial(tmp_path / "some")

    wanted = [Measurement("fingerprint"), *power.parts(measured, stored(), "subset", 5), Measurement("full", 0)]
    assert [Measurement("subset", 3), Measurement("subset", 4), Measurement("full", 0)] == measured.missing(wanted)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    measured = trial(tmp_path / "kept")

    taken = measured.fingerprint()
    assert (EXACT, LOSSES, "mnist") == (taken.exact, taken.losses, taken.dataset)
    assert made.runs((0.0488, 0.0504, 0.0517)) == measured.runs("subset", range(3))


def test_code_that_crashes_leaves_what_it_died_of(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnist_repro.training import train as training

    def broken(*arguments: object) -> None:
        raise ValueError("the gradients are gone")

    monkeypatch.setattr(training, "train", broken)

    trials.measure(tmp_path, WHEEL, dataset, Measurement("subset", 1))

    measured = Trial(WHEEL.name, None, tmp_path)
    assert [] == measured.missing([Measurement("subset", 1)])
    assert "ValueError: the gradients are gone" == measured.crash([Measurement("subset", 0), Measurement("subset", 1)])


def of_tensorflow() -> Exception:
    error = framework.tensorflow().errors.ResourceExhaustedError
    return error(None, None, "OOM when allocating tensor")  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "make",
    [
        lambda: BadInput("cannot write x: No space left on device", "…", "…"),
        lambda: OSError(28, "No space left on device"),
        lambda: MemoryError(),
        lambda: CalledOtherwiseError("batch is called with other arguments than it takes"),
        of_tensorflow,
    ],
    ids=["bad input", "full disk", "no memory", "called otherwise", "no memory for a tensor"],
)
def test_what_says_nothing_about_the_code_is_not_kept(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Exception]
) -> None:
    from mnist_repro.training import train as training

    error = make()

    def broken(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(training, "train", broken)

    with pytest.raises(type(error)) as raised:
        trials.measure(tmp_path, WHEEL, dataset, Measurement("subset", 1))

    measured = Trial(WHEEL.name, None, tmp_path)
    assert error is raised.value
    assert ([Measurement("subset", 1)], None) == (
        measured.missing([Measurement("subset", 1)]),
        measured.crash([Measurement("subset", 1)]),
    )


# What no longer fits: a name that is gone, a field that is gone, an argument too few, and what the code crashes of.
UNFIT = """
from unittest import mock

from mnist_repro.training import arithmetic, batches as batching, framework, model, train as training
from mnist_repro.power.bugs import Bug, instead_of

def field_gone(*arguments):
    return model.Feed.no_such_field

def argument_gone():
    return 0

def batch_without_step(self, order):
    return order, order

def update_without_gradients(rule, weights):
    return lambda: None

def answer_of_another_type(*arguments):
    return None

def crash(*arguments):
    raise ValueError("nothing is left")

BUGS = (
    Bug("name", "…", ("tf-softmax",), lambda: instead_of(batching.no_such_name, crash)),
    Bug("function", "…", ("tf-softmax",), lambda: instead_of(crash, crash)),
    Bug("field", "…", ("tf-softmax",), lambda: instead_of(training.train, field_gone)),
    Bug("argument", "…", ("tf-softmax",), lambda: instead_of(training.train, argument_gone)),
    Bug("method", "…", ("tf-softmax",), lambda: mock.patch.object(model.Feed, "batch", batch_without_step)),
    Bug("returned", "…", ("tf-softmax",), lambda: instead_of(arithmetic.original_update, update_without_gradients)),
    Bug("answer", "…", ("tf-softmax",), lambda: instead_of(framework.scorer, answer_of_another_type)),
    Bug("crash", "…", ("tf-softmax",), lambda: instead_of(training.train, crash)),
)
"""


@pytest.mark.parametrize(
    ("bug", "told"),
    [
        ("name", "'no_such_name'"),
        ("function", "no module of mnist_repro has crash"),
    ],
)
def test_a_bug_that_cannot_be_planted_is_refused_and_nothing_is_kept(
    tmp_path: Path, data: str, bug: str, told: str
) -> None:
    measured, file = unfit(tmp_path, bug)

    with pytest.raises(BadInput, match="does not fit the code") as raised:
        trials.measure_all([(measured, [Measurement("subset", 0)])], data, file, 1, len)

    assert f"the bug {bug} does not fit the code" == raised.value.what
    assert told in raised.value.why
    assert [Measurement("subset", 0)] == measured.missing([Measurement("subset", 0)])


@pytest.mark.parametrize(
    ("bug", "told"),
    [
        ("field", "no_such_field"),
        ("argument", "argument_gone is called with other arguments than it takes"),
        ("method", "batch_without_step is called with other arguments than it takes"),
        ("returned", "<lambda> is called with other arguments than it takes"),
    ],
)
def test_a_bug_that_does_not_fit_what_it_meets_is_refused_and_nothing_is_kept(
    tmp_path: Path, data: str, bug: str, told: str
) -> None:
    measured, file = unfit(tmp_path, bug)

    with pytest.raises(BadInput, match="does not fit the code") as raised:
        measure_here(measured, data, file)

    assert f"the bug {bug} does not fit the code" == raised.value.what
    assert told in raised.value.why
    assert [Measurement("subset", 0)] == measured.missing([Measurement("subset", 0)])


def test_a_bug_whose_code_crashes_of_what_it_does_is_caught(tmp_path: Path, data: str) -> None:
    measured, file = unfit(tmp_path, "crash")

    measure_here(measured, data, file)

    assert "ValueError: nothing is left" == measured.crash([Measurement("subset", 0)])


def test_code_that_crashes_of_what_a_bug_answers_is_caught(tmp_path: Path, data: str) -> None:
    measured, file = unfit(tmp_path, "answer")

    measure_here(measured, data, file)

    # Our code calls None, which is no function of the bug's.
    assert str(measured.crash([Measurement("subset", 0)])).startswith("TypeError: ")


def measure_here(measured: Trial, data: str, bugs: Path) -> None:
    """Do what a process of `trials.measure_all` does, in this one, which has imported TensorFlow already."""
    parts = [Measurement("subset", 0)]
    power_worker._measure_all(
        {**asdict(measured), "folder": str(measured.folder), "data": data, "bugs": str(bugs), "parts": parts}
    )


def unfit(tmp_path: Path, bug: str) -> Tuple[Trial, Path]:
    file = tmp_path / "bugs.py"
    file.write_text(UNFIT, encoding="utf-8")
    return Trial("tf-softmax", bug, tmp_path / "out"), file


# --- Resampling ----------------------------------------------------------------------------------------------------


def spread(margin: float, rows: int = 16) -> SampleEntry:
    """A CNN's subset: three metrics with a standard deviation of about 1, and this margin."""
    generator = np.random.Generator(np.random.PCG64(7))
    names = metric_names(VGG7, "subset")
    samples = {seed: dict(zip(names, generator.normal(size=3).tolist())) for seed in range(rows)}
    metrics = tuple(Metric(name, "lower", margin, "…") for name in names)
    return made.samples(metrics=metrics, samples=samples)


def test_wide_margins_never_alarm_and_narrow_ones_always_do() -> None:
    wide = resampling.false_alarms({"vgg7": spread(1000.0)}, "subset", sessions=50)
    narrow = resampling.false_alarms({"vgg7": spread(0.01)}, "subset", sessions=50)

    assert {"normal": {"3": 0.0, "auto": 0.0}, "smoothed": {"3": 0.0, "auto": 0.0}} == wide
    assert {"normal": {"3": 1.0, "auto": 1.0}, "smoothed": {"3": 1.0, "auto": 1.0}} == narrow


def test_more_seeds_alarm_less() -> None:
    shares = resampling.false_alarms({"vgg7": spread(4.0)}, "subset", sessions=200)["normal"]

    assert shares["auto"] < shares["3"]


def test_softmax_recipes_do_not_alarm_in_the_simulation() -> None:
    entry = made.samples(paired=True)

    assert 0.0 == resampling.false_alarms({"wheel-softmax": entry}, "subset", sessions=5)["smoothed"]["3"]


def test_seed_by_seed_any_drop_beyond_the_margin_is_seen() -> None:
    drops = resampling.smallest_drops("wheel-softmax", made.samples(paired=True), "subset")

    assert [(1e-6, 1e-6)] * 3 == [(drop.at_first, drop.auto) for drop in drops]


def test_a_drop_far_beyond_the_margin_is_seen_and_one_far_below_is_not() -> None:
    first, *_ = resampling.smallest_drops("vgg7", spread(20.0), "subset", sessions=300)

    assert 10.0 < first.auto < 22.0
    assert first.clean_at_first > 0.9


def test_a_simulated_session_passes_just_when_the_gate_passes_it() -> None:
    entry, generator = spread(6.0), np.random.Generator(np.random.PCG64(3))
    tail = gate.SESSION_LEVEL / metrics_in_session("subset") / 2.0
    theirs = generator.normal(size=(16, 3))
    by_gate, simulated = [], []
    for _ in range(40):
        ours = generator.normal(scale=1.5, size=(5, 3)) + generator.normal(scale=2.0)
        columns = [(dict(enumerate(theirs[:, at])), dict(enumerate(ours[:, at]))) for at in range(3)]
        verdicts = [
            gate.compare_distributions(metric, *column, "subset", metrics_in_session("subset")).verdict
            for metric, column in zip(entry.metrics, columns)
        ]
        by_gate.append(worst(verdicts).passes)
        ends = np.array(resampling._ends(ours, theirs, tail))[np.newaxis, np.newaxis]
        simulated.append(bool(resampling.passes(ends, np.full(3, 6.0))[0]))

    assert by_gate == simulated
    assert {True, False} == set(by_gate)


def test_drawn_rows_have_the_spread_of_the_stored_ones() -> None:
    rows = np.array(made.SPREAD)[:, np.newaxis]
    generator = np.random.Generator(np.random.PCG64(1))

    for make in (resampling._normal, resampling._smoothed):
        drawn = make(rows, generator)(20_000)
        assert rows.mean() == pytest.approx(drawn.mean(), abs=5e-5)
        assert rows.std() == pytest.approx(drawn.std(), rel=0.1)


# --- What is printed, and the command ------------------------------------------------------------------------------


def result(*rows: Row, alarm: Verdict = Verdict.EQUIVALENT) -> Result:
    finding = Finding("fingerprint", "losses", alarm, "7 losses are within 2.0e-06, at most 1.1e-07 apart")
    alarms = (Alarm("wheel-softmax", "two threads", Judgement("wheel-softmax", (finding,))),)
    drops = tuple(resampling.smallest_drops("wheel-softmax", made.samples(paired=True), "subset"))
    return Result(rows, alarms, {"subset": {"normal": {"3": 0.5, "auto": 0.01}}}, {"subset": drops})


def rows(tmp_path: Path) -> List[Row]:
    clean = judged(trial(tmp_path / "clean", bug=None))
    fed = judged(trial(tmp_path / "fed", exact={**EXACT, "steps": 8911}))
    return [clean, fed]


def test_the_table_has_every_check_and_every_bug(tmp_path: Path) -> None:
    text = power_text.as_text(result(*rows(tmp_path)))

    table = [re.split(r"\s{2,}", line.strip()) for line in text.partition("\n\n")[0].splitlines()]
    assert ["recipe", "planted bug", *power_text.TITLES.values(), "what ours says first"] == table[0]
    assert ["wheel-softmax", "(no bug)", "not run", "–", "–", "–", "not run", "–"] == table[1]
    assert ["wheel-softmax", "a-bug", "not run", "–", "caught", "–", "not run", "caught"] == table[2][:-1]
    assert ["bugs caught", "not run", "0 of 1", "1 of 1", "0 of 1", "not run", "1 of 1"] == table[3]
    assert "false alarms of fingerprints in fresh processes: 0 of 1" in text
    assert "1.00 %" in text
    assert text.endswith("every planted bug is caught, and nothing else")


def test_what_was_missed_and_what_alarmed_is_said_last(tmp_path: Path) -> None:
    missed = judged(trial(tmp_path / "missed"))
    found = result(missed, alarm=Verdict.CHANGED)

    assert not found.passes
    assert ["missed: a-bug on wheel-softmax", "false alarm: wheel-softmax, two threads"] == power_text.as_text(
        found
    ).splitlines()[-2:]


def test_machines_are_told_the_same(tmp_path: Path) -> None:
    told = json.loads(power_text.as_json(result(*rows(tmp_path))))

    assert (1, True, [1, 1]) == (told["schema"], told["passes"], told["caught"]["fingerprint"])
    assert told["rows"][1]["cells"]["ours"] == {
        "caught": True,
        "why": "changed: steps, the counts and checksums differ from here on",
    }
