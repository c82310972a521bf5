"""The gate report: gate.json for machines, gate.md for people, the message of a failing test."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Optional

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from mnist_repro.gate.markdown import as_markdown, summary
from mnist_repro.gate.report import as_json
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.harness import fixture as checking
from mnist_repro.recipes import RECIPES
from tests.builders.gate_cases import fingerprint, runs
from tests.builders.gate_reports import entry, failing, golden, judged, note_only, passing, report


def test_a_session_passes_if_every_comparison_does(folder: Path) -> None:
    assert report(passing(folder), judged(folder, fingerprint())).passes


def test_a_session_does_not_pass_if_one_comparison_does_not(folder: Path) -> None:
    found = report(passing(folder), failing(folder))

    assert not found.passes
    assert Verdict.IMPROVED == found.verdict


def test_nothing_judged_is_no_pass() -> None:
    assert (False, Verdict.INCOMPARABLE) == (report().passes, report().verdict)


def test_a_session_that_was_stopped_does_not_pass(folder: Path) -> None:
    assert not report(passing(folder), complete=False).passes


@pytest.mark.parametrize("exit_code", [1, None])
def test_a_session_that_pytest_does_not_call_passed_does_not_pass(folder: Path, exit_code: Optional[int]) -> None:
    assert not report(passing(folder), exit_code=exit_code).passes


def test_a_test_that_failed_elsewhere_does_not_let_the_session_pass(folder: Path) -> None:
    assert not replace(report(passing(folder)), other_failures=("tests/test_other.py::test_it",)).passes


def test_a_test_without_a_verdict_does_not_pass() -> None:
    without = entry(None, "skipped", "somebody skipped it")

    assert not report(without).passes
    assert Verdict.INCOMPARABLE == report(without).verdict


def test_a_verdict_that_passes_does_not_save_a_test_that_failed(folder: Path) -> None:
    assert not report(replace(passing(folder), outcome="failed")).passes


def test_a_test_that_passed_does_not_save_a_verdict_that_does_not(folder: Path) -> None:
    assert not report(replace(failing(folder), outcome="passed")).passes


def test_a_platform_without_fingerprint_rests_on_its_samples(folder: Path) -> None:
    assert report(note_only(), passing(folder)).passes


def test_a_platform_without_fingerprint_and_without_samples_does_not_pass() -> None:
    assert not report(note_only()).passes


def test_a_platform_without_fingerprint_does_not_rest_on_what_was_published(folder: Path) -> None:
    sound = passing(folder).checked
    assert sound is not None
    published = entry(replace(sound, rung="published"))
    found = report(note_only(), published)

    assert not found.passes
    assert [note_only()] == list(found.blocking)
    assert report(published).passes


def test_a_known_difference_passes_and_stays_visible(folder: Path) -> None:
    known = replace(failing(folder), outcome="xfailed", reason="Keras 2.1.4 did it otherwise")
    found = report(known)

    assert found.passes
    assert Verdict.IMPROVED == found.verdict
    assert "(known: Keras 2.1.4 did it otherwise)" in as_markdown(found)
    assert "vgg7: subset improved, which is known" == summary(found)[0]


@pytest.mark.parametrize("spread", [math.nan, math.inf])
def test_that_nothing_could_be_compared_is_never_a_known_difference(spread: float, folder: Path) -> None:
    known = replace(judged(folder, runs(spread=spread)), outcome="xfailed", reason="it has always diverged")
    found = report(known, passing(folder))

    assert Verdict.INCOMPARABLE == known.verdict
    assert (False, False) == (found.passes, found.comparisons_pass)
    assert json.loads(as_json(found))["recipes"]["vgg7"]["passes"] is False


def test_a_known_failure_without_a_verdict_does_not_pass() -> None:
    without = entry(None, "xfailed", "it has always crashed")

    assert (False, Verdict.INCOMPARABLE) == (report(without).passes, report(without).verdict)


def test_a_rung_that_says_nothing_and_fails_as_expected_does_not_pass(folder: Path) -> None:
    silent = replace(note_only(), outcome="xfailed")

    assert not report(silent, passing(folder)).passes


def test_gate_json_has_every_number(folder: Path) -> None:
    fields = json.loads(as_json(report(failing(folder))))

    comparison = fields["recipes"]["vgg7"]["comparisons"][0]
    finding = comparison["findings"][0]
    assert (1, False, True, "improved") == tuple(fields[name] for name in ("schema", "passes", "complete", "verdict"))
    assert ("test_loss after 5 epochs", "improved", 0.02) == tuple(
        finding[name] for name in ("name", "verdict", "margin")
    )
    assert -0.27 < finding["interval"][0] < -0.25 < finding["interval"][1] < -0.23
    assert {"100", "101", "102"} == set(comparison["samples"])
    assert "2.21.0" == comparison["provenance"]["tensorflow"]
    assert [name for name in RECIPES if name != "vgg7"] == fields["not_judged"]


def test_gate_json_is_strict_json_whatever_was_measured(folder: Path) -> None:
    found = checking.judge(folder, runs(spread=math.nan))

    fields = json.loads(as_json(report(entry(found, "failed"))), parse_constant=pytest.fail)

    samples = fields["recipes"]["vgg7"]["comparisons"][0]["samples"]
    assert "nan" == samples["100"]["test_loss after 5 epochs"]


def test_gate_json_reads_as_documented(folder: Path, file_regression: FileRegressionFixture) -> None:
    """The stored text is also held against docs/reference/gate.schema.json, by `tox -e lint`."""
    file_regression.check(as_json(golden(folder)), extension=".json")
