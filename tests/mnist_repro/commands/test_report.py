"""`mnist-repro report`: what stops it before there is a page, and what it leaves out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.builders import command_line, report_scene
from tests.builders.page_reader import Page


def test_no_runs_at_all_are_one_message_and_no_page(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()

    ended = command_line.run("report", tmp_path / "runs", "--out", tmp_path / "page")

    assert ended.code == 2
    assert ended.err.startswith(f"mnist-repro: no run.json in {tmp_path}/runs\n  why: ")
    assert not (tmp_path / "page").exists()


def test_a_folder_that_cannot_be_written_is_said_first(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    (tmp_path / "file").write_text("mine", encoding="utf-8")

    ended = command_line.run("report", scene.runs, "--out", tmp_path / "file" / "page")

    assert ended.code == 2
    assert f"{tmp_path}/file is not a folder" in ended.err
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


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
    assert refused == command_line.Ended(
        2,
        "",
        f"mnist-repro: {page} is not a page that mnist-repro made\n"
        "  why: the new page would replace it\n"
        f"  next: name another folder, or remove {page}\n",
    )
    assert {"index.html": b"<h1>mine</h1>"} == {file.name: file.read_bytes() for file in page.parent.iterdir()}


def test_baselines_that_were_named_and_are_not_there_are_one_message_and_no_page(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)

    ended = command_line.run("report", scene.runs, "--baselines", tmp_path / "baslines", "--out", tmp_path / "page")

    assert (2, "") == (ended.code, ended.out)
    assert ended.err.startswith(
        f"mnist-repro: there is no folder {tmp_path}/baslines\n  why: its baselines were asked for"
    )
    assert not (tmp_path / "page").exists()


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


def page_of(scene: report_scene.Scene) -> Page:
    return Page((scene.root / "page" / "index.html").read_text(encoding="utf-8"))
