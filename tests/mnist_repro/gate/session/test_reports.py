from __future__ import annotations

import json
from typing import Any, List, Optional, Tuple

import pytest

from mnist_repro.gate import comparison as checked
from mnist_repro.gate.comparison import SAMPLES, Comparison
from mnist_repro.gate.session.reports import ANY_NAME, CHECKED, RECORDED, TRIED_AGAIN, WANTED, Collector, properties
from mnist_repro.gate.verdicts import Finding, Judgement, Verdict

NAME = "test_it.py::test_it"
FAILED = "E   assert 1 == 2\n\ntest_it.py:3: AssertionError"


def report(when: Any, outcome: Any = "passed", longrepr: Any = None, *noted: Tuple[str, str]) -> pytest.TestReport:
    return pytest.TestReport(NAME, ("test_it.py", 1, "test_it"), {}, outcome, longrepr, when, user_properties=noted)


def compared(name: str = "vgg7/subset", verdict: Optional[Verdict] = Verdict.INCOMPARABLE) -> Tuple[str, str]:
    findings = () if verdict is None else (Finding("baseline", verdict, "it is gone"),)
    found = Comparison(name, SAMPLES, Judgement(findings))
    return CHECKED, json.dumps(checked.as_fields(found))


def collected(*reports: pytest.TestReport) -> Collector:
    collector = Collector()
    for each in reports:
        collector.see(each)
    return collector


def outcomes(collector: Collector) -> List[Tuple[str, str, Optional[str]]]:
    return [(entry.name, entry.outcome, entry.reason) for entry in collector.entries()]


def test_a_comparison_is_read_from_the_report_of_its_test() -> None:
    collector = collected(report("setup"), report("call", "failed", FAILED, compared()), report("teardown"))

    assert [("vgg7/subset", "failed", "")] == outcomes(collector)
    assert () == collector.other_failures()


def test_of_several_comparisons_the_last_one_has_the_outcome_of_the_test() -> None:
    passed = compared("digits-sgd", Verdict.EQUIVALENT)
    collector = collected(report("setup"), report("call", "failed", FAILED, passed, compared("digits-lbfgs")))

    assert [("digits-sgd", "passed", ""), ("digits-lbfgs", "failed", "")] == outcomes(collector)


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [(Verdict.REGRESSED, "failed"), (Verdict.BETTER, "passed"), (Verdict.NO_WORSE, "passed"), (None, "skipped")],
)
def test_comparisons_of_other_names_are_entries_of_their_own_and_no_earlier_attempts(
    verdict: Optional[Verdict], outcome: str
) -> None:
    several = (compared("digits-sgd", verdict), compared("digits-lbfgs", Verdict.EQUIVALENT))
    found = collected(report("setup"), report("call", "passed", None, *several))

    assert [("digits-sgd", outcome, ""), ("digits-lbfgs", "passed", "")] == outcomes(found)
    assert [verdict, Verdict.EQUIVALENT] == [entry.verdict for entry in found.entries()]
    # A name that failed is not undone by another name that passes.
    assert (outcome != "failed") is found.entries()[0].passes


def test_a_name_that_two_processes_recorded_fails() -> None:
    def of(test: str, name: str) -> pytest.TestReport:
        noted = [(WANTED, ANY_NAME), (RECORDED, json.dumps([name, f"{name}: proposed in a file", "  more"]))]
        return pytest.TestReport(test, ("it", 1, test), {}, "skipped", None, "call", user_properties=noted)

    gates = collected(of("first", "digits"), of("second", "digits"), of("third", "other"))

    reason = "digits is the name of two gates: of first and of second: record again"
    assert [("second", "failed", "digits", reason)] == [
        (each.test, each.outcome, each.name, each.reason) for each in gates.entries()
    ]


def test_a_name_that_two_tests_use_passes_only_once() -> None:
    def of(test: str, wanted: str) -> pytest.TestReport:
        noted = [(WANTED, wanted), compared("digits", Verdict.EQUIVALENT)]
        return pytest.TestReport(test, ("it", 1, test), {}, "passed", None, "call", user_properties=noted)

    gates = collected(of("first", ANY_NAME), of("second", ANY_NAME))
    recipes = collected(*(of(each, json.dumps(("digits", SAMPLES))) for each in ("first", "second")))

    reason = "digits is the name of two gates: of first and of second"
    assert [("digits", "passed", ""), ("digits", "failed", reason)] == outcomes(gates)
    assert ["passed", "passed"] == [outcome for _, outcome, _ in outcomes(recipes)]
    assert json.dumps((checked.NOTHING, SAMPLES)) == ANY_NAME


def test_of_several_names_that_ran_again_only_those_that_failed_before_were_tried_again() -> None:
    first = (compared("a", Verdict.EQUIVALENT), compared("b", Verdict.REGRESSED))
    second = (compared("a", Verdict.EQUIVALENT), compared("b", Verdict.EQUIVALENT))

    found = collected(report("setup"), report("call", "passed", None, *first, *second))

    assert [("a", "passed", ""), ("b", "failed", TRIED_AGAIN), ("a", "passed", ""), ("b", "passed", "")] == outcomes(
        found
    )


def test_an_attempt_before_the_one_that_passes_is_a_failure() -> None:
    # pytest-rerunfailures runs the same item again, so that the second report has the properties of both attempts.
    first = [report("setup"), report("call", "rerun", FAILED, compared()), report("setup")]
    both = report("call", "passed", None, compared(), compared(verdict=Verdict.EQUIVALENT))

    assert [("vgg7/subset", "failed", TRIED_AGAIN), ("vgg7/subset", "passed", "")] == outcomes(collected(*first, both))


@pytest.mark.parametrize(
    ("outcome", "longrepr", "reason"),
    [
        ("failed", FAILED, "test_it.py:3: AssertionError"),
        ("passed", None, "it compared nothing"),
        ("skipped", ("test_it.py", 3, "Skipped: no"), "Skipped: no"),
    ],
)
def test_an_announced_comparison_that_was_not_made_has_a_reason(outcome: str, longrepr: Any, reason: str) -> None:
    wanted = (WANTED, json.dumps(["vgg7/full", SAMPLES]))
    ended = collected(report("setup"), report("call", outcome, longrepr, wanted))

    assert [("vgg7/full", outcome, reason)] == outcomes(ended)


def test_an_expected_failure_keeps_its_reason() -> None:
    expected = report("call", "skipped", FAILED, compared())
    expected.wasxfail = "it has always been so"

    assert [("vgg7/subset", "xfailed", "it has always been so")] == outcomes(collected(report("setup"), expected))


def test_a_test_that_runs_again_counts_once() -> None:
    first = [report("setup"), report("call", "failed", FAILED, compared())]

    assert [("vgg7/subset", "passed", "")] == outcomes(
        collected(*first, report("setup"), report("call", "passed", None, compared()))
    )


def test_failed_tests_without_a_comparison_and_modules_without_tests_are_other_failures() -> None:
    collector = collected(report("setup"), report("call", "failed", FAILED))
    collector.see_uncollected("test_broken.py")

    assert (NAME, "test_broken.py") == collector.other_failures()
    assert not collector.any()


def test_what_the_fixture_records_is_what_is_read() -> None:
    found = checked.incomparable("vgg7/subset", SAMPLES, "baseline", "it is gone")

    [entry] = collected(report("call", "failed", FAILED, *properties(found))).entries()

    assert found == entry.checked
