from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

from mnist_repro.recipes import find
from mnist_repro.reproduction import table as drift_table
from mnist_repro.reproduction.judgement import judge
from tests.builders import command_line, made_up, report_scene


def document(scene: report_scene.Scene) -> Dict[str, Any]:
    fields: Dict[str, Any] = json.loads((scene.root / "page" / "report.json").read_text(encoding="utf-8"))
    return fields


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
