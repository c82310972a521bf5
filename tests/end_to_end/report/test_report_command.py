from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.report.page.page import render
from mnist_repro.runs.run_json import read
from tests.builders import command_line, made_up_baselines, report_scene
from tests.builders.page_reader import Page


def page_of(scene: report_scene.Scene) -> Page:
    return Page((scene.root / "page" / "index.html").read_text(encoding="utf-8"))


def test_the_page_has_everything_that_there_is(tmp_path: Path, dataset: Dataset) -> None:
    scene = report_scene.whole(tmp_path, dataset)

    ended = command_line.run(*scene.arguments())

    assert ended == command_line.Ended(0, f"{tmp_path}/page/index.html: 3 runs\n", "")
    text = page_of(scene).text
    for words in ("wheel-softmax", "loss of step 2", "a better reason", "4711", "all is well", "#PJM -L node=1"):
        assert words in text


def test_the_page_is_made_from_the_json_beside_it(tmp_path: Path) -> None:
    scene = report_scene.whole(tmp_path)
    command_line.run(*scene.arguments())

    document = json.loads((tmp_path / "page" / "report.json").read_text(encoding="utf-8"))

    assert document["schema"] == 1
    assert (tmp_path / "page" / "index.html").read_text(encoding="utf-8") == render(document)


def test_the_page_loads_nothing_and_forbids_it(tmp_path: Path, dataset: Dataset) -> None:
    scene = report_scene.whole(tmp_path, dataset)
    command_line.run(*scene.arguments())

    page = page_of(scene)

    [policy] = [each["content"] for each in page.named("meta") if "http-equiv" in each]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    outside = [each for each in page.values("src") + page.values("href") if not each.startswith(("data:", "#"))]
    assert ["report.json"] == outside
    # Either would need a policy that lets others' in.
    assert [] == [name for name in page.attributes() if name == "style" or name.startswith("on")]


def test_a_truncated_run_is_named_and_left_out(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    broken = scene.runs / "wheel-softmax" / "seed-1" / "run.json"
    broken.write_text(broken.read_text(encoding="utf-8")[:500], encoding="utf-8")

    ended = command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    assert ended.code == 2
    assert ended.err.count("left out") == 1
    assert f"{broken} is not JSON" in ended.err
    assert f"{broken} is not JSON" in page_of(scene).text
    assert ended.out.endswith("2 runs\n")


def test_a_run_of_a_newer_schema_is_named_and_left_out(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    newer = scene.runs / "wheel-softmax" / "seed-2" / "run.json"
    newer.write_text(json.dumps({**json.loads(newer.read_text(encoding="utf-8")), "schema": 7}), encoding="utf-8")

    ended = command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    assert ended.code == 2
    assert f"{newer} has schema 7, this program reads 1" in ended.err
    assert ended.out.endswith("2 runs\n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recipe": "<b>nobody's</b>"}, 'unknown recipe "<b>nobody\'s</b>"'),
        ({"scale": "tiny"}, "scale is tiny"),
        ({"scores": []}, "number of scores is 0"),
        ({"provenance": {}}, "provenance is without machine"),
        ({"dataset": {"name": "mnist"}}, "dataset is {'name': 'mnist'}"),
    ],
)
def test_a_run_that_makes_no_sense_is_named_and_left_out(tmp_path: Path, change: object, said: str) -> None:
    scene = report_scene.wheel(tmp_path)
    file = scene.runs / "wheel-softmax" / "seed-0" / "run.json"
    fields = json.loads(file.read_text(encoding="utf-8"))
    assert isinstance(change, dict)
    file.write_text(json.dumps({**fields, **change}), encoding="utf-8")

    ended = command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    assert ended.code == 2
    assert said in ended.err
    assert ended.out.endswith("2 runs\n")


def test_the_parts_of_a_bulk_job_show_the_script_that_they_share(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    report_scene.add_jobs(scene, report_scene.job(), report_scene.job(part=7))

    command_line.run("report", scene.runs, "--jobs", scene.jobs, "--out", tmp_path / "page")

    assert 2 == page_of(scene).text.count("#PJM -L node=1")


def test_of_a_folder_with_sessions_the_newest_is_shown(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    report_scene.add_jobs(scene, report_scene.job(id="1"))
    os.utime(str(scene.jobs / "jobs.json"), (1.0, 1.0))
    report_scene.add_jobs(report_scene.Scene(tmp_path, "20260102-030406-0a1b"), report_scene.job(id="4712"))

    ended = command_line.run("report", scene.runs, "--jobs", tmp_path / ".pjm", "--out", tmp_path / "page")

    assert (0, "") == (ended.code, ended.err)
    assert "4712" in page_of(scene).text


def test_jobs_beside_the_runs_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = report_scene.whole(tmp_path / "project")
    monkeypatch.chdir(tmp_path)

    command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", scene.root / "page")

    assert "4711" in page_of(scene).text


@pytest.mark.parametrize("place", ["name", "reason", "stored", "measured"])
def test_a_gate_report_with_something_else_than_a_text_is_named_and_left_out(tmp_path: Path, place: str) -> None:
    scene = report_scene.whole(tmp_path)
    fields = json.loads((scene.gate / "gate.json").read_text(encoding="utf-8"))
    fields["recipes"]["wheel-softmax"]["comparisons"][0]["findings"][1][place] = {"a": [1]}
    (scene.gate / "gate.json").write_text(json.dumps(fields), encoding="utf-8")

    ended = command_line.run(*scene.arguments())

    assert 2 == ended.code
    assert "gate.json is not a whole gate report\n" in ended.err
    assert f"{place} of finding 1 is no text" in ended.err
    assert (tmp_path / "page" / "index.html").exists()


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


def test_runs_of_several_datasets_are_grouped_and_said(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    scene.add(report_scene.not_mnist(report_scene.run(0)), "other-0")

    ended = command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    assert ended.code == 0
    document = json.loads((tmp_path / "page" / "report.json").read_text(encoding="utf-8"))
    assert [3, 1] == sorted((len(group["runs"]) for group in document["groups"]), reverse=True)
    assert "Runs of 2 datasets, shown apart: mnist (0123), unrecognised (beefbeefbeef)." in page_of(scene).text


def test_of_two_runs_of_one_seed_the_later_counts_and_this_is_said(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    later = report_scene.run(0, 0.5)
    scene.add(replace(later, provenance={**later.provenance, "finished": "2027-01-01"}), "again")

    command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    document = json.loads((tmp_path / "page" / "report.json").read_text(encoding="utf-8"))
    [group] = document["groups"]
    assert [0.5, *made_up_baselines.SPREAD[1:3]] == [run["test_loss"] for run in group["runs"]]
    assert "Runs that gave way to a later one of the same seed: 1 (" in page_of(scene).text


def test_an_image_that_the_data_does_not_have_is_named_and_the_rest_shown(tmp_path: Path, dataset: Dataset) -> None:
    scene = report_scene.wheel(tmp_path, dataset)
    made = report_scene.run(0, 0.05, dataset)
    [score] = made.scores
    wrong = (*score.test.wrong_images[:-1], 123_456)
    folder = scene.add(replace(made, scores=(replace(score, test=replace(score.test, wrong_images=wrong)),)))

    ended = command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    assert ended.code == 2
    assert f"{folder}: image 123456 cannot be shown" in ended.err
    assert [] == page_of(scene).named("img")
    assert "Errors per label" in page_of(scene).text


def test_wrong_images_are_shown_with_the_predictions_that_the_run_has_stored(tmp_path: Path, dataset: Dataset) -> None:
    scene = report_scene.wheel(tmp_path, dataset, seeds=1)

    command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    pictures = json.loads((tmp_path / "page" / "report.json").read_text(encoding="utf-8"))["groups"][0]["mistakes"][
        "pictures"
    ]
    [run] = [read(file) for file in scene.runs.rglob("run.json")]
    wrong = run.scores[-1].test.wrong_images
    fours = [index for index in wrong if dataset.test_labels[index] == 4]
    [pair] = pictures["pairs"]
    assert ("", [(index, 9) for index in wrong[:3]]) == (pictures["unpredicted"], _guesses(pictures["wrong"]))
    assert (9, 4, len(wrong)) == (pair["predicted"], pair["label"], pair["of"])
    assert [(index, 9) for index in fours[:8]] == _guesses(pair["images"])
    assert "are not known" not in page_of(scene).text


def test_a_run_without_stored_predictions_has_its_pictures_without_them(tmp_path: Path, dataset: Dataset) -> None:
    scene = report_scene.wheel(tmp_path, dataset, seeds=1)
    [file] = scene.runs.rglob("run.json")
    fields = json.loads(file.read_text(encoding="utf-8"))
    wrong = fields["scores"][-1]["test"]["wrong_images"]
    for score in fields["scores"]:
        del score["test"]["wrong_predictions"]
    file.write_text(json.dumps(fields), encoding="utf-8")

    ended = command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    pictures = json.loads((tmp_path / "page" / "report.json").read_text(encoding="utf-8"))["groups"][0]["mistakes"][
        "pictures"
    ]
    assert 0 == ended.code
    assert ("not stored", []) == (pictures["unpredicted"], pictures["pairs"])
    assert [(index, None) for index in wrong[:3]] == _guesses(pictures["wrong"])
    assert "The classes predicted for wrong images are not known" in page_of(scene).text


def _guesses(pictures: List[Dict[str, Any]]) -> List[Tuple[int, Optional[int]]]:
    return [(each["index"], each["predicted"]) for each in pictures]


def test_a_named_folder_without_data_is_one_message_and_a_page_without_images(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)

    ended = command_line.run(
        *("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page", "--data", tmp_path / "no")
    )

    assert ended.code == 2
    assert ended.err.count("left out") == 1
    assert "is not at hand" in page_of(scene).text


def test_a_broken_baseline_is_named_and_left_out(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    (scene.baselines / "wheel-softmax" / "subset.yml").write_text("schema: 1\n<<<<<<< mine\n", encoding="utf-8")

    ended = command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    assert ended.code == 2
    assert ended.err.count("left out") == 1
    assert "subset.yml:2 has a conflict marker" in ended.err


def test_runs_whose_baseline_is_broken_are_not_said_to_have_none(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    file = scene.baselines / "wheel-softmax" / "subset.yml"
    file.write_text("schema: 1\n", encoding="utf-8")

    command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    [group] = json.loads((tmp_path / "page" / "report.json").read_text(encoding="utf-8"))["groups"]
    assert ("incomparable", 1) == (group["verdict"], len(group["reasons"]))
    assert group["reasons"][0].startswith(f"{file} cannot be used as a baseline: ")
    assert group["reasons"][0].endswith(f"; next: git checkout -- {file} brings the committed one back")
    assert group["reasons"][0] in page_of(scene).text
    assert "stored: nothing" not in page_of(scene).text


def test_figures_that_are_not_numbers_are_said_and_not_drawn(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    made = report_scene.run(0)
    [score] = made.scores
    scene.add(replace(made, scores=(replace(score, test=replace(score.test, loss=float("nan"))),)))

    ended = command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    assert ended.code == 0
    assert "Not finite numbers, and so not drawn: 1." in page_of(scene).text
    assert "incomparable" in page_of(scene).text


def test_of_many_seeds_some_are_drawn_and_this_is_said(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    for seed in range(3, 120):
        scene.add(report_scene.run(seed, 0.05))

    ended = command_line.run("report", scene.runs, "--baselines", scene.baselines, "--out", tmp_path / "page")

    assert ended.out.endswith("120 runs\n")
    assert "Drawn: 100 of 120 points, spread over all." in page_of(scene).text
    assert "Drawn: 20 of 120 seeds, spread over all." in page_of(scene).text
    assert (tmp_path / "page" / "index.html").stat().st_size < 1_000_000
