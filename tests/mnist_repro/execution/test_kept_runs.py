"""Where runs are kept, when one is whole, and when it stands for a new one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Mapping

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.execution.components import Assignment
from mnist_repro.execution.kept_runs import differences, is_whole, kept_runs, run_folder
from mnist_repro.execution.workers import Task
from mnist_repro.files.atomic import UNFINISHED
from mnist_repro.recipes import find
from mnist_repro.runs import run_json
from mnist_repro.runs.run import Run
from mnist_repro.runs.run_json import ESTIMATED, TRAINED
from tests.builders import made_up
from tests.builders.command_line import contents, listed
from tests.builders.made_up_baselines import HERE
from tests.builders.refused import refused

WHEEL = Assignment(find("wheel-softmax"))
FILES = (*TRAINED, *ESTIMATED)
WORDS = "DIR holds a run that differs from a new one"


def kept(**provenance: Any) -> Run:
    return replace(made_up.wheel(0, 0.27, 0.927), provenance={**HERE, **provenance})


def keep(folder: Path, run: Run) -> Task:
    """Write all files of a run, as those of seed 0 of wheel-softmax."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (folder / name).write_text(name, encoding="utf-8")
    run_json.write(run, folder)
    return Task(WHEEL, "mnist", folder)


def here() -> Mapping[str, Any]:
    return HERE


@pytest.mark.parametrize(
    ("dataset", "assignment", "expected"),
    [
        ("mnist", WHEEL, "wheel-softmax/mnist-full-original/seed-0"),
        ("surrogate", replace(WHEEL, seed=3, scale="subset"), "wheel-softmax/surrogate-subset-original/seed-3"),
        ("unrecognised", replace(WHEEL, arithmetic="framework"), "wheel-softmax/data-0123-full-framework/seed-0"),
    ],
)
def test_the_folder_says_what_the_run_is(dataset: str, assignment: Assignment, expected: str) -> None:
    assert Path("runs") / expected == run_folder(Path("runs"), assignment, made_up.dataset(dataset))


@pytest.mark.parametrize("missing", FILES)
def test_a_run_without_one_of_its_files_is_not_whole(missing: str, tmp_path: Path) -> None:
    task = keep(tmp_path, kept(code="other code"))
    assert is_whole(tmp_path)
    for spoil in ((tmp_path / missing).unlink, (tmp_path / missing).touch):
        spoil()

        assert (False, {}) == (is_whole(tmp_path), kept_runs([task], "0123", pytest.fail))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "fedcba987654"}, "code fedcba987654, here 0123456789ab"),
        ({"tensorflow": "2.2.0", "keras": "2.3.0"}, "tensorflow 2.2.0, here 2.21.0; keras 2.3.0, here 3.15.1"),
        ({"machine": "aarch64"}, "machine aarch64, here x86_64"),
        ({"threads": 2}, "threads 2, here 1"),
        ({"switches": {"ONEDNN_MAX_CPU_ISA": "AVX2"}}, "switches {'ONEDNN_MAX_CPU_ISA': 'AVX2'}, here {}"),
    ],
)
def test_a_run_of_other_code_or_of_another_platform_is_refused(
    changes: Dict[str, Any], words: str, tmp_path: Path
) -> None:
    task = keep(tmp_path, kept(**changes))
    before = contents(tmp_path)
    what, _, fix = refused(lambda: kept_runs([task], "0123", here), DIR=tmp_path)

    assert (f"{WORDS}: {words}", before) == (what, contents(tmp_path))
    assert "--out another folder, or --again to train them again and replace them" == fix


def test_a_run_made_before_code_was_recorded_is_of_other_code() -> None:
    old = replace(kept(), provenance={name: value for name, value in HERE.items() if name != "code"})

    assert ["code not recorded, here 0123456789ab"] == differences(old, WHEEL, "0123", HERE)


def test_a_run_that_was_moved_to_another_folder_is_named_for_what_it_is() -> None:
    moved = replace(kept(), recipe="vgg7", seed=1, scale="subset", arithmetic="framework")

    assert [
        *("recipe vgg7, here wheel-softmax", "seed 1, here 0", "scale subset, here full"),
        *("arithmetic framework, here original", "data 0123, here 4567"),
    ] == differences(moved, WHEEL, "4567", HERE)


def test_of_many_runs_of_other_code_the_first_is_named_and_the_others_counted(tmp_path: Path) -> None:
    tasks = [keep(tmp_path / name, kept(code=name)) for name in ("first", "second", "third")]
    what, _, _ = refused(lambda: kept_runs(tasks, "0123", here), DIR=tmp_path)

    assert "DIR/first holds a run that differs from a new one, and so do 2 more: code first" in what


def test_a_whole_run_that_cannot_be_read_is_not_replaced(tmp_path: Path) -> None:
    task = keep(tmp_path, kept())
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")

    with pytest.raises(BadInput, match=r"run\.json"):
        kept_runs([task], "0123", here)


def test_what_a_killed_process_left_beside_a_whole_run_is_removed(tmp_path: Path) -> None:
    task = keep(tmp_path, kept())
    (tmp_path / f"{UNFINISHED}1").mkdir()

    assert [task] == list(kept_runs([task], "0123", here))
    assert sorted(FILES) == listed(tmp_path)
