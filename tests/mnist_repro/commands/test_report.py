"""`mnist-repro report`: what stops it before there is a page, and what it leaves out."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Tuple

import pytest

from tests.builders import command_line, report_scene


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("empty", "--out", "page"), "no run.json in empty\n"),
        (("runs", "--out", "file/page"), "{here}/file is not a folder\n"),
        (("runs", "--baselines", "baslines", "--out", "page"), "there is no folder baslines\n"),
    ],
)
def test_what_stops_it_is_one_message_and_no_page(
    arguments: Tuple[str, ...], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_scene.wheel(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    ended = command_line.run("report", *arguments)

    command_line.ends_with_one_message(ended, what.format(here=tmp_path))
    assert ["baselines", "empty", "file", "runs"] == command_line.listed(tmp_path)


def test_an_older_page_is_replaced_and_somebody_elses_is_not(tmp_path: Path) -> None:
    scene = report_scene.whole(tmp_path)
    page = tmp_path / "page" / "index.html"
    command_line.run(*scene.arguments())
    made = page.read_bytes()
    again = command_line.run(*scene.arguments())
    page.write_text("<h1>mine</h1>", encoding="utf-8")
    (tmp_path / "page" / "report.json").unlink()

    refused = command_line.run(*scene.arguments())

    assert (0, "") == (again.code, again.err)
    assert b" mnist-repro</title>" in made
    command_line.ends_with_one_message(refused, f"{page} is not a page that mnist-repro made\n")
    assert {"index.html": b"<h1>mine</h1>"} == command_line.contents(page.parent)


def test_runs_of_which_none_can_be_read_replace_no_page(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    made = ("report", scene.runs, "--out", tmp_path / "page")
    assert 0 == command_line.run(*made).code
    before = command_line.contents(tmp_path / "page")
    for file in scene.runs.glob("**/run.json"):
        file.write_text("{", encoding="utf-8")

    ended = command_line.run(*made)

    command_line.ends_with_one_message(ended, f"{scene.runs}/")
    assert "run.json is not JSON" in ended.err
    assert before == command_line.contents(tmp_path / "page")


@pytest.mark.parametrize("name", ["jinja2", "matplotlib.figure"])
def test_without_its_extra_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    scene = report_scene.wheel(tmp_path)
    monkeypatch.setitem(sys.modules, name, None)

    ended = command_line.run("report", scene.runs, "--out", tmp_path / "page")

    assert ended.code == 2
    assert "pip install 'mnist-repro[report]'" in ended.err
    assert not (tmp_path / "page").exists()


def test_a_run_of_the_first_commit_is_on_the_page(tmp_path: Path) -> None:
    old = Path(__file__).parents[1] / "runs" / "run_of_commit_8847a7a.json"
    place = tmp_path / "runs" / "wheel-softmax" / "seed-0"
    place.mkdir(parents=True)
    shutil.copy(str(old), str(place / "run.json"))

    ended = command_line.run("report", tmp_path / "runs", "--out", tmp_path / "page")

    assert (0, f"{tmp_path / 'page' / 'index.html'}: 1 run\n") == (ended.code, ended.out)
    assert "0.43843" in (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
