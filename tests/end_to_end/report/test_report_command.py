from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Tuple

import pytest

from mnist_repro.data.dataset import Dataset
from tests.builders import command_line, report_scene
from tests.builders.page_reader import Page


def page_of(scene: report_scene.Scene) -> Page:
    return Page((scene.root / "page" / "index.html").read_text(encoding="utf-8"))


def test_the_page_has_everything_that_there_is(tmp_path: Path, dataset: Dataset) -> None:
    scene = report_scene.whole(tmp_path, dataset)

    ended = command_line.run(*scene.arguments())

    assert ended == command_line.Ended(0, f"{tmp_path}/page/index.html: 3 runs\n", "")
    text = page_of(scene).text
    for words in ("wheel-softmax", "loss of step 2", "a better reason", "4711"):
        assert words in text


def test_the_page_loads_nothing_and_forbids_it(tmp_path: Path, dataset: Dataset) -> None:
    scene = report_scene.whole(tmp_path, dataset)
    command_line.run(*scene.arguments())

    page = page_of(scene)

    [policy] = [each["content"] for each in page.named("meta") if "http-equiv" in each]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    outside = [each for each in page.values("src") + page.values("href") if not each.startswith(("data:", "#"))]
    # A page that is mailed alone has no link that leads nowhere.
    assert [] == outside
    # Either would need a policy that lets others' in.
    assert [] == [name for name in page.attributes() if name == "style" or name.startswith("on")]


def test_what_cannot_be_read_is_named_and_left_out(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    broken = scene.runs / "wheel-softmax" / "seed-1" / "run.json"
    broken.write_text(broken.read_text(encoding="utf-8")[:500], encoding="utf-8")

    ended = command_line.run(*made(scene), "--data", tmp_path / "no")

    assert (2, 2) == (ended.code, ended.err.count("left out"))
    assert f"{broken} is not JSON" in ended.err
    assert f"{broken} is not JSON" in page_of(scene).text
    assert "is not at hand" in page_of(scene).text
    assert ended.out.endswith("2 runs\n")


def made(scene: report_scene.Scene) -> Tuple[object, ...]:
    """What makes a page of nothing but runs and baselines."""
    return ("report", scene.runs, "--baselines", scene.baselines, "--out", scene.root / "page")


def test_jobs_beside_the_runs_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = report_scene.whole(tmp_path / "project")
    monkeypatch.chdir(tmp_path)

    command_line.run(*made(scene))

    assert "4711" in page_of(scene).text


def test_figures_that_are_not_numbers_are_said_and_not_drawn(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    scene.add(report_scene.run(0, math.nan))

    ended = command_line.run(*made(scene))

    assert ended.code == 0
    assert "Not finite numbers, and so not drawn: 1." in page_of(scene).text
    assert "incomparable" in page_of(scene).text


@pytest.mark.parametrize("refused", ["report.json", "index.html"])
def test_a_page_that_cannot_be_made_leaves_the_old_one_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    scene = report_scene.whole(tmp_path)
    command_line.run(*scene.arguments())
    before = {"report.json": b"an older document", "index.html": b"<title>Its page \xc2\xb7 mnist-repro</title>"}
    for name, text in before.items():
        (tmp_path / "page" / name).write_bytes(text)
    written = Path.write_text

    def refuse(self: Path, text: str, encoding: str, errors: str = "strict") -> int:
        if self.name == refused:
            raise OSError(28, "No space left on device")
        return written(self, text, encoding, errors)

    monkeypatch.setattr(Path, "write_text", refuse)

    ended = command_line.run(*scene.arguments())

    assert ended.code == 2
    assert "what was there before is untouched" in ended.err
    assert {file.name: file.read_bytes() for file in (tmp_path / "page").iterdir()} == before


def test_of_many_seeds_some_are_drawn_and_this_is_said(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    for seed in range(3, 120):
        scene.add(report_scene.run(seed, 0.05))

    ended = command_line.run(*made(scene))

    assert ended.out.endswith("120 runs\n")
    assert "Drawn: 100 of 120 points, spread over all." in page_of(scene).text
    assert "Drawn: 20 of 120 seeds, spread over all." in page_of(scene).text
    assert (tmp_path / "page" / "index.html").stat().st_size < 1_000_000


def test_a_page_of_one_run_has_no_plural_of_one_and_no_missing_blank(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path, seeds=1)
    report_scene.add_gate(scene)
    report_scene.add_jobs(scene, report_scene.job())

    command_line.run(*scene.arguments())

    text = page_of(scene).text
    assert [] == re.findall(r"(?<![\d.,])1 [a-z]+s\b.*", text)
    assert f"from 1 run in {scene.runs}; baselines: {scene.baselines}." in text
    # A full stop without a blank before the next sentence.
    assert [] == re.findall(r"[a-z]{3}\.[A-Z][a-z]+ .*", text)
