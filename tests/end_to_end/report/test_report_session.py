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

    ended = project.runpytest_inprocess(*PLUGIN, "--report", "page")

    ended.stdout.fnmatch_lines(["report: page/index.html"])
    assert ended.ret == 0
    told = document(project)
    assert told["gate"]["verdict"] == "equivalent"
    assert told["gate"]["exit_code"] == 0
    assert "note_doubled" not in [note["key"] for note in told["notes"]]
    [group] = told["groups"]
    assert (group["recipe"], [run["seed"] for run in group["runs"]]) == ("vgg7", [100, 101, 102])


def test_runs_that_were_made_elsewhere_are_said_to_be_missing(project: pytest.Pytester) -> None:
    project.makepyfile(CLEAN)

    ended = project.runpytest_inprocess(*PLUGIN, "--report", "page")

    assert ended.ret == 0
    assert [] == document(project)["groups"]
    assert "Runs of this session in no folder that can be read here (made elsewhere): 3;" in page(project).text
    assert "vgg7" in page(project).text


def test_what_was_measured_elsewhere_stands_beside_what_is_stored(project: pytest.Pytester) -> None:
    project.makepyfile(CLEAN)

    project.runpytest_inprocess(*PLUGIN, "--report", "page")

    [told] = document(project)["gate_samples"]
    assert ("vgg7", "subset") == (told["recipe"], told["rung"])
    assert [(16, 3)] * len(told["metrics"]) == [
        (len(each["stored"]), len(each["measured"])) for each in told["metrics"]
    ]
    figures = [each for each in page(project).named("svg") if each.get("role") == "img"]
    assert len(told["metrics"]) == len(figures) > 0


def test_a_page_without_runs_has_no_empty_parts(project: pytest.Pytester) -> None:
    project.makepyfile(CLEAN)

    project.runpytest_inprocess(*PLUGIN, "--report", "page")

    ids = page(project).values("id")
    assert ([], ["glance", "gate"]) == (
        [each for each in ("recipes", "drift", "runs") if each in ids],
        [each for each in ("glance", "gate") if each in ids],
    )


def test_a_session_that_fails_for_another_reason_says_so_at_the_top(project: pytest.Pytester) -> None:
    project.makepyfile(CLEAN + "\n    def test_other():\n        raise AssertionError\n")

    project.runpytest_inprocess(*PLUGIN, "--report", "page")

    html = (project.path / "page" / "index.html").read_text(encoding="utf-8")
    top = html[: html.index('<table class="glance')]
    assert "does not pass" in top


def test_the_page_of_a_failed_session_says_so(project: pytest.Pytester) -> None:
    project.makepyfile(CLEAN.replace("runs()", "runs(better=0.25)"))

    ended = project.runpytest_inprocess(*PLUGIN, "--report", "page")

    assert ended.ret == 1
    assert (document(project)["gate"]["verdict"], document(project)["gate"]["exit_code"]) == ("improved", 1)


def test_with_xdist_the_page_is_written_once_and_has_the_runs_of_every_worker(project: pytest.Pytester) -> None:
    project.makepyfile(MEASURED)

    ended = project.runpytest_subprocess("-p", "xdist.plugin", *PLUGIN, "-n", "2", "--report", "page")

    assert ended.ret == 0
    [group] = document(project)["groups"]
    assert [100, 101, 102] == [run["seed"] for run in group["runs"]]


def test_a_folder_that_cannot_be_written_stops_the_session_before_it_begins(project: pytest.Pytester) -> None:
    project.makepyfile(CLEAN)
    (project.path / "file").write_text("mine", encoding="utf-8")

    ended = project.runpytest_inprocess(*PLUGIN, "--report", "file/page")

    assert ended.ret == pytest.ExitCode.USAGE_ERROR
    ended.stderr.fnmatch_lines(["*--report: *file is not a folder*"])


def test_somebody_elses_page_stops_the_session_before_it_begins(project: pytest.Pytester) -> None:
    project.makepyfile(CLEAN)
    theirs = project.mkdir("page") / "index.html"
    theirs.write_text("<h1>mine</h1>", encoding="utf-8")

    ended = project.runpytest_inprocess(*PLUGIN, "--report=page")

    assert ended.ret == pytest.ExitCode.USAGE_ERROR
    ended.stderr.fnmatch_lines(["*--report: *index.html is not a page that mnist-repro made*"])
    assert theirs.read_text(encoding="utf-8") == "<h1>mine</h1>"


def test_jobs_of_an_earlier_session_are_not_taken_for_this_one(project: pytest.Pytester) -> None:
    project.makepyfile(CLEAN)
    report_scene.add_jobs(report_scene.Scene(project.path), report_scene.job())
    file = project.path / ".pjm" / "20260102-030405-0a1b" / "jobs.json"

    os.utime(str(file), (1.0, 1.0))

    project.runpytest_inprocess(*PLUGIN, "--report", "page")

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

    project.runpytest_inprocess(*PLUGIN, "-p", "pytest_pjm", "--report", "page", *arguments, "-k", "test_")

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

    ended = project.runpytest_inprocess(*PLUGIN, "--report", "page")

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

    ended = project.runpytest_inprocess(*PLUGIN, "--report", "page")

    assert pytest.ExitCode.USAGE_ERROR == ended.ret
    ended.stdout.fnmatch_lines(["report: no page was written: *index.html is a folder"])
    ended.stdout.no_fnmatch_line("*left out*")
    ended.stdout.no_fnmatch_line("report: page/index.html")
