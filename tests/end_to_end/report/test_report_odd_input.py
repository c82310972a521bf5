from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict

import pytest

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.judge import judge_fingerprint
from mnist_repro.recipes import find
from mnist_repro.reproduction import table as drift_table
from mnist_repro.reproduction.judgement import judge
from mnist_repro.runs.run import Run
from tests.builders import command_line, gate_cases, made_up, made_up_baselines, report_scene
from tests.builders.page_reader import Page

OLDER = {"tensorflow": "2.2.0", "keras": "2.3.0-tf"}


def document(scene: report_scene.Scene) -> Dict[str, Any]:
    fields: Dict[str, Any] = json.loads((scene.root / "page" / "report.json").read_text(encoding="utf-8"))
    return fields


def page_text(scene: report_scene.Scene) -> str:
    return Page((scene.root / "page" / "index.html").read_text(encoding="utf-8")).text


@pytest.mark.parametrize(
    ("replaced", "said"),
    [
        ("{samples: {0: 1.0}, columns: [a]}", "replaced samples of seed 0 is 1.0, not a value for each column"),
        ("{samples: 3}", "replaced samples is 3, not a mapping"),
        ("{metrics: {a: 2026-01-02}}", "replaced has datetime.date(2026, 1, 2)"),
    ],
)
def test_a_baseline_with_an_odd_history_is_named_and_left_out(tmp_path: Path, replaced: str, said: str) -> None:
    scene = report_scene.wheel(tmp_path)
    baseline_files.write(scene.baselines, made_up_baselines.fingerprints())
    file = baseline_files.path_of(scene.baselines, "wheel-softmax", "subset")
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"replaced: \{\}", f"replaced: {replaced}", text), encoding="utf-8")

    ended = command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    assert (2, 1) == (ended.code, ended.err.count("left out"))
    assert said in ended.err
    assert ["fingerprint"] == [entry["rung"] for entry in document(scene)["history"]]


def older(seed: int, loss: float) -> Run:
    made = report_scene.run(seed, loss)
    return replace(made, provenance={**made.provenance, **OLDER})


def add_equal_fingerprint(scene: report_scene.Scene) -> None:
    """A session on TensorFlow 2.21 whose fingerprint is the stored one."""
    report_scene.add_gate(scene)
    taken = gate_cases.fingerprint("wheel-softmax")
    stored = gate_cases.stored_fingerprint("wheel-softmax")
    judgement = judge_fingerprint(stored, taken.exact, taken.losses, "mnist", "original", taken.provenance)
    findings = [
        {"rung": each.rung, "name": each.name, "verdict": each.verdict.value, "reason": each.reason, "interval": None}
        for each in judgement.findings
    ]
    here = ("recipes", "wheel-softmax", "comparisons", 0)
    report_scene.edit_gate(scene, (*here, "findings"), findings)
    report_scene.edit_gate(scene, (*here, "verdict"), "equivalent")
    report_scene.edit_gate(scene, (*here, "passes"), True)
    report_scene.edit_gate(scene, ("recipes", "wheel-softmax", "verdict"), "equivalent")


SAME = "No difference from the stored fingerprint."
DIFFERS = "What the run did differs from what is stored."


def test_a_fingerprint_is_told_of_runs_of_its_own_platform_alone(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    add_equal_fingerprint(scene)
    command_line.run(*scene.arguments())
    before = page_text(scene)
    for seed, loss in enumerate(made_up_baselines.SPREAD[:3]):
        scene.add(older(seed, loss), f"older-{seed}")

    command_line.run(*scene.arguments())

    assert 2 == len(document(scene)["groups"])
    assert (1, 1) == (before.count(SAME), page_text(scene).count(SAME))


def test_a_fingerprint_of_a_platform_without_runs_is_told_apart_from_the_runs(tmp_path: Path) -> None:
    scene = report_scene.Scene(tmp_path)
    baseline_files.write(scene.baselines, made_up_baselines.subset())
    for seed, loss in enumerate(made_up_baselines.SPREAD[:3]):
        scene.add(older(seed, loss))
    report_scene.add_gate(scene)

    command_line.run(*scene.arguments())

    text = page_text(scene)
    assert (0, 0) == (text.count(SAME), text.count(DIFFERS))
    assert 1 == text.count("from gate.json; no runs are shown")
    assert "loss of step 2" in text


def test_the_page_shares_its_level_among_all_published_figures_that_it_holds_against_runs(tmp_path: Path) -> None:
    scene = report_scene.Scene(tmp_path)
    losses = (0.2698, 0.2702, 0.2712)
    made = {
        recipe: [report_scene.run(seed, loss, recipe=recipe, scale="full") for seed, loss in enumerate(losses)]
        for recipe in ("wheel-softmax", "tf-softmax")
    }
    for runs in made.values():
        for each in runs:
            scene.add(each)
    scene.baselines.mkdir()

    ended = command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    assert 0 == ended.code, ended.err
    shown = {each["recipe"]: [one["interval"] for one in each["published"]] for each in document(scene)["groups"]}
    in_drift = {each.recipe: each.comparisons for each in drift_table.judge(list(made.values()), None)}
    data = made_up.dataset("mnist")
    judged = judge([(find(name), runs) for name, runs in made.items()], 3, "full", data)
    reproduced = {each.recipe.name: each.comparisons for each in judged.recipes}
    for other in (in_drift, reproduced):
        assert shown == {
            name: [one.possible and [one.possible.low, one.possible.high] for one in comparisons]
            for name, comparisons in other.items()
        }
