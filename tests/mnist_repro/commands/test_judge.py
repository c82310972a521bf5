"""`mnist-repro judge`: what it prints and leaves, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mnist_repro.runs import run_json
from tests.builders.command_line import ends_with_one_message, listed, run
from tests.builders.gate_cases import runs, store, stored


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    store(tmp_path / "baselines", stored())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def add(folder: Path, better: float = 0.0) -> None:
    for each in runs(better=better):
        run_json.write(each, folder / f"seed-{each.seed}")


def test_runs_that_agree_pass_and_leave_the_report(here: Path) -> None:
    add(here / "runs")
    ended = run("judge")

    assert (0, "", "vgg7: subset equivalent\ngate report: gate/gate.md\n") == (ended.code, ended.err, ended.out)
    assert ["gate.json", "gate.md"] == listed(here / "gate")


def test_runs_that_differ_are_explained_and_are_exit_code_1(here: Path) -> None:
    add(here / "mine", better=0.1)
    ended = run("judge", "mine", "--out", "verdict")

    assert (1, "") == (ended.code, ended.err)
    assert ended.out.startswith("vgg7/subset: IMPROVED")
    assert "\nvgg7: subset improved\n" in ended.out
    assert ended.out.endswith("gate report: verdict/gate.md\n")
    assert not json.loads((here / "verdict" / "gate.json").read_text(encoding="utf-8"))["passes"]


def test_a_run_that_cannot_be_read_is_named_and_is_exit_code_2(here: Path) -> None:
    add(here / "runs")
    (here / "runs" / "seed-101" / "run.json").write_text("{", encoding="utf-8")
    ended = run("judge")

    assert (2, True) == (ended.code, "vgg7: subset equivalent" in ended.out)
    assert ended.err.startswith("mnist-repro: left out: runs/seed-101/run.json is not JSON")
    assert not json.loads((here / "gate" / "gate.json").read_text(encoding="utf-8"))["passes"]


def test_no_runs_and_no_baselines_are_one_message(here: Path) -> None:
    (here / "runs").mkdir()
    ends_with_one_message(run("judge"), "no run.json in runs\n")
    ends_with_one_message(run("judge", "--baselines", "baslines"), "there is no folder baslines\n")
