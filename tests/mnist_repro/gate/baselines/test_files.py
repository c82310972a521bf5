"""Baseline files: floats come back to the last bit, and what was cut short or edited is refused, not believed."""

from __future__ import annotations

import errno
import math
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Callable, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_regressions.file_regression import FileRegressionFixture

from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import BaselineEntry, BaselineFile, Change, accepted
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

LATER = Change(
    "2027-01-01T00:00:00+00:00", "dropout: after the second pool, as the source has it ± ☃", {"tolerance": 1e-6}
)


def stored(folder: Path) -> Path:
    """A file with two entries, one of them with a history."""
    changed = accepted(subset(), subset(samples([0.25, 0.5])), LATER.date, LATER.reason)
    return baseline_files.write(folder, changed.with_entry(samples(dataset="surrogate")))


def refusal(folder: Path, rung: str = "subset") -> Tuple[str, str, str]:
    """The message of reading wheel-softmax's file, with PATH for its path."""
    path = str(baseline_files.path_of(folder, "wheel-softmax", rung))
    with pytest.raises(BadInput) as caught:
        baseline_files.read(folder, "wheel-softmax", rung)
    what, why, fix = (part.replace(path, "PATH") for part in caught.value.args)
    return what, why, fix


def told(folder: Path) -> str:
    """What is wrong with it, where the rest of the message is as usual; a library's own words may follow the why."""
    what, why, fix = refusal(folder)
    assert why.startswith("a baseline is written by `mnist-repro baseline` and not by hand")
    assert "git checkout -- PATH brings the committed one back" == fix
    start = "PATH cannot be used as a baseline: "
    assert start == what[: len(start)]
    return what[len(start) :]


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
    file_regression.check(stored(tmp_path).read_text(encoding="utf-8"), extension=".yml")


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
    path = stored(tmp_path)
    text = path.read_text(encoding="utf-8")
    ends = [at for at, letter in enumerate(text) if letter == "\n"][:-1]

    for end in (*ends, *range(0, len(text) - 4, 311)):
        path.write_text(text[:end], encoding="utf-8")
        assert "git checkout -- PATH brings the committed one back" == refusal(tmp_path)[2]


def test_an_entry_is_not_lost_where_the_file_ends_between_two(tmp_path: Path) -> None:
    path = stored(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.rindex("- dataset")], encoding="utf-8")

    assert "it has been cut short: its last line is not ..." == told(tmp_path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    stored(tmp_path).write_bytes(b"\xff\xfe\x00")

    assert "it is not UTF-8 text" == told(tmp_path)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    baseline_files.path_of(tmp_path, "wheel-softmax", "subset").mkdir(parents=True)

    assert os.strerror(errno.EISDIR) == told(tmp_path)


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    path = baseline_files.path_of(tmp_path, "wheel-softmax", "subset")
    path.parent.mkdir()
    os.mkfifo(str(path))

    assert "it is a pipe, socket or device" == told(tmp_path)


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "||||||| base", "=======", ">>>>>>> other"])
def test_conflict_markers_are_named_with_their_line(marker: str, tmp_path: Path) -> None:
    path = stored(tmp_path)
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
    path = stored(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("schema: 1", f"schema: {schema}"), encoding="utf-8")

    assert (
        f"PATH has schema {schema}, this program reads 1",
        why,
        fix,
    ) == refusal(tmp_path)


MNIST = "entry mnist / original: "
NEITHER = "which is neither a text nor a number; quoted, it is a text"
EDITS = {
    "missing direction": (r"\n +direction: lower", "", f"{MNIST}metric {LOSS} has no direction"),
    "other direction": ("direction: lower", "direction: sideways",
                        f"{MNIST}direction of {LOSS} is 'sideways', not lower or higher"),
    "missing margin": (r"\n +margin: 0.005", "", f"{MNIST}metric {LOSS} has no margin"),
    "negative margin": ("margin: 0.005", "margin: -0.005",
                        f"{MNIST}margin of {LOSS} is -0.005, not a positive number"),
    "no margin": ("margin: 0.005", "margin: 0.0", f"{MNIST}margin of {LOSS} is 0.0, not a positive number"),
    "margin without point": ("margin: 0.005", "margin: 5e-3",
                             f"{MNIST}margin of {LOSS} is '5e-3', not a number; "
                             "with an exponent YAML wants a point, as in 1.0e-06"),
    "endless margin": ("margin: 0.005", "margin: .inf",
                       f"{MNIST}margin of {LOSS} is inf, which nothing can be compared with"),
    "huge margin": ("margin: 0.005", f"margin: 1{'0' * 400}",
                    f"{MNIST}margin of {LOSS} is 1{'0' * 400}, which nothing can be compared with"),
    "margin for everything": ("margin: 0.005", "margin: 50.0",
                              f"{MNIST}margin of {LOSS} is 50.0, which lets everything below 37.5 pass"),
    "margin of every image": ("margin: 0.002", "margin: 1.0",
                              f"{MNIST}margin of {ACCURACY} is 1.0, which lets everything below 1 pass"),
    "loss that is better higher": ("direction: lower", "direction: higher",
                                   f"{MNIST}direction of {LOSS} is 'higher', but lower is better"),
    "accuracy that is better lower": ("direction: higher", "direction: lower",
                                      f"{MNIST}direction of {ACCURACY} is 'lower', but higher is better"),
    "field of the file that is unknown": ("rung: subset", "rung: subset\nmargins: none",
                                          "it has margins, which means nothing here"),
    "truth for a number": ("margin: 0.005", "margin: yes", f"{MNIST}margin of {LOSS} is True, not a number"),
    "missing reason": (r"\n +reason: five standard deviations", "", f"{MNIST}metric {LOSS} has no reason"),
    "misspelt field": ("margin: 0.005", "margin: 0.005\n      margn: 1.0",
                       f"{MNIST}metric {LOSS} has margn, which means nothing here"),
    "NaN": (rf"{LOSS}: 0.25", f"{LOSS}: .nan",
            f"{MNIST}samples of seed 0: {LOSS} is nan, which nothing can be compared with"),
    "a word for a sample": (rf"{LOSS}: 0.25", f"{LOSS}: low",
                            f"{MNIST}samples of seed 0: {LOSS} is 'low', not a number; "
                            "with an exponent YAML wants a point, as in 1.0e-06"),
    "sample that is missing": (rf"{LOSS}: 0.25, ", "",
                               f"{MNIST}samples of seed 0 and the metrics differ in {LOSS}"),
    "sample too many": (rf"{LOSS}: 0.25", f"{LOSS}: 0.25, more: 1.0",
                        f"{MNIST}samples of seed 0 and the metrics differ in more"),
    "metric that is missing": (rf"\n +{LOSS}:\n.*\n.*\n.*", "",
                               f"{MNIST}samples of seed 0 and the metrics differ in {LOSS}"),
    "seed that is none": (r"\n    1: \{", "\n    first: {", f"{MNIST}'first' is not a seed"),
    "negative seed": (r"\n    1: \{", "\n    -1: {", f"{MNIST}-1 is not a seed"),
    "no samples": (r"samples:\n    0: .*\n    1: .*", "samples: {}", f"{MNIST}it has no samples"),
    "samples as a list": (r"samples:\n    0: .*\n    1: .*", "samples: [1.0]",
                          f"{MNIST}samples is [1.0], not a mapping"),
    "paired neither true nor false": ("paired: false", "paired: maybe",
                                      f"{MNIST}paired is 'maybe', not true or false"),
    "other arithmetic": ("arithmetic: original", "arithmetic: modern",
                         "entry mnist / modern: arithmetic is 'modern', not original or framework"),
    "missing provenance": (r"\n  provenance:\n(    .*\n)+  history", "\n  history",
                           f"{MNIST}the entry has no provenance"),
    "missing history": (r"\n  history:\n(  [- ] .*\n)+- dataset", "\n- dataset", f"{MNIST}the entry has no history"),
    "empty history": (r"\n  history:\n(  [- ] .*\n)+- dataset", "\n  history: []\n- dataset",
                      "entry mnist / original has no history: nobody accepted it"),
    "history of words": (r"\n  history:\n(  [- ] .*\n)+- dataset", "\n  history: [because]\n- dataset",
                         f"{MNIST}a change is 'because', not a mapping"),
    "change without reason": ("reason: first recording", "reason: ''", f"{MNIST}a change needs a reason"),
    "date in the provenance": ("finished: '.*'", "finished: 2026-01-02",
                               f"{MNIST}provenance has datetime.date(2026, 1, 2), {NEITHER}"),
    "set in the provenance": (r"switches: \{\}", "switches: !!set {a}",
                              f"{MNIST}provenance has {{'a'}}, {NEITHER}"),
    "endless seconds": ("seconds: 1.5", "seconds: .inf",
                        f"{MNIST}a value of provenance is inf, which nothing can be compared with"),
    "provenance with an alias": (r"switches: \{\}", "switches: &a {}\n    more: *a",
                                 f"{MNIST}provenance refers to something by an alias"),
    "number of samples replaced": (r"replaced: \{\}", "replaced: {samples: 3}",
                                   f"{MNIST}replaced samples is 3, not a mapping"),
    "replaced without columns": (r"replaced: \{\}", "replaced: {samples: {0: [1.0]}}",
                                 f"{MNIST}replaced samples of seed 0 is [1.0], not a value for each column"),
    "replaced word": (r"replaced: \{\}", "replaced: {samples: {0: [low]}, columns: [a]}",
                      f"{MNIST}replaced samples of 0: a is 'low', not a number; "
                      "with an exponent YAML wants a point, as in 1.0e-06"),
    "replaced columns": (r"replaced: \{\}", "replaced: {columns: 3}",
                         f"{MNIST}replaced columns is 3, not a list of names"),
    "replaced margin": (r"replaced: \{\}", "replaced: {metrics: {a: {margin: 1.0}}}",
                        f"{MNIST}metric a has no direction, reason"),
    "replaced count": (r"replaced: \{\}", "replaced: {exact: [1]}", f"{MNIST}replaced exact is [1], not a mapping"),
    "replaced tolerance": (r"replaced: \{\}", "replaced: {tolerance: little}",
                           f"{MNIST}replaced tolerance is 'little', not a number; "
                           "with an exponent YAML wants a point, as in 1.0e-06"),
    "replaced pairing": (r"replaced: \{\}", "replaced: {paired: 1}",
                         f"{MNIST}replaced paired is 1, not true or false"),
    "replaced by what is unknown": (r"replaced: \{\}", "replaced: {values: 1}",
                                    f"{MNIST}replaced has values, which means nothing here"),
    "replaced date": (r"replaced: \{\}", "replaced: {commit: 2026-01-02}",
                      f"{MNIST}replaced has datetime.date(2026, 1, 2), {NEITHER}"),
    "another recipe's": ("recipe: wheel-softmax", "recipe: vgg7", "it is of 'vgg7', 'subset'"),
    "no entries": (r"entries:\n(.*\n)+\.\.\.", "entries:\n...", "entries is not a list"),
    "entry of words": (r"entries:\n(.*\n)+\.\.\.", "entries:\n- hello\n...",
                       "entry without dataset: an entry is 'hello', not a mapping"),
    "entry twice": ("dataset: surrogate", "dataset: mnist",
                    "two entries have the same dataset, arithmetic and platform"),
    "no schema": ("schema: 1\n", "", "it names no schema; it may have been cut short"),
    "truth for a schema": ("schema: 1", "schema: true", "it names no schema; it may have been cut short"),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_a_hand_edited_file_is_refused_and_says_where(name: str, tmp_path: Path) -> None:
    pattern, replacement, expected = EDITS[name]
    path = stored(tmp_path)
    text = path.read_text(encoding="utf-8")
    edited = re.sub(pattern, lambda match: replacement, text, count=1)
    assert text != edited
    path.write_text(edited, encoding="utf-8")

    assert expected == told(tmp_path)


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
    stored(tmp_path).write_text(text, encoding="utf-8")

    assert expected == told(tmp_path)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda text: text.replace("steps: 9380", "steps: 9380.0"), "steps is 9380.0, not a whole number"),
        (lambda text: text.replace("tolerance: 2.0e-06", "tolerance: 2"), "tolerance 2.0 is not between 0 and 1"),
        (
            lambda text: text.replace("tolerance: 2.0e-06", "tolerance: 0.9"),
            "tolerance is 0.9, where rounding alone may differ: from 0 to 0.001",
        ),
        (
            lambda text: text.replace("loss of step 1: 2.5", "loss of step 1:"),
            "losses: loss of step 1 is None, not a number",
        ),
        (lambda text: text.replace("  platform:", "  platfrom:"), "the entry has no platform"),
    ],
)
def test_a_hand_edited_fingerprint_is_refused(edit: Callable[[str], str], expected: str, tmp_path: Path) -> None:
    path = baseline_files.write(tmp_path, fingerprints())
    path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")

    what, _, fix = refusal(tmp_path, "fingerprint")
    assert what.endswith(expected)
    assert "git checkout -- PATH brings the committed one back" == fix


def test_where_runs_are_compared_seed_by_seed_a_margin_allows_for_rounding_alone(tmp_path: Path) -> None:
    path = baseline_files.write(tmp_path, subset(samples([0.25, 0.5, 0.75], paired=True)))
    path.write_text(path.read_text(encoding="utf-8").replace("margin: 1.0e-06", "margin: 0.3", 1), encoding="utf-8")

    assert f"{MNIST}margin of {LOSS} is 0.3, where rounding alone may differ: from 0 to 0.0005" == told(tmp_path)


def test_distributions_of_chaotic_runs_are_not_compared_seed_by_seed(tmp_path: Path) -> None:
    path = baseline_files.write(tmp_path, subset(samples(), recipe="vgg7"))
    path.write_text(path.read_text(encoding="utf-8").replace("paired: false", "paired: true"), encoding="utf-8")

    with pytest.raises(BadInput) as caught:
        baseline_files.read(tmp_path, "vgg7", "subset")
    assert caught.value.what.endswith(
        "entry mnist / original: paired is true, but runs of vgg7 are chaotic, and only their distributions compare"
    )


def test_a_broken_proposal_may_be_removed(tmp_path: Path) -> None:
    path = baseline_files.write_proposed(tmp_path, subset(samples(history=())))
    path.write_text("schema: 1\n", encoding="utf-8")

    with pytest.raises(BadInput) as caught:
        baseline_files.read_proposed(tmp_path, "wheel-softmax", "subset")
    assert f"remove {path} and record again: finished runs are kept" == caught.value.fix


def test_a_proposal_under_the_name_of_a_stored_file_is_not_taken_for_accepted(tmp_path: Path) -> None:
    path = baseline_files.write_proposed(tmp_path, subset(replace(samples(), history=())))
    path.rename(baseline_files.path_of(tmp_path, "wheel-softmax", "subset"))

    assert "entry mnist / original has no history: nobody accepted it" == told(tmp_path)
