from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from mnist_repro.errors import BadInput
from mnist_repro.gate.comparison import SAMPLES, Comparison
from mnist_repro.gate.markdown import as_markdown, escaped, write
from mnist_repro.gate.report import ReportEntry, as_json
from mnist_repro.gate.verdicts import Finding, Judgement, Verdict
from tests.builders.gate_cases import fingerprint, runs
from tests.builders.gate_reports import failing, golden, judged, note_only, passing, report


def test_gate_md_reads_as_stored(folder: Path, file_regression: FileRegressionFixture) -> None:
    file_regression.check(as_markdown(golden(folder)), extension=".md")


HOSTILE = "a|b`c`<img src=x onerror=alert(1)>\n# heading [link](javascript:x) @everyone \\| ~~$x$ \x1b[31m&lt;"


def test_gate_md_says_which_differences_are_stopped(folder: Path) -> None:
    bad = as_markdown(report(judged(folder, runs(better=0.25))))

    stops = "stops a difference as large as its margin with a probability of at least 95 %"
    assert stops in as_markdown(report(passing(folder)))
    assert "  - stops with 95 % a difference of 0.02 in test\\_loss after 5 epochs" in bad


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    shown = escaped(HOSTILE)

    assert (
        "a\\|b\\`c\\`&lt;img src=x onerror=alert(1)&gt; \\# heading \\[link\\](javascript:x) "
        "&commat;everyone \\\\\\| \\~\\~\\$x\\$ \\[31m&amp;lt;"
    ) == shown


def test_hostile_text_does_not_break_the_table(folder: Path) -> None:
    finding = Finding(HOSTILE, Verdict.REGRESSED, HOSTILE, HOSTILE, HOSTILE)
    found = Comparison(HOSTILE, SAMPLES, Judgement((finding,), (HOSTILE,)), {HOSTILE: HOSTILE})
    hostile = ReportEntry(HOSTILE, "failed", HOSTILE, SAMPLES, found)
    unexplained = ReportEntry(HOSTILE, "failed", HOSTILE, SAMPLES, None, HOSTILE)

    lines = as_markdown(replace(report(hostile, unexplained), other_failures=(HOSTILE,))).splitlines()

    for row in (line for line in lines if line.startswith("|")):
        assert 8 == row.replace("\\\\", "").replace("\\|", "").count("|")
    assert not any(line.startswith("#") and "heading" in line for line in lines)
    # Inside of code, HTML is text.
    assert not any("<img" in re.sub("`[^`]*`", "", line.replace("\\`", "")) for line in lines)


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({}, "passed: 1 comparison"),
        ({"exit_code": 1}, "did not pass: 1 comparison did, something else failed"),
        ({"complete": False}, "INCOMPLETE, which does not pass: stopped, or still running, after 1 comparison"),
    ],
)
def test_the_headline_says_how_it_ended(folder: Path, changes: Dict[str, Any], headline: str) -> None:
    assert f"## Gate: {headline}" == as_markdown(report(passing(folder), **changes)).splitlines()[0]


def test_other_failures_are_listed_but_not_without_end(folder: Path) -> None:
    many = tuple(f"tests/test_other.py::test_{at}" for at in range(30))

    text = as_markdown(replace(report(passing(folder)), other_failures=many))

    assert "did not pass: 1 comparison did, 30 other tests failed" in text
    assert "test\\_19\n- and 10 more" in text


def test_data_other_than_mnist_are_pointed_out(folder: Path) -> None:
    measured = [replace(each, dataset={**each.dataset, "name": "surrogate"}) for each in runs()]

    assert "NOT MNIST: trained on surrogate data" in as_markdown(report(judged(folder, measured)))


def test_gate_md_says_why_a_test_failed_whose_comparison_passes_or_has_no_verdict(folder: Path) -> None:
    failed = as_markdown(report(replace(passing(folder), outcome="failed", reason="assert 1 == 2"), exit_code=1))
    alone = as_markdown(report(note_only()))

    assert failed.startswith("## Gate: did not pass: 1 of 1 comparison, although the verdict passes\n")
    assert "  - the test failed all the same: assert 1 == 2" in failed.splitlines()
    assert "What passes" not in alone
    assert (
        "  - no fingerprint is stored for aarch64; and nothing else that this session measured of vgg7 has a verdict "
        "to rest on"
    ) in alone.splitlines()


def test_gate_md_has_what_fails_in_sight_and_folds_what_passes(folder: Path) -> None:
    text = as_markdown(golden(folder))

    seen, folded = text.split("<details>")
    bad, good = (re.findall(r"^\| (\S+) \|.* (\S+) \|$", part, re.MULTILINE) for part in (seen, folded))
    assert {"**changed**", "**improved**", "verdict"} == {word for _, word in bad[1:]} - {"---"}
    assert {"equivalent", "here"} == {word for _, word in good[2:]}
    assert "\n\n</details>\n" in folded


def test_gate_md_says_which_rung_catches_a_small_change(folder: Path) -> None:
    samples = judged(folder, runs())
    paired = judged(folder, runs("wheel-softmax", seeds=(0, 1, 2)))

    taken, missing, alone = (
        as_markdown(report(samples, paired, *more)) for more in ([judged(folder, fingerprint())], [note_only()], [])
    )

    assert "- vgg7: samples are compared as distributions" in taken
    assert "; what catches a smaller change is the fingerprint\n" in taken
    assert "; a smaller change would need a fingerprint of this platform\n" in missing
    assert "as distributions" not in alone


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
