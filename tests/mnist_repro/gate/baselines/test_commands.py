"""What `gate-baselines` does to files: everything or nothing, and always with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List, Mapping, Tuple

import pytest

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.commands import owner
from mnist_repro.gate.baselines.values import BaselineFile, CasesEntry
from mnist_repro.gate.cli import main
from mnist_repro.gate.comparison import Comparison, as_fields
from mnist_repro.gate.verdicts import Judgement, Metric
from tests.builders import made_up_baselines as made

NAME = "digits/sgd"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Baselines of one name, and a proposal for it."""
    monkeypatch.delenv("CI", raising=False)
    folder = tmp_path / "baselines"
    stored = BaselineFile(NAME, "samples", (made.samples(),), owner(folder, NAME))
    baseline_files.write(folder, stored)
    moved = made.samples([loss + 0.25 for loss in made.SPREAD], history=())
    baseline_files.write(folder, BaselineFile(NAME, "samples", (moved,), owner(folder, NAME)), proposed=True)
    return folder


def run(folder: Path, *words: str) -> int:
    return main([words[0], *words[1:], "--baselines", str(folder)])


def names(folder: Path) -> Tuple[List[str], List[str]]:
    return baseline_files.names(folder), baseline_files.names(folder, proposed=True)


def test_list_and_show_say_what_is_stored(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == run(folder, "list") == run(folder, "show", NAME)
    said = capsys.readouterr().out

    assert "digits/sgd  samples  1 entry  proposed" in said
    assert "12 seeds, compared as distributions" in said


def test_where_nothing_is_the_message_says_where_to_look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == run(tmp_path / "baselines", "list")
    assert (
        "if that was done, type it in pytest's root folder, or name the folder: --baselines DIR"
        in capsys.readouterr().err
    )


def test_a_name_that_is_not_stored_is_refused_with_the_list_of_that_folder_or_with_its_proposal(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == run(folder, "remove", "nope", "--reason", "gone") == run(folder, "show", "nope")
    assert 2 == capsys.readouterr().err.count(f"next: gate-baselines list --baselines {folder}")

    new = BaselineFile("mesh", "fingerprint", (made.fingerprint(history=()),), owner(folder, "mesh"))
    proposed = baseline_files.write(folder, new, proposed=True)
    assert 2 == run(folder, "remove", "mesh", "--reason", "gone")
    assert f"--reason …, or rm {proposed}\n" in capsys.readouterr().err


def test_list_says_the_kind_of_what_is_only_proposed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = BaselineFile("mesh", "fingerprint", (made.fingerprint(history=()),), owner(folder, "mesh"))
    baseline_files.write(folder, new, proposed=True)

    assert 0 == run(folder, "list")
    assert "mesh        fingerprint  0 entries  proposed" in capsys.readouterr().out


CASES = {f"case-{at}": {"value": [float(at % 3 > 0)]} for at in range(30)}


def measured_cases(folder: Path, cases: Mapping[str, Any], kind: str = "cases") -> str:
    """A gate report with a comparison of cases, beside a baseline of `CASES`; its path."""
    metric = Metric("value", "higher", 0.05, "one in twenty", "no worse")
    stored = CasesEntry({}, (metric,), CASES, made.HERE, (made.FIRST,))
    baseline_files.write(folder, BaselineFile("bot", "cases", (stored,), owner(folder, "bot")))
    comparison = Comparison("bot", kind, Judgement(()), taken={"cases": cases}, provenance=made.HERE)
    file = folder.parent / "gate.json"
    report = {"schema": 2, "subjects": {"bot": {"comparisons": [as_fields(comparison)]}}}
    file.write_text(json.dumps(report), encoding="utf-8")
    return str(file)


def test_cases_that_ci_measured_become_the_baseline(folder: Path) -> None:
    now = {**CASES, "case-0": {"value": [1.0, 0.0]}, "new": {"value": [1.0]}}
    file = measured_cases(folder, now)

    assert 0 == run(folder, "accept", "bot", "--from", file, "--reason", "a new prompt")
    [entry] = baseline_files.read(folder, "bot", "cases", owner(folder, "bot")).entries
    assert isinstance(entry, CasesEntry)
    assert {name: {"value": tuple(each["value"])} for name, each in now.items()} == entry.cases
    assert ["first recording", "a new prompt"] == [change.reason for change in entry.history]


@pytest.mark.parametrize(
    ("cases", "kind", "message"),
    [
        ({"case-1": {"value": [1.0]}}, "cases", "has 1 case, not case-0, case-2, case-3, case-4, case-5"),
        ({**CASES, "case-0": {"value": ["nan"]}}, "cases", "value of case-0 is 'nan'"),
        ({name: {"other": [1.0]} for name in CASES}, "cases", "value is nan for case case-0"),
        (CASES, "published", "has no measured values of bot"),
    ],
)
def test_cases_that_could_not_be_judged_later_are_refused(
    folder: Path, cases: Mapping[str, Any], kind: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = measured_cases(folder, cases, kind)

    assert 2 == run(folder, "accept", "bot", "--from", file, "--reason", "x")
    assert message in capsys.readouterr().err


def test_a_fingerprint_that_is_no_number_is_refused_and_leaves_no_proposal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = {"exact": {"steps": 3}, "close": {"loss": "nan"}, "tolerance": 1e-9}
    comparison = Comparison("values", "fingerprint", Judgement(()), taken=taken, provenance=made.HERE)
    file = folder.parent / "gate.json"
    report = {"schema": 2, "subjects": {"values": {"comparisons": [as_fields(comparison)]}}}
    file.write_text(json.dumps(report), encoding="utf-8")
    before = sorted(folder.rglob("*"))

    assert 2 == run(folder, "accept", "values", "--from", str(file), "--reason", "x")
    assert "values is nan for loss" in capsys.readouterr().err
    assert before == [path for path in sorted(folder.rglob("*")) if ".recording" not in str(path)]


def test_a_proposal_is_compared_and_then_stored_with_its_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == run(folder, "diff")
    assert "regressed" in capsys.readouterr().out
    assert 0 == run(folder, "accept", NAME, "--reason", "another split")
    stored = baseline_files.read(folder, NAME, "samples", owner(folder, NAME))

    assert ([NAME], []) == names(folder)
    assert ["first recording", "another split"] == [change.reason for change in stored.entries[0].history]
    assert 2 == run(folder, "accept", NAME, "--reason", "again")


@pytest.mark.parametrize(
    "words",
    [
        ("accept", NAME),
        ("accept", NAME, "--reason", " "),
        ("accept", "other", "--reason", "x"),
        ("show", "other"),
        ("show", "../digits"),
        ("rename", NAME, NAME, "--reason", "x"),
        ("rename", NAME, "free", "--reason", "it has a proposal"),
        ("rename", NAME, "a/../../b", "--reason", "x"),
        ("rename", "other", "b", "--reason", "x"),
        ("remove", NAME),
        ("remove", NAME, "other", "--reason", "x"),
        ("accept", NAME, "--from", "missing.json", "--reason", "x"),
    ],
)
def test_what_is_refused_changes_nothing(
    folder: Path, words: Tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.yml")}

    assert 2 == run(folder, *words)
    assert "\n  next: " in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in folder.rglob("*.yml")}


def test_in_ci_nothing_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    assert [2, 2, 2] == [
        run(folder, *words, "--reason", "x") for words in (("accept",), ("rename", NAME, "b"), ("remove", NAME))
    ]


def test_a_new_name_keeps_the_history_and_a_removed_one_is_gone(folder: Path) -> None:
    baseline_files.path_of(folder, NAME, proposed=True).unlink()
    assert 0 == run(folder, "rename", NAME, "digits-sgd", "--reason", "clearer")
    stored = baseline_files.read(folder, "digits-sgd", "samples", owner(folder, "digits-sgd"))
    assert "renamed from digits/sgd: clearer" == stored.entries[0].history[-1].reason
    assert 0 == run(folder, "remove", "digits-sgd", "--reason", "gone")
    assert [] == names(folder)[0]


def test_a_proposal_is_removed_with_its_baseline(folder: Path) -> None:
    assert 0 == run(folder, "remove", NAME, "--reason", "gone")
    assert ([], []) == names(folder)
