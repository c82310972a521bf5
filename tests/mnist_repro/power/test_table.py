"""What `mnist-repro power` makes of measured trials, of usual checks and of stored samples; the slow tests measure."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Optional

import pytest

from mnist_repro.gate.statistics import AUTO_SEEDS
from mnist_repro.power import table as power
from mnist_repro.power import trials
from mnist_repro.power.table import COLUMNS, Cell, Row
from mnist_repro.power.trials import Trial
from mnist_repro.runs import run_json
from tests.builders import made_up_baselines as made
from tests.builders.made_up_trials import EXACT, FIRST, WHEEL, judged, stored, trial


def caught(found: Row) -> Dict[str, Optional[bool]]:
    return {column: found.cells[column].caught for column in COLUMNS}


def test_code_as_it_is_is_caught_by_nothing_and_a_bug_that_nothing_shows_is_missed(tmp_path: Path) -> None:
    found = judged(trial(tmp_path / "clean", bug=None))

    nothing = dict.fromkeys(("num_regression", "fingerprint", "subset", "ours"), False)
    assert {"accuracy": None, "full": None, **nothing} == caught(found)
    assert (True, False) == (found.as_expected, judged(trial(tmp_path / "missed")).as_expected)


def test_a_bug_in_what_is_fed_is_caught_by_the_fingerprint_alone(tmp_path: Path) -> None:
    found = judged(trial(tmp_path / "fed", exact={**EXACT, "steps": 8911}))

    assert (True, False, True) == tuple(caught(found)[column] for column in ("fingerprint", "subset", "ours"))
    assert "changed: steps, the exact values differ from here on" == found.cells["ours"].why
    assert found.as_expected


def test_a_bug_in_what_comes_out_is_caught_by_the_samples(tmp_path: Path) -> None:
    found = judged(trial(tmp_path / "out", (0.0588, *FIRST[1:])))

    assert (False, True, True) == tuple(caught(found)[column] for column in ("fingerprint", "subset", "ours"))
    assert found.cells["subset"].why.startswith("regressed: test_loss after 3 epochs, seed 0 gave 0.0588")


def test_a_crash_is_caught_and_said(tmp_path: Path) -> None:
    measured = trial(tmp_path / "crash")
    (tmp_path / "crash" / "subset" / "seed-1" / "crashed.txt").write_text("Traceback\nValueError: too few\n")

    assert Cell(True, "crashed: ValueError: too few") == judged(measured).cells["subset"]


def test_inconclusive_runs_are_followed_by_more_and_others_are_not(tmp_path: Path) -> None:
    unclear = trial(tmp_path / "unclear", (0.0588, 0.0504, 0.0417, 0.0588, 0.0417))
    far = trial(tmp_path / "far", (0.95, 0.9501, 0.9499, 0.9502, 0.9498))
    last = trial(tmp_path / "last", tuple(0.05 + 0.02 * (-1) ** seed for seed in range(10)))

    held_against = stored(paired=False)
    assert AUTO_SEEDS[1] == power.more_seeds(unclear, held_against, "subset", 5)
    assert 5 == power.more_seeds(far, held_against, "subset", 5)
    assert 10 == power.more_seeds(last, held_against, "subset", 10)


# What is stored: fifteen seeds, 0 to 14.
FRESH = (15, 16, 17, 18, 19)


@pytest.mark.parametrize(("loss", "alarm", "verdict"), [(0.5, True, "regressed"), (0.05, False, "equivalent")])
def test_code_as_it_is_is_compared_by_seeds_that_are_not_stored(
    tmp_path: Path, loss: float, alarm: bool, verdict: str
) -> None:
    clean = trial(tmp_path / "clean", bug=None)
    for seed in FRESH:
        folder = clean.folder / "subset" / f"seed-{seed}"
        run_json.write(made.run(seed, loss + 1e-5 * (seed % 3)), folder, trials.RUN)

    found = judged(clean, paired=False)

    # The stored seeds give the stored bits, which would be equivalent.
    cells = [found.cells[column] for column in ("num_regression", "subset", "ours")]
    assert [False, alarm, alarm] == [cell.caught for cell in cells]
    assert (verdict, False) == (cells[1].why.partition(":")[0], "the same bits" in cells[1].why)
    assert alarm != found.as_expected


def test_bugs_and_what_is_compared_seed_by_seed_are_given_the_stored_seeds(tmp_path: Path) -> None:
    clean, bug = Trial(WHEEL.name, None, tmp_path), Trial(WHEEL.name, "a-bug", tmp_path)

    given = [
        list(power.compared_seeds(each, stored(paired), "subset", 5))
        for each in (clean, bug)
        for paired in (False, True)
    ]
    assert [[15, 16, 17, 18, 19], *[[0, 1, 2, 3, 4]] * 3] == given
