from __future__ import annotations

import json
from pathlib import Path
from typing import List, Sequence

import pytest

from mnist_repro.gate.report import Report, as_json
from mnist_repro.harness.judged_runs import gate_report
from mnist_repro.report import gate_file
from mnist_repro.runs.found import FoundRun
from mnist_repro.runs.run import Run
from tests.builders.gate_cases import run, runs, store, stored

BASELINES = Path(__file__).resolve().parents[3] / "baselines"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return store(tmp_path, stored())


def judged(folder: Path, *groups: Sequence[Run], complete: bool = True) -> Report:
    found = [[FoundRun(Path("runs") / f"seed-{each.seed}", each) for each in group] for group in groups]
    return gate_report(folder, found, "2026-01-02T03:04:05+00:00", complete)


def outcomes(report: Report) -> List[str]:
    return [f"{entry.test}: {entry.name} {entry.outcome}" for entry in report.entries]


def test_runs_that_agree_pass(folder: Path) -> None:
    report = judged(folder, runs())

    assert ["runs/seed-100 and 2 more: vgg7/subset passed"] == outcomes(report)
    assert (True, 0, "3") == (report.passes, report.session.exit_code, report.session.settings["seeds"])


def test_runs_that_differ_do_not(folder: Path) -> None:
    report = judged(folder, runs(better=0.25))

    assert ["runs/seed-100 and 2 more: vgg7/subset failed"] == outcomes(report)
    assert (False, 1) == (report.passes, report.session.exit_code)


def test_runs_without_a_baseline_and_no_runs_do_not(folder: Path) -> None:
    assert [False, False] == [judged(folder, runs("vgg7-bn")).passes, judged(folder).passes]


def test_one_bad_group_is_enough(folder: Path) -> None:
    assert not judged(folder, runs(), [run(better=0.25)]).passes


def test_what_could_not_all_be_read_does_not_pass(folder: Path) -> None:
    report = judged(folder, runs(), complete=False)

    assert (False, True, 2) == (report.passes, report.comparisons_pass, report.session.exit_code)


def test_published_figures_are_judged_beside_full_runs() -> None:
    report = judged(BASELINES, runs("wheel-softmax", (0, 1), scale="full"))

    assert [
        "runs/seed-0 and 1 more: wheel-softmax/full failed",
        f"{BASELINES}: wheel-softmax/published passed",
    ] == outcomes(report)


def test_the_page_reads_the_report(folder: Path) -> None:
    (folder / "gate.json").write_text(as_json(judged(folder, runs())), encoding="utf-8")

    gate = gate_file.read(folder)
    assert (True, "equivalent", ["vgg7"]) == (gate.passes, gate.verdict, list(gate.recipes))
    assert {"mnist_repro", "python"} == set(json.loads((folder / "gate.json").read_text())["session"]["versions"])
