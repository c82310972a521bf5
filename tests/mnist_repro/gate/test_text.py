from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mnist_repro.gate import text as gate_text
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.harness import fixture as checking
from tests.builders.gate_cases import MARGIN, fingerprint, runs, store, stored


def test_the_message_shows_metric_by_metric_and_what_to_type(folder: Path) -> None:
    lines = gate_text.failure(checking.judge(folder, runs(better=0.25))).splitlines()

    assert (
        "vgg7, subset: IMPROVED – better than the margin: a reproduction asks for sameness, so that better does not "
        "pass either"
    ) == lines[0]
    assert "mnist data, original arithmetic, seeds 100, 101, 102" == lines[1]
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


def test_the_message_shows_the_first_row_of_a_fingerprint_that_differs(folder: Path) -> None:
    losses = {"loss of step 1": 2.3125, "loss of step 2": 2.5}

    lines = gate_text.failure(checking.judge(folder, fingerprint(losses=losses))).splitlines()

    assert lines[0].startswith("vgg7, fingerprint: CHANGED")
    assert any(line.split() == ["loss", "of", "step", "2", "2.25", "2.5", "changed"] for line in lines)
    assert "loss of step 2: 1.1e-01 apart, relative, where 1.0e-03 is allowed" in lines


def test_what_to_type_is_about_the_same_data_and_arithmetic(folder: Path) -> None:
    found = checking.judge(folder, runs(better=0.25))

    steps = dict(gate_text.next_steps(replace(found, dataset="surrogate", arithmetic="framework")))

    assert steps["to see more"].startswith(
        "mnist-repro baseline record vgg7 --rung subset --data surrogate --arithmetic framework && "
    )


def test_what_to_type_names_baselines_that_lie_elsewhere(tmp_path: Path) -> None:
    elsewhere = store(tmp_path / "kept here", stored())
    option = f"--baselines '{elsewhere}'"

    changed = dict(gate_text.next_steps(checking.judge(elsewhere, runs(better=0.25))))
    surrogate = tuple(replace(each, dataset={**each.dataset, "name": "surrogate"}) for each in runs())
    unknown = checking.judge(elsewhere, surrogate)

    assert [option in command for command in changed.values()] == [True, True]
    assert 2 == changed["to see more"].count(option)
    assert f"record vgg7 --rung subset --data surrogate {option}, then" in unknown.judgement.findings[0].reason
    assert f"mnist-repro baseline show vgg7 {option}" == dict(gate_text.next_steps(unknown))["to see what is stored"]


def test_what_no_number_of_seeds_settles_is_not_told_to_be_settled_by_seeds(folder: Path) -> None:
    found = checking.judge(folder, runs(better=MARGIN))

    assert Verdict.INCONCLUSIVE == found.verdict
    assert ["to see more", "to accept it, if it is meant, after that"] == [
        title for title, _ in gate_text.next_steps(found)
    ]


def test_how_to_settle_it_is_about_the_same_data_and_arithmetic(folder: Path) -> None:
    found = checking.judge(folder, runs(seeds=(100,)))

    steps = gate_text.next_steps(replace(found, dataset="surrogate", arithmetic="framework"))

    assert [
        ("to settle it", "pytest --scale subset --seeds auto --data surrogate --arithmetic framework -k vgg7")
    ] == steps


def test_where_there_was_nothing_to_judge_no_command_about_a_recipe_is_told(folder: Path) -> None:
    assert [
        "(no recipe), subset: INCOMPARABLE – no comparison could be made, which never counts as a pass",
        "baseline: no run was made",
        "to have something judged: def test_it(measured, baseline): baseline.check(measured)",
    ] == gate_text.failure(checking.judge(folder, [])).splitlines()


def test_the_message_names_a_baseline_that_cannot_be_read(folder: Path) -> None:
    (folder / "vgg7" / "subset.yml").write_text("schema: 1\n")

    message = gate_text.failure(checking.judge(folder, runs()))

    assert message.startswith("vgg7, subset: INCOMPARABLE")
    assert f"{folder / 'vgg7' / 'subset.yml'} cannot be used as a baseline" in message
