"""Recipes of files and packages outside: found by name like ours, or refused with what to type."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any, Iterator

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.recipes import OURS, RECIPES, find, outside

FILE = """\
from dataclasses import replace

from mnist_repro.recipes.wheel import WHEEL_SOFTMAX

MINE = replace(WHEEL_SOFTMAX, name="mine")
"""


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is named, and everything is looked up again."""
    monkeypatch.setenv(outside.VARIABLE, "")
    RECIPES.forget()
    yield
    monkeypatch.setenv(outside.VARIABLE, "")
    RECIPES.forget()


def named(folder: Path, text: str, name: str = "mine.py") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    outside.name_files([file])
    RECIPES.forget()
    return file


def test_a_file_has_a_recipe(tmp_path: Path) -> None:
    named(tmp_path, FILE)

    assert find("mine").layers == OURS["wheel-softmax"].layers
    assert [*OURS, "mine"] == list(RECIPES)


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    file = named(tmp_path, FILE)
    outside.name_files([file, file])

    assert [str(file)] == outside.named_files()
    assert len(OURS) + 1 == len(RECIPES)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "has no recipe"),
        ("import no_such_module", "cannot be imported"),
        ("raise SystemError('no')", "cannot be imported"),
        ("def", "cannot be imported"),
        ("raise SystemExit(3)", "cannot be imported"),
        (FILE.replace('"mine"', '"../mine"'), "cannot be imported"),
        (FILE.replace('"mine"', '"vgg7"'), "has a recipe vgg7, and there is one of that name already"),
        (
            "from dataclasses import replace\n" + FILE + "TWICE = replace(MINE, batch_size=64)\n",
            "has a recipe mine, and",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, what: str) -> None:
    file = named(tmp_path, text)

    with pytest.raises(BadInput) as caught:
        find("vgg7")
    assert f"{file} {what}" == caught.value.what[: len(f"{file} {what}")]


def test_a_file_that_is_missing_or_is_no_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no file"):
        outside.name_files([tmp_path / "missing.py"])
    named(tmp_path, FILE, "mine.txt")
    with pytest.raises(BadInput, match="is no Python file"):
        find("mine")


def test_a_package_names_its_recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs.py").write_text(FILE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    point = metadata.EntryPoint("theirs", "theirs:MINE", outside.GROUP)
    monkeypatch.setattr(outside, "_entry_points", lambda: [point])

    assert "mine" == find("mine").name


def test_a_package_without_a_recipe_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    point: Any = metadata.EntryPoint("theirs", "math:pi", outside.GROUP)
    monkeypatch.setattr(outside, "_entry_points", lambda: [point])

    with pytest.raises(BadInput, match=r"the entry point theirs of mnist_repro\.recipes has no recipe"):
        find("vgg7")


def test_a_file_may_look_for_a_recipe_of_ours(tmp_path: Path) -> None:
    lines = ["from dataclasses import replace", "from mnist_repro.recipes import find"]
    named(tmp_path, "\n".join([*lines, "MINE = replace(find('wheel-softmax'), name='mine')"]))

    assert find("mine").layers == OURS["wheel-softmax"].layers
    assert [*OURS, "mine"] == list(RECIPES)


def test_a_file_that_cannot_be_imported_is_refused_at_every_look_with_what_shows_the_line(tmp_path: Path) -> None:
    file = named(tmp_path, "import no_such_module", "my recipes.py")
    for _ in range(2):
        with pytest.raises(BadInput) as caught:
            find("wheel-softmax")
        assert f"mend it: python '{file}' shows the line" == caught.value.fix
