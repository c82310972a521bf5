"""The gate report: gate.json for machines, gate.md for people, the message of a failing test."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Optional

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from mnist_repro.errors import BadInput
from mnist_repro.gate import comparison as checked
from mnist_repro.gate import text as gate_text
from mnist_repro.gate.comparison import Comparison
from mnist_repro.gate.intervals import Interval
from mnist_repro.gate.markdown import as_markdown, escaped, summary
from mnist_repro.gate.report import Report, ReportEntry, Session, as_json
from mnist_repro.gate.session.gate_session import write
from mnist_repro.gate.verdicts import Finding, Judgement, Verdict
from mnist_repro.harness import fixture as checking
from mnist_repro.harness.checkable import Measured, NotMeasured
from mnist_repro.recipes import RECIPES
from tests.builders.gate_cases import MARGIN, fingerprint, runs, store, stored, stored_fingerprint

SESSION = Session(
    scale="subset",
    seeds="3",
    arithmetic="original",
    started="2020-02-20T20:20:20+00:00",
    versions={"mnist_repro": "1.0", "pytest": "9.0", "python": "3.11"},
    finished="2020-02-20T20:21:20+00:00",
    exit_code=0,
    complete=True,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Baselines of vgg7 and wheel-softmax, where commands look for them."""
    monkeypatch.chdir(tmp_path)
    return store(tmp_path / "baselines", stored(), stored("wheel-softmax"), stored_fingerprint())


def entry(found: Optional[Comparison], outcome: str = "passed", reason: str = "") -> ReportEntry:
    recipe, rung = (found.recipe, found.rung) if found else ("vgg7", "subset")
    return ReportEntry(f"tests/test_it.py::test_recipe[{recipe}-{rung}]", outcome, recipe, rung, found, reason)


def judged(folder: Path, measured: Measured) -> ReportEntry:
    found = checking.judge(folder, measured)
    return entry(found, "passed" if found.verdict and found.verdict.passes else "failed")


def passing(folder: Path) -> ReportEntry:
    return judged(folder, runs())


def failing(folder: Path) -> ReportEntry:
    return judged(folder, runs(better=0.25))


def note_only() -> ReportEntry:
    """A fingerprint of a platform for which none is stored."""
    return entry(Comparison("fingerprint", Judgement("vgg7", (), ("no fingerprint is stored for aarch64",))), "skipped")


def report(*entries: ReportEntry, **session: Any) -> Report:
    return Report(replace(SESSION, **session), entries)


# --- Whether it passes ---


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


# --- gate.json ---


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


@pytest.mark.parametrize("better", [0.0, 0.25])
def test_a_comparison_comes_back_from_its_json_as_it_was(folder: Path, better: float) -> None:
    found = checking.judge(folder, runs(better=better))

    assert found == checked.from_fields(json.loads(json.dumps(checked.as_fields(found))))


def test_gate_json_reads_as_documented(folder: Path, file_regression: FileRegressionFixture) -> None:
    """The stored text is also held against docs/reference/gate.schema.json, by `tox -e lint`."""
    file_regression.check(as_json(_golden(folder)), extension=".json")


def test_gate_md_reads_as_stored(folder: Path, file_regression: FileRegressionFixture) -> None:
    file_regression.check(as_markdown(_golden(folder)), extension=".md")


def _golden(folder: Path) -> Report:
    wheel = judged(folder, runs("wheel-softmax", seeds=(0, 1, 2)))
    changed = judged(folder, fingerprint(losses={"loss of step 1": 2.3125, "loss of step 2": 2.5}))
    without = ReportEntry(
        "tests/test_it.py::test_recipe[tf-cnn-full]", "failed", "tf-cnn", "full", None, "worker crashed"
    )
    found = report(wheel, note_only(), changed, failing(folder), without, exit_code=1)
    # Digits that another machine's rounding does not change.
    return replace(
        found, entries=tuple(map(_rounded, found.entries)), other_failures=("tests/test_other.py::test_a|b",)
    )


def _rounded(found: ReportEntry) -> ReportEntry:
    if found.checked is None:
        return found
    findings = tuple(
        replace(finding, interval=Interval(round(finding.interval.low, 6), round(finding.interval.high, 6)))
        if finding.interval
        else finding
        for finding in found.checked.judgement.findings
    )
    samples = {
        seed: {name: round(value, 9) for name, value in values.items()}
        for seed, values in found.checked.samples.items()
    }
    judgement = replace(found.checked.judgement, findings=findings)
    return replace(found, checked=replace(found.checked, judgement=judgement, samples=samples))


# --- gate.md ---

HOSTILE = "a|b`c`<img src=x onerror=alert(1)>\n# heading [link](javascript:x) @everyone \\| ~~$x$ \x1b[31m&lt;"


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    shown = escaped(HOSTILE)

    assert (
        "a\\|b\\`c\\`&lt;img src=x onerror=alert(1)&gt; \\# heading \\[link\\](javascript:x) "
        "&commat;everyone \\\\\\| \\~\\~\\$x\\$ \\[31m&amp;lt;"
    ) == shown


def test_hostile_text_does_not_break_the_table(folder: Path) -> None:
    finding = Finding("subset", HOSTILE, Verdict.REGRESSED, HOSTILE, HOSTILE, HOSTILE)
    found = Comparison("subset", Judgement(HOSTILE, (finding,), (HOSTILE,)), HOSTILE, "original")
    hostile = ReportEntry(HOSTILE, "failed", HOSTILE, "subset", found)
    unexplained = ReportEntry(HOSTILE, "failed", HOSTILE, "subset", None, HOSTILE)

    lines = as_markdown(replace(report(hostile, unexplained), other_failures=(HOSTILE,))).splitlines()

    for row in (line for line in lines if line.startswith("|")):
        assert 9 == row.replace("\\\\", "").replace("\\|", "").count("|")
    assert not any(line.startswith("#") and "heading" in line for line in lines)
    # Inside of code, HTML is text.
    assert not any("<img" in re.sub("`[^`]*`", "", line.replace("\\`", "")) for line in lines)


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({}, "passed"),
        ({"complete": False}, "INCOMPLETE, which does not pass: the session was stopped, or is still running"),
    ],
)
def test_the_headline_says_how_it_ended(folder: Path, changes: Dict[str, Any], headline: str) -> None:
    assert f"## Reproduction gate: {headline}" == as_markdown(report(passing(folder), **changes)).splitlines()[0]


def test_other_failures_are_listed_but_not_without_end(folder: Path) -> None:
    many = tuple(f"tests/test_other.py::test_{at}" for at in range(30))

    text = as_markdown(replace(report(passing(folder)), other_failures=many))

    assert "did not pass: the comparisons did, something else failed" in text
    assert "test\\_19\n- and 10 more" in text


def test_data_other_than_mnist_are_pointed_out(folder: Path) -> None:
    measured = [replace(each, dataset={"name": "surrogate"}) for each in runs()]

    assert "NOT MNIST: trained on surrogate data" in as_markdown(report(judged(folder, measured)))


def test_gate_md_says_why_a_test_failed_whose_comparison_passes(folder: Path) -> None:
    told = as_markdown(report(replace(passing(folder), outcome="failed", reason="assert 1 == 2"), exit_code=1))

    assert told.startswith("## Reproduction gate: did not pass: the comparisons did, something else failed\n")
    assert "  - the test failed all the same: assert 1 == 2" in told.splitlines()


def test_gate_md_says_why_a_fingerprint_alone_that_is_not_stored_does_not_pass() -> None:
    told = as_markdown(report(note_only()))

    assert "### What passes" not in told
    assert "  - nothing of this recipe that this session measured has a verdict to rest on" in told.splitlines()


# --- Files ---


def test_both_files_are_written_whole(tmp_path: Path, folder: Path) -> None:
    found = report(failing(folder))

    write(found, tmp_path / "new" / "gate")

    assert {"gate.json", "gate.md"} == {path.name for path in (tmp_path / "new" / "gate").iterdir()}
    assert as_json(found) == (tmp_path / "new" / "gate" / "gate.json").read_text(encoding="utf-8")
    assert as_markdown(found) == (tmp_path / "new" / "gate" / "gate.md").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "gate").write_text("a file")

    with pytest.raises(BadInput, match="cannot write"):
        write(report(), tmp_path / "gate")


# --- The message of a failing test ---


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


def test_the_message_on_too_few_seeds_says_how_to_settle_it(folder: Path) -> None:
    message = gate_text.failure(checking.judge(folder, runs(seeds=(100,))))

    assert "to settle it: pytest --scale subset --seeds auto -k vgg7" in message


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


def test_what_could_not_be_measured_is_not_comparable(folder: Path) -> None:
    found = checking.judge(folder, NotMeasured("vgg7", "subset", "TensorFlow is not installed"))

    assert Verdict.INCOMPARABLE == found.verdict
    assert "measurement: TensorFlow is not installed" in gate_text.failure(found)
