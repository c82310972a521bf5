"""`mnist-repro power` with real mutated trainings: it catches, resumes, and says what nothing catches."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Dict

import pytest

from tests.builders.command_line import Ended, run_alone

pytestmark = pytest.mark.skipif(
    find_spec("pandas") is None, reason="pandas is not installed, and `mnist-repro power` needs it"
)

BASELINES = Path(__file__).resolve().parents[3] / "baselines"
LIST = """
import contextlib
from mnist_repro.training import framework, model, train as training
from mnist_repro.power.bugs import Bug, instead_of

def shape_lost(logits, labels):
    raise ValueError("shapes differ")

BUGS = (
    Bug("nothing", "nothing is wrong", ("tf-softmax",), contextlib.nullcontext),
    Bug("crash", "the loss cannot be computed", ("tf-softmax",),
        lambda: instead_of(model.mean_cross_entropy, shape_lost)),
    Bug("unplantable", "there is no such function", ("tf-softmax",), lambda: instead_of(shape_lost, len)),
)
"""


def power(out: Path, data: str, *arguments: object) -> Ended:
    common = ("--quick", "--recipe", "tf-softmax", "--baselines", BASELINES, "--data", data, "--out", out)
    return run_alone("power", *common, "--json", out / "power.json", *arguments)


def told(out: Path) -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads((out / "power.json").read_text(encoding="utf-8"))
    return found


def test_every_bug_of_a_recipe_is_caught_and_measured_once(tmp_path: Path, data: str) -> None:
    first = power(tmp_path, data)
    kept = sorted(tmp_path.rglob("*.json"))
    again = power(tmp_path, data)

    assert (0, 0) == (first.code, again.code)
    assert first.out == again.out
    assert "4/4" in first.err
    assert "1/" not in again.err
    assert kept == sorted(tmp_path.rglob("*.json"))
    found = told(tmp_path)
    bugs = ["images-transposed", "confusion-transposed", "validation-used", "decay-late", "float16-weights"]
    assert [None, *bugs] == [row["bug"] for row in found["rows"]]
    assert [5, 5] == found["caught"]["fingerprint"] == found["caught"]["ours"]
    assert ["equivalent"] * 4 == [each["verdict"] for each in found["fingerprints_elsewhere"]]


def test_what_nothing_catches_fails_the_command_and_a_crash_does_not(tmp_path: Path, data: str) -> None:
    bugs = tmp_path / "bugs.py"
    bugs.write_text(LIST, encoding="utf-8")

    ended = power(tmp_path, data, "--bugs", bugs, "--bug", "nothing", "--bug", "crash")

    assert 1 == ended.code
    assert ended.out.endswith("missed: nothing on tf-softmax\n")
    crashed = next(row for row in told(tmp_path)["rows"] if row["bug"] == "crash")
    assert {"caught": True, "why": "crashed: ValueError: shapes differ"} == crashed["cells"]["subset"]


def test_a_bug_that_cannot_be_planted_is_no_result(tmp_path: Path, data: str) -> None:
    bugs = tmp_path / "bugs.py"
    bugs.write_text(LIST, encoding="utf-8")

    ended = power(tmp_path, data, "--bugs", bugs, "--bug", "unplantable")

    assert 2 == ended.code
    assert "LookupError: no module of mnist_repro has shape_lost" in ended.err
