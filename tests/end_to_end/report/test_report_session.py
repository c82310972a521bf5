from __future__ import annotations

import json
import os
from typing import Any, Dict, Sequence

import pytest

from tests.builders import report_scene
from tests.builders.page_reader import Page

PLUGIN = ("-p", "mnist_repro.pytest_plugin", "-W", "error")
CLEAN = """
    from tests.builders.gate_cases import runs

    def test_clean(baseline):
        baseline.check(runs())
"""
# As the fixture `measured` leaves them.
MEASURED = """
    from tests.builders.gate_cases import runs
    from mnist_repro.runs.run_json import write

    def test_measured(baseline, tmp_path_factory):
        measured = runs()
        for run in measured:
            folder = tmp_path_factory.mktemp("measured") / f"seed-{run.seed}"
            folder.mkdir()
            write(run, folder)
        baseline.check(measured)
"""


def document(project: pytest.Pytester) -> Dict[str, Any]:
    fields: Dict[str, Any] = json.loads((project.path / "page" / "report.json").read_text(encoding="utf-8"))
    return fields


def page(project: pytest.Pytester) -> Page:
    return Page((project.path / "page" / "index.html").read_text(encoding="utf-8"))


def test_a_session_ends_in_a_page_of_what_its_gate_judged(project: pytest.Pytester) -> None:
    project.makepyfile(MEASURED)

    ended = project.runpytest_inprocess(*PLUGIN, "--repro-report", "page")

    ended.stdout.fnmatch_lines(["report: page/index.html"])
    assert ended.ret == 0
    told = document(project)
    assert told["gate"]["verdict"] == "equivalent"
    assert told["gate"]["exit_code"] == 0
    assert "note_doubled" not in [note["key"] for note in told["notes"]]
    [group] = told["groups"]
    assert (group["recipe"], [run["seed"] for run in group["runs"]]) == ("vgg7", [100, 101, 102])


@pytest.mark.parametrize("better", [0.0, 0.25])
def test_the_page_and_the_gate_report_of_a_session_say_the_same(project: pytest.Pytester, better: float) -> None:
    project.makepyfile(MEASURED.replace("runs()", f"runs(better={better})"))

    project.runpytest_inprocess(*PLUGIN, "--gate-report", "gate", "--repro-report", "page")

    judged = json.loads((project.path / "gate" / "gate.json").read_text(encoding="utf-8"))
    [comparison] = judged["subjects"]["vgg7"]["comparisons"]
    [group] = document(project)["groups"]
    names = ("verdict", "reason", "interval", "seeds_needed")
    found = {each["name"]: [each[name] for name in names] for each in comparison["findings"]}
    assert found == {each["name"]: [each["finding"][name] for name in names] for each in group["metrics"]}
    assert (comparison["verdict"], bool(found)) == (group["verdict"], True)
    # Each once: not as a verdict of the page and another one of the gate.
    assert 1 == len([each for each in page(project).named("tbody") if each.get("class") == "recipe"])


def test_what_was_measured_elsewhere_stands_beside_what_is_stored_without_empty_parts(project: pytest.Pytester) -> None:
    project.makepyfile(CLEAN)

    ended = project.runpytest_inprocess(*PLUGIN, "--repro-report", "page")

    [told] = document(project)["gate_samples"]
    assert (0, [], "vgg7", "subset") == (ended.ret, document(project)["groups"], told["recipe"], told["rung"])
    assert [(16, 3)] * len(told["metrics"]) == [
        (len(each["stored"]), len(each["measured"])) for each in told["metrics"]
    ]
    shown = page(project)
    # Figures of the training data are not in the first table.
    assert len(told["metrics"]) - 1 == len([each for each in shown.named("svg") if each["class"] == "strip"]) > 0
    assert "Made elsewhere, so that curves and mistakes are not shown: 3 runs of this session." in shown.text
    parts = ("recipes", "drift", "runs", "glance", "gate", "jobs", "history", "notes")
    assert ["glance", "gate", "history", "notes"] == [each for each in parts if each in shown.values("id")]


@pytest.mark.parametrize(
    ("tests", "verdict"),
    [
        (f"{CLEAN}\n    def test_other():\n        raise AssertionError\n", "equivalent"),
        (CLEAN.replace("runs()", "runs(better=0.25)"), "improved"),
    ],
)
def test_the_page_of_a_failed_session_says_so_at_the_top(project: pytest.Pytester, tests: str, verdict: str) -> None:
    project.makepyfile(tests)

    ended = project.runpytest_inprocess(*PLUGIN, "--repro-report", "page")

    html = (project.path / "page" / "index.html").read_text(encoding="utf-8")
    assert "does not pass" in html[: html.index('<table class="glance')]
    assert (1, verdict, 1) == (ended.ret, *(document(project)["gate"][name] for name in ("verdict", "exit_code")))


def test_with_xdist_the_page_is_written_once_and_has_the_runs_of_every_worker(project: pytest.Pytester) -> None:
    project.makepyfile(MEASURED)

    ended = project.runpytest_subprocess("-p", "xdist.plugin", *PLUGIN, "-n", "2", "--repro-report", "page")

    assert ended.ret == 0
    [group] = document(project)["groups"]
    assert [100, 101, 102] == [run["seed"] for run in group["runs"]]


@pytest.mark.parametrize(
    ("place", "said"),
    [("file/page", "file is not a folder"), ("page", "index.html is not a page that mnist-repro made")],
)
def test_where_no_page_can_be_the_session_stops_before_it_begins(
    project: pytest.Pytester, place: str, said: str
) -> None:
    project.makepyfile(CLEAN)
    theirs = [project.path / "file", project.mkdir("page") / "index.html"]
    for file in theirs:
        file.write_text("<h1>mine</h1>", encoding="utf-8")

    ended = project.runpytest_inprocess(*PLUGIN, f"--repro-report={place}")

    assert ended.ret == pytest.ExitCode.USAGE_ERROR
    ended.stderr.fnmatch_lines([f"*--repro-report: *{said}*"])
    assert ["<h1>mine</h1>"] * 2 == [file.read_text(encoding="utf-8") for file in theirs]


def test_jobs_of_an_earlier_session_are_not_taken_for_this_one(project: pytest.Pytester) -> None:
    project.makepyfile(CLEAN)
    report_scene.add_jobs(report_scene.Scene(project.path), report_scene.job())
    file = project.path / ".pjm" / "20260102-030405-0a1b" / "jobs.json"

    os.utime(str(file), (1.0, 1.0))

    project.runpytest_inprocess(*PLUGIN, "--repro-report", "page")

    assert document(project)["jobs"] is None


@pytest.mark.parametrize("arguments", [("--fugaku-workdir", "kept"), ("-o", "fugaku_workdir=kept")])
def test_jobs_are_found_where_the_session_was_told_to_keep_them(
    project: pytest.Pytester, arguments: Sequence[str]
) -> None:
    # A session of jobs leaves its file like this test does.
    project.makepyfile(
        CLEAN
        + """
    def test_jobs(pytestconfig):
        from tests.builders import report_scene
        scene = report_scene.Scene(pytestconfig.rootpath)
        report_scene.add_jobs(scene, report_scene.job())
        (pytestconfig.rootpath / ".pjm").rename(pytestconfig.rootpath / "kept")
    """
    )

    project.runpytest_inprocess(*PLUGIN, "-p", "pytest_pjm", "--repro-report", "page", *arguments, "-k", "test_")

    assert ["4711"] == [job["id"] for job in document(project)["jobs"]["jobs"]]


# As a session of jobs that is odd would leave it, after the test before it has run.
ODD_JOBS = """
    def test_jobs(pytestconfig):
        from tests.builders import report_scene
        scene = report_scene.Scene(pytestconfig.rootpath)
        report_scene.add_jobs(scene, report_scene.job())
        file = scene.jobs / "jobs.json"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace({old!r}, {new!r}), encoding="utf-8")
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"part": 0', '"part": 1e999', "*jobs.json: job 1 is not whole*"),
        ('"jobs": [', '"jobs": ', "*jobs.json is not JSON*"),
    ],
)
def test_odd_jobs_are_left_out_of_the_page_of_a_session(
    project: pytest.Pytester, old: str, new: str, said: str
) -> None:
    project.makepyfile(CLEAN + ODD_JOBS.format(old=old, new=new))

    ended = project.runpytest_inprocess(*PLUGIN, "--repro-report", "page")

    assert pytest.ExitCode.USAGE_ERROR == ended.ret
    ended.stdout.fnmatch_lines(["report: page/index.html", *f"report: left out: {said}".splitlines()])
    assert "equivalent" == document(project)["gate"]["verdict"]
    assert "4711" not in page(project).text


def test_a_session_whose_page_cannot_be_written_says_that_there_is_none(project: pytest.Pytester) -> None:
    hinder = """
    def test_hinder(pytestconfig):
        (pytestconfig.rootpath / "page" / "index.html").mkdir(parents=True)
    """
    project.makepyfile(CLEAN + hinder)

    ended = project.runpytest_inprocess(*PLUGIN, "--repro-report", "page")

    assert pytest.ExitCode.USAGE_ERROR == ended.ret
    ended.stdout.fnmatch_lines(["report: no page was written: *index.html is a folder"])
    ended.stdout.no_fnmatch_line("*left out*")
    ended.stdout.no_fnmatch_line("report: page/index.html")
