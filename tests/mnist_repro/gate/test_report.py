"""The gate report: gate.json for machines, gate.md for people, the message of a failing test."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, Tuple

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from mnist_repro.gate.comparison import CASES, incomparable
from mnist_repro.gate.markdown import as_markdown, summary
from mnist_repro.gate.report import NOTHING_TRAINED, Report, as_json
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.harness import fixture as checking
from mnist_repro.recipes import RECIPES
from tests.builders.gate_cases import CONDITIONS, fingerprint, runs
from tests.builders.gate_reports import entry, failing, golden, judged, note_only, passing, report

ELSEWHERE = ("tests/test_other.py::test_it",)
SESSIONS: Dict[str, Tuple[Callable[[Path], Report], bool, str]] = {
    "every comparison passes": (lambda at: report(passing(at), judged(at, fingerprint())), True, "equivalent"),
    "one comparison does not": (lambda at: report(passing(at), failing(at)), False, "improved"),
    "nothing was judged": (lambda at: report(), False, "incomparable"),
    "it was stopped": (lambda at: report(passing(at), complete=False), False, "equivalent"),
    "pytest calls it failed": (lambda at: report(passing(at), exit_code=1), False, "equivalent"),
    "pytest has not ended": (lambda at: report(passing(at), exit_code=None), False, "equivalent"),
    "another test failed": (lambda at: replace(report(passing(at)), other_failures=ELSEWHERE), False, "equivalent"),
    "a test without verdict": (lambda at: report(entry(None, "skipped", "not today")), False, "incomparable"),
    "a test failed though its verdict passes": (
        *(lambda at: report(replace(passing(at), outcome="failed")), False, "equivalent"),
    ),
    "a test passed though its verdict does not": (
        *(lambda at: report(replace(failing(at), outcome="passed")), False, "improved"),
    ),
    "samples where no fingerprint is stored": (lambda at: report(note_only(), passing(at)), True, "equivalent"),
    "nothing but a fingerprint that is not stored": (lambda at: report(note_only()), False, "incomparable"),
    "a known failure without verdict": (lambda at: report(entry(None, "xfailed", "always")), False, "incomparable"),
    "a known failure that says nothing": (
        *(lambda at: report(replace(note_only(), outcome="xfailed"), passing(at)), False, "equivalent"),
    ),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_passes_just_where_everything_asked_for_does(name: str, folder: Path) -> None:
    make, passes, verdict = SESSIONS[name]
    found = make(folder)

    assert (passes, verdict) == (found.passes, found.verdict.value)


def test_a_platform_without_fingerprint_does_not_rest_on_what_was_published(folder: Path) -> None:
    sound = passing(folder).checked
    assert sound is not None
    published = entry(replace(sound, name="vgg7/published", kind="published"))
    found = report(note_only(), published)

    assert not found.passes
    assert [note_only()] == list(found.blocking)
    assert report(published).passes


def test_a_session_that_trained_nothing_does_not_read_as_if_the_code_were_right(folder: Path) -> None:
    sound = passing(folder).checked
    assert sound is not None
    published = entry(replace(sound, name="vgg7/published", kind="published"))
    alone, with_runs = report(published), report(published, passing(folder))

    assert f"## Gate: passed: 1 comparison; {NOTHING_TRAINED}" == as_markdown(alone).splitlines()[0]
    assert f"note: {NOTHING_TRAINED}" in summary(alone)
    assert NOTHING_TRAINED in json.loads(as_json(alone))["subjects"]["vgg7"]["comparisons"][0]["notes"]
    assert all(NOTHING_TRAINED not in text for text in (as_markdown(with_runs), as_json(with_runs)))


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
    assert json.loads(as_json(found))["subjects"]["vgg7"]["passes"] is False


def test_gate_json_has_every_number(folder: Path) -> None:
    fields = json.loads(as_json(report(failing(folder))))

    comparison = fields["subjects"]["vgg7"]["comparisons"][0]
    finding = comparison["findings"][0]
    assert (2, False, True, "improved") == tuple(fields[name] for name in ("schema", "passes", "complete", "verdict"))
    assert ("test_loss after 5 epochs", "improved", 0.02) == tuple(
        finding[name] for name in ("name", "verdict", "margin")
    )
    assert -0.27 < finding["interval"][0] < -0.25 < finding["interval"][1] < -0.23
    assert {"100", "101", "102"} == set(comparison["samples"])
    assert "2.21.0" == comparison["provenance"]["tensorflow"]
    assert [name for name in RECIPES if name != "vgg7"] == fields["not_judged"]
    assert ("vgg7/subset", "samples", CONDITIONS) == tuple(comparison[name] for name in ("name", "kind", "conditions"))
    assert {"seeds": "5", "scale": "subset", "arithmetic": "original"} == fields["session"]["settings"]
    # Commands name paths of this machine.
    assert "steps" not in comparison


def test_a_session_judges_what_it_expects_and_names_what_it_does_not(folder: Path) -> None:
    digits = incomparable("digits-sgd", CASES, "baseline", "it is gone")
    found = report(entry(digits), passing(folder), judged(folder, fingerprint()), expected=("vgg7", "digits-lbfgs"))

    assert ["digits-sgd", "vgg7"] == list(found.subjects)
    assert [1, 2] == [len(entries) for entries in found.subjects.values()]
    assert ("digits-lbfgs",) == found.not_judged
    assert ["digits-sgd: incomparable", "vgg7: subset equivalent, fingerprint equivalent"] == summary(found)[:2]
    assert () == report(passing(folder), expected=()).not_judged
    assert ["digits-lbfgs"] == json.loads(as_json(found))["not_judged"]


def test_gate_json_is_strict_json_whatever_was_measured(folder: Path) -> None:
    found = checking.judge(folder, runs(spread=math.nan))

    fields = json.loads(as_json(report(entry(found, "failed"))), parse_constant=pytest.fail)

    samples = fields["subjects"]["vgg7"]["comparisons"][0]["samples"]
    assert "nan" == samples["100"]["test_loss after 5 epochs"]


def test_gate_json_reads_as_documented(folder: Path, file_regression: FileRegressionFixture) -> None:
    """The stored text is also held against docs/reference/gate.schema.json, by `tox -e lint`."""
    file_regression.check(as_json(golden(folder)), extension=".json")
