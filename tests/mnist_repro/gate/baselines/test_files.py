"""Baseline files: floats come back to the last bit, and what was cut short or edited is refused, not believed."""

from __future__ import annotations

import errno
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_regressions.file_regression import FileRegressionFixture

from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import BaselineFile
from tests.builders.baseline_refusals import BACK, LATER, refusal, stored_file, why_refused
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


@pytest.mark.parametrize(
    "file",
    [
        *map(subset, (samples(), samples(paired=True), samples(history=(LATER,)))),
        fingerprints(fingerprint(), fingerprint(platform="aarch64, TensorFlow 2.2, Keras 2.3", history=(LATER,))),
    ],
)
def test_entries_come_back_as_they_were(file: BaselineFile, tmp_path: Path) -> None:
    baseline_files.write(tmp_path, file)

    assert file == baseline_files.read(tmp_path, "wheel-softmax", file.rung)


def test_what_is_proposed_lies_beside_and_needs_no_history(tmp_path: Path) -> None:
    file = subset(samples(history=()))

    assert tmp_path / "wheel-softmax" / "subset.proposed.yml" == baseline_files.write_proposed(tmp_path, file)
    assert file == baseline_files.read_proposed(tmp_path, "wheel-softmax", "subset")
    assert BaselineFile("wheel-softmax", "subset") == baseline_files.read(tmp_path, "wheel-softmax", "subset")


@settings(deadline=None, max_examples=25)
@given(value=st.floats(allow_nan=False, allow_infinity=False))
@example(value=5e-324)
@example(value=1e22)
@example(value=-0.0)
@example(value=1.7976931348623157e308)
@example(value=123456789.0)
def test_floats_come_back_to_their_last_bit(value: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "floats"
    # The second seed is one that the margins fit.
    kept = samples(samples={0: {LOSS: value, ACCURACY: 0.75, TRAINING: -value}, 1: values(0.5)})
    baseline_files.write(folder, subset(kept))

    assert repr(kept) == repr(baseline_files.read(folder, "wheel-softmax", "subset").entries[0])


def test_packages_take_one_line(tmp_path: Path) -> None:
    packages = {"numpy": "2.1", "protobuf": "6.33.1"}
    file = subset(samples(provenance={"packages": packages}))

    assert "    packages: {numpy: '2.1', protobuf: 6.33.1}\n" in baseline_files.write(tmp_path, file).read_text("utf-8")
    assert file == baseline_files.read(tmp_path, "wheel-softmax", "subset")


def test_it_is_text_to_review(tmp_path: Path, file_regression: FileRegressionFixture) -> None:
    file_regression.check(stored_file(tmp_path).read_text(encoding="utf-8"), extension=".yml")


def test_a_fingerprint_is_text_to_review(tmp_path: Path, file_regression: FileRegressionFixture) -> None:
    text = baseline_files.write(tmp_path, fingerprints()).read_text(encoding="utf-8")

    file_regression.check(text, extension=".yml")


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
        assert refusal(tmp_path)[2].startswith(BACK)


def test_an_entry_is_not_lost_where_the_file_ends_between_two(tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.rindex("- dataset")], encoding="utf-8")

    assert "it has been cut short: its last line is not ..." == why_refused(tmp_path)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "it is not UTF-8 text"),
        (Path.mkdir, os.strerror(errno.EISDIR)),
        (os.mkfifo, "it is a pipe, socket or device"),
    ],
)
def test_what_is_no_text_file_is_refused_and_not_waited_for(
    make: Callable[[Path], object], why: str, tmp_path: Path
) -> None:
    path = baseline_files.path_of(tmp_path, "wheel-softmax", "subset")
    path.parent.mkdir()
    make(path)

    assert f"PATH cannot be used as a baseline: {why}" == refusal(tmp_path)[0]


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "||||||| base", "=======", ">>>>>>> other"])
def test_conflict_markers_are_named_with_their_line(marker: str, tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:6], marker, *lines[6:], ""]), encoding="utf-8")

    assert "PATH:7 has a conflict marker" == refusal(tmp_path)[0]


@pytest.mark.parametrize(("schema", "fix"), [("2", "pip install "), ("0", "git checkout "), ("-1", "git checkout ")])
def test_other_schemas_are_named(schema: str, fix: str, tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("schema: 1", f"schema: {schema}"), encoding="utf-8")
    found = refusal(tmp_path)

    assert (f"PATH has schema {schema}, this program reads 1", fix) == (found[0], found[2][: len(fix)])


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
