"""The published budget: some minutes, so every night and not before each change."""

from __future__ import annotations

from pathlib import Path

from mnist_repro.data.dataset import Dataset
from tests.builders import command_line
from tests.builders.emulated import Emulated
from tests.builders.wheel_format import read
from tests.builders.wheel_machine import NEEDED, Host, Wheel
from tests.end_to_end.wheel.test_plain_scripts import agrees_with_the_recipe, by_hand, dataset
from tests.end_to_end.wheel.test_wheel_runs import BASELINES

__all__ = ["dataset"]


@NEEDED
def test_every_seed_is_the_stored_one_and_the_published_figures_come_out(
    tmp_path: Path, host: Host, pjm: Emulated
) -> None:
    project = tmp_path / "mnist.wheel"
    assert 0 == command_line.run("wheel", project, "--seeds", 2, "--baselines", BASELINES).code
    ran = Wheel(project, host, pjm, pjm.work)

    assert "finished" == ran.run(), ran.said("train-0") + ran.said("judge")
    gate = read(project / "judge" / "verdict" / "gate.json")
    found = {each["name"]: each["verdict"] for each in gate["subjects"]["wheel-softmax"]["comparisons"]}
    assert ["0", "1"] == sorted(gate["subjects"]["wheel-softmax"]["comparisons"][0]["samples"])
    assert {"wheel-softmax/full": "equivalent", "wheel-softmax/published": "reproduced"} == found


def test_plain_scripts_give_what_the_recipe_gives(tmp_path: Path, dataset: Dataset) -> None:
    found = by_hand(tmp_path, dataset, "full")

    print(found)
    agrees_with_the_recipe(found, dataset, "full")
