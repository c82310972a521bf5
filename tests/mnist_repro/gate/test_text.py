from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Sequence

import pytest

from mnist_repro.gate import text as gate_text
from mnist_repro.gate.baselines.judge import next_steps
from mnist_repro.gate.baselines.values import Owner
from mnist_repro.gate.comparison import FINGERPRINT, PUBLISHED, SAMPLES, Comparison
from mnist_repro.gate.text import MEANING, meaning
from mnist_repro.gate.verdicts import Finding, Judgement, Verdict
from mnist_repro.harness import fixture as checking
from mnist_repro.runs import baselines
from tests.builders.gate_cases import MARGIN, fingerprint, runs, store, stored


def test_the_message_shows_metric_by_metric_and_what_to_type(folder: Path) -> None:
    lines = gate_text.failure(checking.judge(folder, runs(better=0.25))).splitlines()

    assert (
        "vgg7/subset: IMPROVED – better by more than the margin: the claim is sameness, so that better does not pass "
        "either"
    ) == lines[0]
    assert "dataset mnist, arithmetic original; seeds 100, 101, 102" == lines[1]
    assert ["metric", "stored", "measured", "interval", "margin", "verdict"] == lines[3].split()
    row = lines[4].split()
    assert ["test_loss", "after", "5", "epochs"] == row[:4]
    assert ["…", "±0.02", "improved"] == [row[7], *row[-2:]]
    assert (
        "to see more: mnist-repro baseline record vgg7 --rung subset && mnist-repro baseline diff vgg7 --rung subset"
    ) in lines
    assert (
        "to accept it, if it is meant, after that: mnist-repro baseline accept vgg7 --rung subset --reason '…'" in lines
    )
    assert "stops with 95 % a difference of 0.02 in test_loss after 5 epochs" in [
        line.partition(",")[0] for line in lines
    ]


def test_what_could_not_be_compared_stops_nothing() -> None:
    lost = Finding("loss", Verdict.INCOMPARABLE, "it is nan", margin=0.5)
    exact = Finding("exact values", Verdict.CHANGED, "they differ")

    assert "" == gate_text.stopped_text(Comparison("it", SAMPLES, Judgement((lost, exact))))


def test_the_margin_of_a_published_figure_is_none_of_the_gates() -> None:
    judged = Finding("loss", Verdict.REPRODUCED, "near", margin=0.5)

    assert "" == gate_text.stopped_text(Comparison("it", PUBLISHED, Judgement((judged,))))


def test_the_message_shows_the_first_row_of_a_fingerprint_that_differs(folder: Path) -> None:
    losses = {"loss of step 1": 2.3125, "loss of step 2": 2.5}

    lines = gate_text.failure(checking.judge(folder, fingerprint(losses=losses))).splitlines()

    assert lines[0].startswith("vgg7/fingerprint: CHANGED")
    assert any(line.split() == ["loss", "of", "step", "2", "2.25", "2.5", "changed"] for line in lines)
    assert "loss of step 2: 1.1e-01 apart, relative, where 1.0e-03 is allowed" in lines


def test_changed_samples_are_not_told_to_be_a_run_that_does_something_else() -> None:
    assert "different by more than the margin" == meaning(Verdict.CHANGED, SAMPLES)
    assert MEANING[Verdict.CHANGED] == meaning(Verdict.CHANGED, FINGERPRINT)


def test_what_to_type_is_about_the_same_data_and_arithmetic(folder: Path) -> None:
    elsewhere = {"dataset": "surrogate", "arithmetic": "framework"}
    owner = baselines.owner(Path("baselines"), "vgg7", "subset", elsewhere)
    judgement = checking.judge(folder, runs(better=0.25)).judgement

    steps = dict(next_steps(judgement, 3, owner))

    assert steps["to see more"].startswith(
        "mnist-repro baseline record vgg7 --rung subset --data surrogate --arithmetic framework && "
    )


def test_what_to_type_names_baselines_that_lie_elsewhere(tmp_path: Path) -> None:
    elsewhere = store(tmp_path / "kept here", stored())
    option = f"--baselines '{elsewhere}'"

    changed = dict(checking.judge(elsewhere, runs(better=0.25)).steps)
    surrogate = tuple(replace(each, dataset={**each.dataset, "name": "surrogate"}) for each in runs())
    unknown = checking.judge(elsewhere, surrogate)

    assert [option in command for command in changed.values()] == [True, True]
    assert 2 == changed["to see more"].count(option)
    assert f"record vgg7 --rung subset --data surrogate {option}, then" in unknown.judgement.findings[0].reason
    assert f"mnist-repro baseline show vgg7 {option}" == dict(unknown.steps)["to see what is stored"]


def test_what_no_number_of_seeds_settles_is_not_told_to_be_settled_by_seeds(folder: Path) -> None:
    found = checking.judge(folder, runs(better=MARGIN))

    assert Verdict.INCONCLUSIVE == found.verdict
    assert ["to see more", "to accept it, if it is meant, after that"] == [title for title, _ in found.steps]


def test_how_to_settle_it_is_about_the_same_data_and_arithmetic(folder: Path) -> None:
    elsewhere = {"dataset": "surrogate", "arithmetic": "framework"}
    owner = baselines.owner(Path("baselines"), "vgg7", "subset", elsewhere)
    judgement = checking.judge(folder, runs(seeds=(100,))).judgement
    options = "--repro-data surrogate --repro-arithmetic framework"

    assert (("to settle it", f"pytest --repro-scale subset --gate-seeds auto {options} -k vgg7"),) == next_steps(
        judgement, 1, owner
    )


@pytest.mark.parametrize(
    ("needed", "seeds", "asked"), [((5, 10), 5, "auto"), ((11,), 5, "11"), ((7,), 10, "11"), ((40, 7), 10, "40")]
)
def test_auto_is_told_only_where_its_seeds_are_enough(needed: Sequence[int], seeds: int, asked: str) -> None:
    findings = tuple(
        Finding(f"metric {at}", Verdict.INCONCLUSIVE, "", seeds_needed=count) for at, count in enumerate(needed)
    )
    owner = Owner("record", "show", "diff", "accept", "again with {seeds}")

    assert (("to settle it", f"again with {asked}"),) == next_steps(Judgement(findings), seeds, owner)
    # Nothing is trained here, so that no command trains more.
    assert () == next_steps(Judgement(findings), seeds, replace(owner, rerun=""))


def test_what_passes_needs_no_next_step(folder: Path) -> None:
    better = Judgement((Finding("loss", Verdict.BETTER, "proven"), Finding("angle", Verdict.CHANGED, "", known="yes")))

    assert () == checking.judge(folder, runs(seeds=range(100, 105))).steps
    assert () == next_steps(better, 5, Owner("record", "show", "diff", "accept", "again"))


def test_where_there_was_nothing_to_judge_no_command_about_a_recipe_is_told(folder: Path) -> None:
    assert [
        "(nothing): INCOMPARABLE – no comparison could be made, which never counts as a pass",
        "baseline: no run was made",
    ] == gate_text.failure(checking.judge(folder, [])).splitlines()


def test_the_message_names_a_baseline_that_cannot_be_read(folder: Path) -> None:
    (folder / "vgg7" / "subset.yml").write_text("schema: 2\n")

    message = gate_text.failure(checking.judge(folder, runs()))

    assert message.startswith("vgg7/subset: INCOMPARABLE")
    assert f"{folder / 'vgg7' / 'subset.yml'} cannot be used as a baseline" in message
