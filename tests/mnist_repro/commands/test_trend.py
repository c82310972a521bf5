"""`mnist-repro trend`: what it prints and writes, what it leaves out, and what stops it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Tuple

import pytest

from tests.builders import command_line, gate_sessions


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_slow_drift_is_a_line_of_the_terminal_and_the_exit_code_stays_0(here: Path) -> None:
    gate_sessions.generate(here / "artifacts", 120, 2, slope=0.012 / 120)

    ended = command_line.run("trend", "artifacts")

    drift, last = " ".join(ended.out.split()).split(" trend/index.html: ")
    assert (0, "") == (ended.code, ended.err)
    assert drift.startswith("accuracy of digits falls by 0.0097 per 100 sessions since commit 0000")
    assert last.startswith("120 sessions, 2026-01-01 to 2026-01-10, of 1 gate with 2 metrics: 1 metric drifts; none")
    assert ["index.html"] == command_line.listed(here / "trend")


def test_what_cannot_be_read_is_named_and_left_out(here: Path) -> None:
    gate_sessions.generate(here / "artifacts", 3, 1)
    for number in range(30):
        (here / "artifacts" / f"bad-{number}").mkdir()
        (here / "artifacts" / f"bad-{number}" / "gate.json").write_text("{", encoding="utf-8")

    ended = command_line.run("trend", "artifacts", "--out", "page")

    assert 0 == ended.code
    assert 20 == ended.err.count("mnist-repro: left out: artifacts/bad-")
    assert ended.err.endswith("mnist-repro: left out: 10 more\n")
    assert "Left out: 30 files that could not be read" in (here / "page" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("empty",), "no gate report in empty\n"),
        (("missing", "artifacts"), "there is no missing\n"),
        (("artifacts", "--out", "file/page"), "{here}/file is not a folder\n"),
        (("artifacts", "--baselines", "baslines"), "there is no folder baslines\n"),
    ],
)
def test_what_stops_it_is_one_message_and_no_page(here: Path, arguments: Tuple[str, ...], what: str) -> None:
    gate_sessions.generate(here / "artifacts", 1, 1)
    (here / "empty").mkdir()
    (here / "file").write_text("mine", encoding="utf-8")

    command_line.ends_with_one_message(command_line.run("trend", *arguments), what.format(here=here))

    assert ["artifacts", "empty", "file"] == command_line.listed(here)


def test_an_older_page_is_replaced_and_somebody_elses_is_not(here: Path) -> None:
    gate_sessions.generate(here / "artifacts", 1, 1)
    page = here / "trend" / "index.html"
    first, again = (command_line.run("trend", "artifacts").code for _ in range(2))
    page.write_text("<h1>mine</h1>", encoding="utf-8")

    refused = command_line.run("trend", "artifacts")

    assert (0, 0) == (first, again)
    command_line.ends_with_one_message(refused, "trend/index.html is not a page that mnist-repro made\n")
    assert "<h1>mine</h1>" == page.read_text(encoding="utf-8")


def test_without_its_extra_the_command_says_what_to_install(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate_sessions.generate(here / "artifacts", 1, 1)
    monkeypatch.setitem(sys.modules, "jinja2", None)

    ended = command_line.run("trend", "artifacts")

    assert 2 == ended.code
    assert "pip install 'mnist-repro[report]'" in ended.err
    assert not (here / "trend").exists()
