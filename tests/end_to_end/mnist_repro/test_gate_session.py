"""The gate report of a session, however it ends."""

from __future__ import annotations

from typing import Tuple

import pytest

from tests.builders.gate_project import BETTER, CLEAN, MEASURED, Project


def told(project: Project) -> Tuple[object, ...]:
    """Of the report: whether it passes and is complete, its verdict, and pytest's exit code."""
    found = project.report()
    return found["passes"], found["complete"], found["verdict"], found["session"]["exit_code"]


def test_the_report_is_written_when_all_is_well(project: Project) -> None:
    project.write(CLEAN)

    result = project.run_with_report()

    assert (True, True, "equivalent", 0) == told(project)
    assert (project.gate / "gate.md").read_text(encoding="utf-8").startswith("## Gate: passed: 1 comparison\n")
    result.stdout.fnmatch_lines(["*= gate =*", "vgg7: subset equivalent", "gate report: gate?gate.md"])


def test_the_report_is_written_when_tests_fail(project: Project) -> None:
    project.write(CLEAN + BETTER + "\ndef test_other():\n    assert False")

    result = project.run_with_report("-q")

    assert (False, True, "improved", 1) == told(project)
    result.stdout.fnmatch_lines(["the gate does not pass: test_it.py::test_better: vgg7/subset: improved"])
    assert {"test_clean": "equivalent", "test_better": "improved"} == project.verdicts()
    assert ["test_it.py::test_other"] == project.report()["other_failures"]


def test_the_report_goes_where_it_was_wanted_even_if_a_test_changes_the_working_directory(project: Project) -> None:
    (project.path / "elsewhere").mkdir()
    project.write(
        "def test_clean(baseline, monkeypatch):\n    monkeypatch.chdir('elsewhere')\n    baseline.check(runs())"
    )

    project.run_with_report()

    assert {"test_clean": "equivalent"} == project.verdicts()
    assert not (project.path / "elsewhere" / "gate").exists()


def test_a_session_that_is_interrupted_reports_what_it_judged_as_incomplete(project: Project) -> None:
    project.write(CLEAN + "\ndef test_interrupted():\n    raise KeyboardInterrupt\n" + BETTER)

    project.run_apart()

    assert (False, False, "equivalent", 2) == told(project)
    assert "INCOMPLETE" in (project.gate / "gate.md").read_text(encoding="utf-8")


def test_a_session_that_stops_at_its_first_failure_is_incomplete(project: Project) -> None:
    project.write(BETTER + CLEAN)

    project.run_with_report("-x")

    assert not project.report()["complete"]


def test_a_session_that_dies_leaves_what_it_judged_and_no_older_report(project: Project) -> None:
    project.gate.mkdir()
    (project.gate / "gate.json").write_text('{"schema": 1, "passes": true}')
    project.write(CLEAN + "\ndef test_dies():\n    import os\n    os._exit(0)")

    project.run_apart()

    assert (False, False, "equivalent", None) == told(project)
    assert {"test_clean": "equivalent"} == project.verdicts()


def test_a_module_that_cannot_be_collected_does_not_let_the_session_pass(project: Project) -> None:
    project.write(CLEAN)
    project.write("import nowhere_to_be_found", "test_broken")

    project.run_with_report("--continue-on-collection-errors")

    found = project.report()
    assert (False, ["test_broken.py"]) == (found["passes"], found["other_failures"])


@pytest.mark.parametrize("status", [1, 5])
def test_an_exit_code_that_something_else_gave_does_not_let_the_session_pass(project: Project, status: int) -> None:
    project.pytester.makeconftest(f"def pytest_sessionfinish(session):\n    session.exitstatus = {status}")
    project.write(CLEAN)

    result = project.run_with_report()

    assert (status, False) == (result.ret, project.report()["passes"])


def test_a_comparison_that_somebody_skips_does_not_let_the_session_pass(project: Project) -> None:
    project.write(CLEAN + "\n@pytest.mark.skip(reason='not today')" + MEASURED.replace("RECIPE", "'vgg7'"))

    result = project.run_with_report("-qq")

    assert (pytest.ExitCode.TESTS_FAILED, 1) == (result.ret, project.report()["session"]["exit_code"])
    assert not project.report()["passes"]
    result.stdout.fnmatch_lines(
        ["the gate does not pass: *test_it*: vgg7/subset: ended without a verdict, skipped: Skipped: not today"]
    )
    assert "without a verdict, skipped: Skipped: not today" in (project.gate / "gate.md").read_text(encoding="utf-8")


def test_a_comparison_that_is_known_to_be_impossible_does_not_let_the_session_pass(project: Project) -> None:
    project.write("@pytest.mark.xfail(reason='too few')\ndef test_it(baseline):\n    baseline.check([])")

    result = project.run()

    result.assert_outcomes(xfailed=1)
    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines(["the gate does not pass: *, which is known: too few"])


@pytest.mark.parametrize("option", ["--setup-plan", "--collect-only"])
def test_where_no_test_is_called_no_comparison_is_missing(option: str, project: Project) -> None:
    project.write(MEASURED.replace("RECIPE", "'vgg7'"))

    result = project.run(option)

    assert pytest.ExitCode.OK == result.ret
    result.stdout.no_fnmatch_line("the gate does not pass*")


def test_a_known_difference_is_reported_with_its_reason(project: Project) -> None:
    project.write(f"@pytest.mark.xfail(strict=True, reason='measured otherwise then'){BETTER}")

    result = project.run_with_report()

    result.assert_outcomes(xfailed=1)
    comparison = project.report()["subjects"]["vgg7"]["comparisons"][0]
    assert ("xfailed", "improved", "measured otherwise then", True) == tuple(
        comparison[name] for name in ("outcome", "verdict", "reason", "passes")
    )


def test_the_report_is_added_to_githubs_step_summary_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = project.path / "summary.md"
    summary.write_text("what was there\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    project.write(CLEAN)

    project.run_with_report()

    written = (project.gate / "gate.md").read_text(encoding="utf-8")
    assert f"what was there\n{written}" == summary.read_text(encoding="utf-8")


def test_a_step_summary_that_cannot_be_written_is_said(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.path))
    project.write(CLEAN)

    result = project.run_with_report()

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stdout.fnmatch_lines(["gate report: cannot append to GITHUB_STEP_SUMMARY=*"])


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(project: Project) -> None:
    project.gate.write_text("a file")
    project.write(CLEAN)

    result = project.run_with_report()

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines(["*--gate-report: cannot write *gate*"])


def test_a_report_that_cannot_be_written_in_the_end_does_not_pass(project: Project) -> None:
    project.write(CLEAN + "    import shutil\n    shutil.rmtree('gate')\n    open('gate', 'w').close()")

    result = project.run_with_report()

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stdout.fnmatch_lines(["gate report: cannot write *gate*"])
