"""Baseline files: floats come back to the last bit, and what was cut short or edited is refused, not believed."""

from __future__ import annotations

import errno
import math
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_regressions.file_regression import FileRegressionFixture

from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import BaselineEntry, BaselineFile
from tests.builders.baseline_refusals import LATER, refusal, stored_file, why_refused
from tests.builders.made_up_baselines import (
    ACCURACY,
    LOSS,
    TRAINING,
    fingerprint,
    fingerprints,
    samples,
    subset,
    values,
)


def test_where_there_is_no_file_nothing_is_stored(tmp_path: Path) -> None:
    assert BaselineFile("vgg7", "full") == baseline_files.read(tmp_path, "vgg7", "full")


@pytest.mark.parametrize("entry", [samples(), samples(paired=True), samples(history=(LATER,))])
def test_samples_come_back_as_they_were(entry: BaselineEntry, tmp_path: Path) -> None:
    file = BaselineFile("wheel-softmax", "subset", (entry,))
    baseline_files.write(tmp_path, file)

    assert file == baseline_files.read(tmp_path, "wheel-softmax", "subset")


def test_fingerprints_come_back_as_they_were(tmp_path: Path) -> None:
    file = fingerprints(fingerprint(), fingerprint(platform="aarch64, TensorFlow 2.2, Keras 2.3", history=(LATER,)))
    baseline_files.write(tmp_path, file)

    assert file == baseline_files.read(tmp_path, "wheel-softmax", "fingerprint")


def test_what_is_proposed_lies_beside_and_needs_no_history(tmp_path: Path) -> None:
    file = subset(samples(history=()))

    assert tmp_path / "wheel-softmax" / "subset.proposed.yml" == baseline_files.write_proposed(tmp_path, file)
    assert file == baseline_files.read_proposed(tmp_path, "wheel-softmax", "subset")
    assert BaselineFile("wheel-softmax", "subset") == baseline_files.read(tmp_path, "wheel-softmax", "subset")


@pytest.mark.parametrize(
    "value", [5e-324, 1e-6, 1e22, 1e16, -0.0, 0.1 + 0.2, 1.7976931348623157e308, 3.0, 123456789.0, 2**-1074 * 3]
)
def test_floats_come_back_to_their_last_bit(value: float, tmp_path: Path) -> None:
    _keep_float(value, tmp_path)


@settings(deadline=None, max_examples=25)
@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_any_float_comes_back_to_its_last_bit(value: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    _keep_float(value, tmp_path_factory.getbasetemp() / "floats")


def _keep_float(value: float, folder: Path) -> None:
    # The second seed is one that the margins fit.
    kept = samples(samples={0: {LOSS: value, ACCURACY: -value, TRAINING: value}, 1: values(0.5)})
    baseline_files.write(folder, subset(kept))
    read = baseline_files.read(folder, "wheel-softmax", "subset").entries[0]

    assert repr(kept) == repr(read)


def test_it_is_text_to_review(tmp_path: Path, file_regression: FileRegressionFixture) -> None:
    file_regression.check(stored_file(tmp_path).read_text(encoding="utf-8"), extension=".yml")


def test_a_fingerprint_is_text_to_review(tmp_path: Path, file_regression: FileRegressionFixture) -> None:
    text = baseline_files.write(tmp_path, fingerprints()).read_text(encoding="utf-8")

    file_regression.check(text, extension=".yml")


def test_each_seed_is_one_line(tmp_path: Path) -> None:
    text = baseline_files.write(tmp_path, subset()).read_text(encoding="utf-8")

    assert len(samples().samples) == len(re.findall(r"^ +\d+: \{.*\}$", text, re.MULTILINE))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_never_enters_a_file(value: float, tmp_path: Path) -> None:
    before = baseline_files.write(tmp_path, subset()).read_bytes()

    with pytest.raises(BadInput, match=f"{LOSS} is {value}, which nothing can be compared with"):
        baseline_files.write(tmp_path, subset(samples([0.25, value])))
    assert before == baseline_files.path_of(tmp_path, "wheel-softmax", "subset").read_bytes()


def test_a_file_that_was_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    text = path.read_text(encoding="utf-8")
    ends = [at for at, letter in enumerate(text) if letter == "\n"][:-1]

    for end in (*ends, *range(0, len(text) - 4, 311)):
        path.write_text(text[:end], encoding="utf-8")
        assert "git checkout -- PATH brings the committed one back" == refusal(tmp_path)[2]


def test_an_entry_is_not_lost_where_the_file_ends_between_two(tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.rindex("- dataset")], encoding="utf-8")

    assert "it has been cut short: its last line is not ..." == why_refused(tmp_path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    stored_file(tmp_path).write_bytes(b"\xff\xfe\x00")

    assert "it is not UTF-8 text" == why_refused(tmp_path)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    baseline_files.path_of(tmp_path, "wheel-softmax", "subset").mkdir(parents=True)

    assert os.strerror(errno.EISDIR) == why_refused(tmp_path)


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    path = baseline_files.path_of(tmp_path, "wheel-softmax", "subset")
    path.parent.mkdir()
    os.mkfifo(str(path))

    assert "it is a pipe, socket or device" == why_refused(tmp_path)


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "||||||| base", "=======", ">>>>>>> other"])
def test_conflict_markers_are_named_with_their_line(marker: str, tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:6], marker, *lines[6:], ""]), encoding="utf-8")

    assert (
        "PATH:7 has a conflict marker",
        "a merge was left unfinished, so that nobody can say which samples hold",
        "git checkout --ours PATH or --theirs, whichever was measured",
    ) == refusal(tmp_path)


@pytest.mark.parametrize(
    ("schema", "why", "fix"),
    [
        ("2", "a newer mnist-repro wrote it", "pip install --upgrade mnist-repro"),
        ("0", "no version wrote such a file", "git checkout -- PATH brings the committed one back"),
        ("-1", "no version wrote such a file", "git checkout -- PATH brings the committed one back"),
    ],
)
def test_other_schemas_are_named(schema: str, why: str, fix: str, tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("schema: 1", f"schema: {schema}"), encoding="utf-8")

    assert (f"PATH has schema {schema}, this program reads 1", why, fix) == refusal(tmp_path)


NO_YAML = "it cannot be read as YAML"


DEEP = "it is nested more than 20 levels deep"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "it names no schema; it may have been cut short"),
        ("hello\n", "it names no schema; it may have been cut short"),
        ("- 1\n- 2\n", "it names no schema; it may have been cut short"),
        ("schema: 1\n...\n", "it has no recipe, rung, entries"),
        ("schema: 1\nrecipe: a\nrecipe: b\n...\n", "'recipe' comes twice"),
        ("schema: 1\nrecipe: {[]: 1}\n", NO_YAML),
        ("schema: 1\nrecipe: 2026-13-45\n", NO_YAML),
        ("schema: [1\n", NO_YAML),
        ("schema: 1\nrecipe: \0\n", NO_YAML),
        ("schema: !!python/object/apply:os.system [true]\n", NO_YAML),
        ("schema: &a [*a]\n", NO_YAML),
        ("schema: 1\na: " + "[" * 19 + "\n", NO_YAML),
        ("schema: 1\na: " + "[" * 20 + "]" * 20, DEEP),
        ("schema: 1\na: " + "[" * 200_000 + "]" * 200_000, DEEP),
        ("schema: 1\na: " + "{a: " * 200_000 + "\n", DEEP),
        ("schema: 1\na: " + "[\n" * 200_000, DEEP),
        ("- " * 200_000, DEEP),
    ],
    ids=lambda text: text[:30],
)
def test_what_is_no_baseline_at_all_is_refused(text: str, expected: str, tmp_path: Path) -> None:
    stored_file(tmp_path).write_text(text, encoding="utf-8")

    assert expected == why_refused(tmp_path)


def test_a_broken_proposal_may_be_removed(tmp_path: Path) -> None:
    path = baseline_files.write_proposed(tmp_path, subset(samples(history=())))
    path.write_text("schema: 1\n", encoding="utf-8")

    with pytest.raises(BadInput) as caught:
        baseline_files.read_proposed(tmp_path, "wheel-softmax", "subset")
    assert f"remove {path} and record again: finished runs are kept" == caught.value.fix


def test_a_proposal_under_the_name_of_a_stored_file_is_not_taken_for_accepted(tmp_path: Path) -> None:
    path = baseline_files.write_proposed(tmp_path, subset(replace(samples(), history=())))
    path.rename(baseline_files.path_of(tmp_path, "wheel-softmax", "subset"))

    assert "entry mnist / original has no history: nobody accepted it" == why_refused(tmp_path)
