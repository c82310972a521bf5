from __future__ import annotations

import json
from pathlib import Path

import pytest

from mnist_repro.wheel.folder import write
from mnist_repro.wheel.project import Link, Project, Task
from tests.builders.wheel_format import complaints, read

TASKS = [Task(name, "Does it.", {"run.sh": "true\n"}, "*.log", (1, 2)) for name in ("first", "second", "last")]
LINKS = [
    Link("first", "a.txt", "last", "in/"),
    Link("second", "b-*", "last", "in/"),
    Link("first", "a.txt", "second", "c"),
]


def project(name: str = "mine") -> Project:
    return Project(name, "Three of them.", "fugaku", TASKS, LINKS)


def test_wheel_has_nothing_to_complain_about(tmp_path: Path) -> None:
    write(tmp_path / "mine.wheel", project().files())

    assert [] == complaints(tmp_path / "mine.wheel")


def test_a_link_stands_on_both_sides(tmp_path: Path) -> None:
    write(tmp_path / "mine.wheel", project().files())
    first, second, last = (read(tmp_path / "mine.wheel" / each.name / "cmp.wheel.json") for each in TASKS)

    assert [
        {"name": "a.txt", "dst": [{"dstNode": last["ID"], "dstName": "in/"}, {"dstNode": second["ID"], "dstName": "c"}]}
    ] == (first["outputFiles"])
    sources = [{"srcNode": first["ID"], "srcName": "a.txt"}, {"srcNode": second["ID"], "srcName": "b-*"}]
    assert [{"name": "in/", "src": sources}] == last["inputFiles"]


def test_the_same_project_is_the_same_files_and_another_has_other_ids() -> None:
    assert project().files() == project().files()
    ids = [set(json.loads(project(name).files()["prj.wheel.json"])["componentPath"]) for name in ("mine", "yours")]
    assert (4, set()) == (len(ids[0]), ids[0] & ids[1])


@pytest.mark.parametrize(
    ("file", "changes", "complaint"),
    [
        ("prj.wheel.json", {"name": "yours"}, "mine.wheel holds yours"),
        ("prj.wheel.json", {"state": "finished"}, "prj.wheel.json: state='finished'"),
        ("first/cmp.wheel.json", {"include": ["a", "b"]}, "first: include=['a', 'b']"),
        ("first/cmp.wheel.json", {"include": [{"name": "a"}]}, "first: include=[{'name': 'a'}]"),
        ("first/cmp.wheel.json", {"name": "fist"}, "first: its folder is not its name"),
        ("first/cmp.wheel.json", {"script": "go.sh"}, "first: no script"),
        ("first/cmp.wheel.json", {"useJobScheduler": 1}, "first: useJobScheduler=1"),
        ("first/cmp.wheel.json", {"keep": 3}, "first: keep is not of the format"),
        ("second/cmp.wheel.json", {"outputFiles": []}, "last: in/ is expected from nobody who sends it"),
        ("second/cmp.wheel.json", {"inputFiles": []}, "first: a.txt is sent to nobody who expects it"),
    ],
)
def test_the_schema_finds_what_wheel_would_not_take(
    file: str, changes: dict[str, object], complaint: str, tmp_path: Path
) -> None:
    folder = tmp_path / "mine.wheel"
    write(folder, project().files())
    (folder / file).write_text(json.dumps({**read(folder / file), **changes}), encoding="utf-8")

    assert complaint in complaints(folder)
