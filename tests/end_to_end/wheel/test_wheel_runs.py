"""Projects as `mnist-repro wheel` writes them, run as WHEEL runs them: over ssh, as jobs of the emulator."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Mapping

import pytest

from mnist_repro.data.locate import place
from mnist_repro.harness.measurements import find_data
from tests.builders import command_line
from tests.builders.emulated import Emulated
from tests.builders.wheel_format import complaints, contents, import_archive, import_repository, open_folder, read
from tests.builders.wheel_machine import NEEDED, Host, Wheel

pytestmark = NEEDED
BASELINES = Path(__file__).resolve().parents[3] / "baselines"


def export(folder: Path, *options: object) -> Path:
    data = place(find_data(None)[0])
    project = folder / "mnist.wheel"
    words = ("wheel", project, "--scale", "subset", "--baselines", BASELINES, "--data", data, *options)
    assert 0 == command_line.run(*words).code
    assert [] == complaints(project)
    return project


def wheel(project: Path, host: Host, pjm: Emulated) -> Wheel:
    return Wheel(project, host, pjm, pjm.work)


def faults(pjm: Emulated, *rules: Mapping[str, object]) -> None:
    (pjm.folder / "faults.json").write_text(json.dumps(rules), encoding="utf-8")


def recipe_alone(folder: Path) -> Path:
    """The same run without WHEEL."""
    data = ("--data", place(find_data(None)[0]))
    assert 0 == command_line.run("train", "wheel-softmax", "--out", folder, "--scale", "subset", *data).code
    assert 0 == command_line.run("estimate", folder, *data).code
    return folder


def figures(file: Path) -> List[Any]:
    scores: Dict[str, Any] = read(file)
    return [scores["recipe"], scores["seed"], scores["scale"], scores["scores"], scores["step_losses"]]


def test_a_project_opened_or_imported_gives_the_recipe_without_wheel(tmp_path: Path, host: Host, pjm: Emulated) -> None:
    project = export(tmp_path, "--archive")
    imported = import_archive(tmp_path / "mnist.tgz", tmp_path / "in")
    assert contents(project) == contents(imported)
    open_folder(project)
    assert contents(project) == contents(import_repository(f"file://{project}", tmp_path / "git"))
    ran = wheel(imported, host, pjm)

    assert "finished" == ran.run(), ran.said("train") + ran.said("estimate")
    assert {"train": "EC 0 PC 0", "estimate": "EC 0 PC 0"} == ran.codes
    alone = recipe_alone(tmp_path / "alone")
    assert figures(alone / "run.json") == figures(imported / "train" / "run.json")
    for name, component in (("learn.log", "train"), ("eval.log", "estimate")):
        assert (alone / name).read_bytes() == (imported / component / name).read_bytes()
    assert ["cmp.wheel.json", "learn.log", "run.json", "run.sh"] == command_line.listed(imported / "train")


def test_runs_are_judged_there_and_here_alike(tmp_path: Path, host: Host, pjm: Emulated) -> None:
    project = export(tmp_path, "--seeds", 1)
    ran = wheel(project, host, pjm)

    assert "finished" == ran.run(), ran.said("judge")
    there = read(project / "judge" / "verdict" / "gate.json")
    assert (True, "equivalent") == (there["passes"], there["verdict"])
    assert "index.html" in command_line.listed(project / "judge" / "verdict")
    judged = command_line.run("judge", project, "--baselines", BASELINES, "--out", tmp_path / "gate")
    assert (0, "") == (judged.code, judged.err)
    here = read(tmp_path / "gate" / "gate.json")
    for subjects in (there["subjects"], here["subjects"]):
        subjects["wheel-softmax"]["comparisons"][0].pop("test")
    assert there["subjects"] == here["subjects"]
    words = ("report", project, "--baselines", BASELINES, "--gate", tmp_path / "gate", "--out", tmp_path / "page")
    shown = command_line.run(*words, "--data", place(find_data(None)[0]))
    assert (0, "", f"{tmp_path / 'page' / 'index.html'}: 1 run\n") == (shown.code, shown.err, shown.out)
    # Another run than the stored one of its seed: the component fails.
    run = ran.remote / "judge" / "seed-0" / "run.json"
    other = run.read_text(encoding="utf-8").replace('"seed": 0,', '"seed": 1,')
    run.unlink()
    run.write_text(other, encoding="utf-8")
    script = ran.remote / "judge" / "run.sh"
    again = subprocess.run([str(script)], cwd=script.parent, stdout=subprocess.PIPE, check=False)
    assert 1 == again.returncode
    assert again.stdout.startswith((b"wheel-softmax/subset: REGRESSED", b"wheel-softmax/subset: IMPROVED"))


@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        ({"fault": "elapse", "after": 1, "times": 1}, "EC 1 PC 11"),
        ({"fault": "disk-full", "bytes": 4096}, "EC 2 PC 0"),
    ],
    ids=lambda value: value["fault"] if isinstance(value, dict) else "",
)
def test_a_train_that_is_cut_off_is_failed_and_stops_the_project(
    fault: Dict[str, object], codes: str, tmp_path: Path, host: Host, pjm: Emulated
) -> None:
    faults(pjm, fault)
    project = export(tmp_path)
    ran = wheel(project, host, pjm)

    assert "stopped" == ran.run(), ran.said("train")
    assert {"train": "failed", "estimate": "not-started"} == ran.states
    assert codes == ran.codes["train"], ran.said("train")
    assert "learn.log" in (ran.there("train") or [])
    judged = command_line.run("judge", project, "--baselines", BASELINES, "--out", tmp_path / "gate")
    command_line.ends_with_one_message(judged, f"no run.json in {project}")


@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        ({"fault": "end", "ec": 0, "pc": 11, "times": 1}, "EC 0 PC 11"),
        ({"fault": "out-of-memory", "after": 1, "times": 1}, "EC 0 PC 12"),
    ],
    ids=["never ran", "killed at once"],
)
def test_a_train_without_an_exit_code_keeps_no_fetch_waiting_and_fails_the_estimate(
    fault: Dict[str, object], codes: str, tmp_path: Path, host: Host, pjm: Emulated
) -> None:
    # PJM's code says that it did not end well, but WHEEL looks at the exit code alone.
    faults(pjm, fault)
    ran = wheel(export(tmp_path), host, pjm)

    assert "stopped" == ran.run()
    assert {"train": "finished", "estimate": "failed"} == ran.states
    assert (codes, "EC 2 PC 0") == (ran.codes["train"], ran.codes["estimate"])
    assert "mnist-repro: . has no param.hdf5" in ran.said("estimate")


def test_a_failing_train_says_why_on_the_host_and_leaves_nothing_of_an_earlier_run(
    tmp_path: Path, host: Host, pjm: Emulated
) -> None:
    project = export(tmp_path, "--data", tmp_path / "nothing")
    # WHEEL pushes what it has fetched when it runs a project again.
    for name in ("learn.log", "run.json"):
        (project / "train" / name).write_text("of an earlier run\n", encoding="utf-8")
    ran = wheel(project, host, pjm)

    assert "stopped" == ran.run()
    assert {"train": "failed", "estimate": "not-started"} == ran.states
    assert f"mnist-repro: there is no {tmp_path / 'nothing'} (named by --data)" in ran.said("train")
    assert "run.json" not in (ran.there("train") or [])
    assert b"" == (ran.remote / "train" / "learn.log").read_bytes()
