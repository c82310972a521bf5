from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from mnist_repro.gate import comparison as checked
from mnist_repro.gate.intervals import Interval
from mnist_repro.gate.verdicts import Finding, Judgement, Verdict
from mnist_repro.harness import fixture as checking
from tests.builders.gate_cases import runs


@pytest.mark.parametrize("better", [0.0, 0.25])
def test_a_comparison_comes_back_from_its_json_as_it_was(folder: Path, better: float) -> None:
    found = checking.judge(folder, runs(better=better))

    assert found == checked.from_fields(json.loads(json.dumps(checked.as_fields(found))))
    assert bool(better) == bool(found.steps)


def test_a_comparison_without_a_recipe_comes_back_with_all_that_it_has() -> None:
    findings = (
        Finding("angle", Verdict.REPRODUCED, "", "1", "2", Interval(-math.inf, 0.1), 0.5, 7, "always", absolute=True),
        Finding("loss", Verdict.NO_WORSE, "proven"),
    )
    found = checked.Comparison(
        "solver/poisson-64",
        checked.CASES,
        Judgement(findings, ("a note",)),
        {"model": "größer"},
        {0: {"angle": 0.1 + 0.2}, 12: {"angle": math.pi}},
        {"platform": "x86_64", "switches": {"A": "1"}, "threads": 1},
        (("to see more", "gate diff 'a b'"), ("then", "gate accept")),
    )

    assert found == checked.from_fields(json.loads(json.dumps(checked.as_fields(found), allow_nan=False)))


@pytest.mark.parametrize(("name", "subject"), [("digits-sgd", "digits-sgd"), ("vgg7/subset", "vgg7"), ("a/b/c", "a/b")])
def test_names_in_one_folder_have_one_subject(name: str, subject: str) -> None:
    assert subject == checked.subject(name)


def test_a_comparison_that_could_not_be_made_is_incomparable() -> None:
    found = checked.incomparable("vgg7/subset", checked.SAMPLES, "baseline", "it is gone")

    assert ("vgg7", Verdict.INCOMPARABLE) == (checked.subject(found.name), found.verdict)
    assert found == checked.from_fields(checked.as_fields(found))


def test_a_rung_without_findings_gives_no_verdict() -> None:
    assert checked.Comparison("vgg7/fingerprint", checked.FINGERPRINT, Judgement((), ("a note",))).verdict is None


def test_a_field_that_is_missing_is_an_error() -> None:
    fields = checked.as_fields(checked.incomparable("vgg7/subset", checked.SAMPLES, "baseline", "it is gone"))

    for name in ("name", "kind", "conditions", "findings", "samples", "provenance"):
        with pytest.raises(KeyError, match=name):
            checked.from_fields({key: value for key, value in fields.items() if key != name})
