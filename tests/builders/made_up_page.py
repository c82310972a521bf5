"""The facts of a page that nobody measured, for tests of what a page shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mnist_repro.gate.intervals import Interval
from mnist_repro.gate.verdicts import Finding, Verdict
from mnist_repro.report.groups import provenance_texts
from mnist_repro.report.values import (
    Document,
    Gate,
    GateComparison,
    GateRecipe,
    Group,
    GroupData,
    GroupRun,
    MetricFinding,
    MetricRow,
    Mistakes,
)


def document(**changes: Any) -> Document:
    """A document without facts."""
    empty = Document(1, "", "", [], "", 0, [], [], None, [], None, [], [])
    return replace(empty, **changes)


def metric(**changes: Any) -> MetricRow:
    """A metric of three seeds that is equivalent to its stored samples."""
    found = MetricFinding("equivalent", "the difference lies within the margin, proven", Interval(-0.01, 0.01), None)
    values = {0: 0.5, 1: 0.25, 2: 0.75}
    row = MetricRow("test_loss after 3 epochs", "lower", values, {0: 0.5}, 0.125, "a reason", found, [0.375])
    return replace(row, **changes)


def group(**changes: Any) -> Group:
    """A group of one run."""
    made = Group(
        id="group-1",
        recipe="wheel-softmax",
        title="a title",
        environment="an environment",
        scale="full",
        arithmetic="original",
        platform="here",
        dataset=GroupData("mnist", "beef" * 16, at_hand=True),
        unit="epoch",
        counts={},
        verdict="equivalent",
        reasons=[],
        notes=[],
        paired=False,
        metrics=[metric()],
        published_verdict="reproduced",
        published=[],
        drift=None,
        curves={},
        published_curves=[],
        mistakes=Mistakes(0, 1, 9, 1, [], [], [], None, None),
        runs=[GroupRun("runs/a", 0, 0.5, 0.75, "", 1.0, provenance_texts({}))],
    )
    return replace(made, **changes)


def finding(verdict: str = "equivalent", **changes: Any) -> Finding:
    """A finding of the gate report."""
    made = Finding("test_loss after 3 epochs", Verdict(verdict), "", "0.5", "0.5", margin=0.125)
    return replace(made, **changes)


def comparison(**changes: Any) -> GateComparison:
    """A comparison of the gate report with one finding."""
    texts = ("test.py::test", "passed", "")
    made = GateComparison(
        *texts, True, "wheel-softmax", "subset", "mnist", "original", "equivalent", [finding()], [], {}, {}
    )
    return replace(made, **changes)


def gate(*comparisons: GateComparison) -> Gate:
    """A gate report that passes."""
    session = {"scale": "subset", "seeds": "3", "arithmetic": "original", "started": "", "finished": ""}
    names = dict.fromkeys(each.recipe for each in comparisons)
    recipes = {
        name: GateRecipe("equivalent", True, [each for each in comparisons if each.recipe == name]) for name in names
    }
    return Gate("gate.json", True, True, "equivalent", session, 0, {}, recipes, [], [])
