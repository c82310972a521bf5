from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, Dict

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from mnist_repro.recipes import find
from mnist_repro.wheel.folder import write
from mnist_repro.wheel.project import Project
from mnist_repro.wheel.workflow import TEMPLATES, Conditions, by_hand, judged_seeds, two_tasks
from tests.builders.wheel_format import complaints

FUGAKU: Dict[str, Any] = {
    "name": "mnist",
    "recipe": find("wheel-softmax"),
    "scale": "full",
    "arithmetic": "original",
    "host": "fugaku",
    "python": "/vol0004/data/it's/bin/python",
    "data": "/vol0004/data/mnist digits",
    "volumes": "/vol0004:/vol0005",
    "group": "hp000000",
}


def conditions(**changes: Any) -> Conditions:
    return Conditions(**{**FUGAKU, **changes})


PROJECTS = {
    "two": two_tasks(conditions()),
    "seeds": judged_seeds(conditions(), 3, {"wheel-softmax/full.yml": "a\n"}),
    "plain": by_hand(conditions(scale="subset")),
}


@pytest.mark.parametrize("project", PROJECTS.values(), ids=PROJECTS)
def test_wheel_has_nothing_to_complain_about(project: Project, tmp_path: Path) -> None:
    write(tmp_path / "mnist.wheel", project.files())

    assert [] == complaints(tmp_path / "mnist.wheel")


@pytest.mark.parametrize("project", PROJECTS.values(), ids=PROJECTS)
def test_bash_understands_every_script_and_no_place_is_left_open(project: Project) -> None:
    for path, text in project.files().items():
        assert "{{" not in text, path
        if path.endswith(".sh"):
            checked = subprocess.run(["/bin/bash", "-n"], input=text, stderr=subprocess.PIPE, text=True, check=False)
            assert "" == checked.stderr, path


def test_the_script_reads_as_stored(file_regression: FileRegressionFixture) -> None:
    file_regression.check(PROJECTS["two"].files()["train/run.sh"], extension=".sh", encoding="utf-8")


def test_the_tutorials_three_directives_stand_first_and_the_group_after_them() -> None:
    texts = [text for path, text in PROJECTS["plain"].files().items() if path.endswith("run.sh")]

    assert 2 == len(texts)
    for text in texts:
        assert [
            "#!/bin/bash",
            '#PJM --rsc-list "elapse=01:00:00"',
            '#PJM -L "node=1"',
            "#PJM -x PJM_LLIO_GFSCACHE=/vol0004:/vol0005",
            "#PJM -g hp000000",
        ] == text.splitlines()[:5]
    assert "#PJM -g" not in two_tasks(conditions(group=None)).files()["train/run.sh"]


@pytest.mark.parametrize(
    ("recipe", "scale", "elapse"),
    [("vgg7", "full", "06:00:00"), ("vgg7", "subset", "01:00:00"), ("tf-softmax", "full", "01:00:00")],
)
def test_a_large_model_has_more_time_for_its_published_budget(recipe: str, scale: str, elapse: str) -> None:
    files = two_tasks(conditions(recipe=find(recipe), scale=scale)).files()

    assert f"elapse={elapse}" in files["train/run.sh"]
    assert "elapse=01:00:00" in files["estimate/run.sh"]


def test_each_seed_has_its_chain_and_the_judge_gets_them_all() -> None:
    project = PROJECTS["seeds"]

    chains = [f"{name}-{seed}" for seed in range(3) for name in ("train", "estimate")]
    assert [*chains, "judge"] == [task.name for task in project.tasks]
    assert [f"seed-{seed}/" for seed in range(3) for _ in range(2)] == [
        link.input for link in project.links if link.target == "judge"
    ]
    assert "--seed 2 " in project.files()["train-2/run.sh"]
    assert "a\n" == project.files()["judge/baselines/wheel-softmax/full.yml"]


def test_no_two_components_lie_upon_one_another() -> None:
    for project in PROJECTS.values():
        assert len(project.tasks) == len({task.place for task in project.tasks})


def test_plain_scripts_have_the_budget_and_the_data_of_the_project() -> None:
    files = PROJECTS["plain"].files()

    assert '\nDATA = "/vol0004/data/mnist digits"\nIMAGES = 10000\nEPOCHS = 3\n' in files["train/train.py"]
    assert '\nDATA = "/vol0004/data/mnist digits"\n' in files["estimate/estimate.py"]
    assert "mnist_repro" not in "".join(files[f"{name}/{name}.py"] for name in ("train", "estimate"))
    assert "-m mnist_repro" not in "".join(files.values())


def test_plain_scripts_are_whole_as_they_stand_here() -> None:
    # At the published budget, with Keras' own copy of the data.
    files = by_hand(conditions(data="mnist")).files()

    for name in ("train", "estimate"):
        assert (TEMPLATES / f"{name}.py").read_text(encoding="utf-8") == files[f"{name}/{name}.py"]
