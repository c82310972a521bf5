from __future__ import annotations

import json
from pathlib import Path

import pytest

from mnist_repro.gate import comparison as checked
from mnist_repro.gate.verdicts import Judgement, Verdict
from mnist_repro.harness import fixture as checking
from tests.builders.gate_cases import runs


@pytest.mark.parametrize("better", [0.0, 0.25])
def test_a_comparison_comes_back_from_its_json_as_it_was(folder: Path, better: float) -> None:
    found = checking.judge(folder, runs(better=better))

    assert found == checked.from_fields(json.loads(json.dumps(checked.as_fields(found))))


def test_a_comparison_that_could_not_be_made_is_incomparable() -> None:
    found = checked.incomparable("vgg7", "subset", "baseline", "it is gone")

    assert ("vgg7", Verdict.INCOMPARABLE) == (found.recipe, found.verdict)
    assert found == checked.from_fields(checked.as_fields(found))


def test_a_rung_without_findings_gives_no_verdict() -> None:
    assert checked.Comparison("fingerprint", Judgement("vgg7", (), ("a note",))).verdict is None


def test_a_field_that_is_missing_is_an_error() -> None:
    fields = checked.as_fields(checked.incomparable("vgg7", "subset", "baseline", "it is gone"))

    for name in ("rung", "findings", "samples", "provenance"):
        with pytest.raises(KeyError, match=name):
            checked.from_fields({key: value for key, value in fields.items() if key != name})
