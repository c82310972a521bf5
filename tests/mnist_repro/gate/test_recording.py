"""What a recording keeps, refuses and foretells."""

from __future__ import annotations

import math
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List, Mapping

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate import recording
from mnist_repro.gate.claims import higher, lower

GIT = shutil.which("git") or "git"
RUNS: Mapping[int, Mapping[str, float]] = {seed: {"loss": 0.5 + 0.01 * ((seed * 7) % 16)} for seed in range(16)}


def checkout(folder: Path) -> None:
    identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    (folder / "code.py").write_text("a = 1\n", encoding="utf-8")
    for words in (("init", "--quiet"), ("add", "code.py"), ("commit", "--quiet", "-m", "first")):
        subprocess.run([GIT, "-C", str(folder), *identity, *words], check=True)


def test_runs_are_kept_while_the_code_stays_as_it_is(tmp_path: Path) -> None:
    checkout(tmp_path)
    baselines = tmp_path / "elsewhere"
    recording.Kept.of(baselines, "it", tmp_path, ["it"]).add(3, {"loss": 0.5})

    assert {3: {"loss": 0.5}} == recording.Kept.of(baselines, "it", tmp_path, ["it"]).runs
    assert {} == recording.Kept.of(baselines, "it", tmp_path, ["other conditions"]).runs
    (tmp_path / "code.py").write_text("a = 2\n", encoding="utf-8")
    assert {} == recording.Kept.of(baselines, "it", tmp_path, ["it"]).runs


def test_runs_are_not_kept_over_a_change_of_code_that_is_not_under_version_control(tmp_path: Path) -> None:
    checkout(tmp_path)
    baselines = tmp_path / "elsewhere"
    (tmp_path / "new.py").write_text("a = 1\n", encoding="utf-8")
    recording.Kept.of(baselines, "it", tmp_path, ["it"]).add(3, {"loss": 0.5})

    (tmp_path / "new.py").write_text("a = 2\n", encoding="utf-8")
    assert {} == recording.Kept.of(baselines, "it", tmp_path, ["it"]).runs


def test_without_version_control_nothing_is_kept(tmp_path: Path) -> None:
    kept = recording.Kept.of(tmp_path / "baselines", "it", tmp_path, ["it"])
    kept.add(0, {"loss": 0.5})

    assert not (tmp_path / "baselines").exists()


def test_a_seed_that_gives_two_results_is_noticed() -> None:
    drawn: List[float] = []

    def train(seed: int) -> Dict[str, float]:
        drawn.append(0.5)
        return {"loss": float(len(drawn))}

    assert [True, False] == [
        recording.make_runs(each, 3, recording.Kept(None, ""))[1] for each in (lambda seed: float(seed), train)
    ]


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ({seed: RUNS[seed] for seed in range(9)}, "9 seeds to record"),
        ({seed: {"loss": 0.5} for seed in range(16)}, "loss is 0.5 for all of 16 seeds"),
        ({**RUNS, 7: {"loss": math.nan}}, "loss is nan for seed 7"),
        ({**RUNS, 7: {"loss": -math.inf}}, "loss is -inf for seed 7"),
    ],
)
def test_what_cannot_be_compared_is_not_recorded(runs: Mapping[int, Mapping[str, float]], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        recording.sample_entry({}, {"loss": lower()}, runs, {}, None)


def test_stored_samples_are_not_lost_and_margins_stay() -> None:
    stored = recording.sample_entry({}, {"loss": lower()}, RUNS, {}, None)
    wider = {seed: {"loss": 3.0 * values["loss"]} for seed, values in RUNS.items()}

    assert stored.metrics == recording.sample_entry({}, {"loss": lower()}, wider, {}, stored).metrics
    assert 0.5 == recording.sample_entry({}, {"loss": lower(0.5)}, wider, {}, stored).metrics[0].margin
    with pytest.raises(BadInput, match=r"12 seeds to record, where 16 are stored\n.*\n.* too: 12, 13, 14, 15$"):
        recording.sample_entry({}, {"loss": lower()}, {seed: RUNS[seed] for seed in range(12)}, {}, stored)


def test_the_outlook_names_the_smallest_drop_and_refuses_a_gate_that_hardly_ever_passes() -> None:
    wide = recording.sample_entry({}, {"loss": higher(0.2)}, RUNS, {}, None)
    [drop, share] = recording.outlook("it", wide)

    assert drop.startswith("loss: margin 0.2 (stated in the test); stops a drop of 0.")
    assert "clean sessions that pass: 100.0 % with --gate-seeds auto" == share
    with pytest.raises(BadInput, match="% of sessions without any change would fail"):
        recording.outlook("it", recording.sample_entry({}, {"loss": higher(0.005)}, RUNS, {}, None))


def test_the_provenance_names_the_platform(tmp_path: Path) -> None:
    here = recording.provenance(tmp_path, "device A")

    assert here["platform"].startswith(f"{here['machine']}, NumPy ")
    assert here["platform"].endswith(", device A")
    assert "installed" == here["commit"]
