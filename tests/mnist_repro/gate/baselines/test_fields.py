from __future__ import annotations

import re
from pathlib import Path

import pytest

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import BaselineFile
from tests.builders.baseline_refusals import stored_file, why_refused
from tests.builders.made_up_baselines import ACCURACY, LOSS, fingerprint, fingerprints, samples, subset
from tests.builders.refused import refused

# How the fields of an entry are named before it is one, and after.
MNIST = "entry mnist / original: "
ENTRY = "entry dataset mnist, arithmetic original: "


NEITHER = "which is neither a text nor a number; quoted, it is a text"


EDITS = {
    "missing direction": (r"\n +direction: lower", "", f"{MNIST}metric {LOSS} has no direction"),
    "other direction": ("direction: lower", "direction: sideways",
                        f"{MNIST}direction of {LOSS} is 'sideways', not lower, higher or same"),
    "missing claim": (r"\n +claim: equivalent", "", f"{MNIST}metric {LOSS} has no claim"),
    "other claim": ("claim: equivalent", "claim: better",
                    f"{MNIST}claim of {LOSS} is 'better', not equivalent or no worse"),
    "claim without direction": ("direction: lower\n      claim: equivalent", "direction: same\n      claim: no worse",
                                f"{MNIST}claim of {LOSS} is no worse, but no direction says what is worse"),
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
                              f"{ENTRY}margin of {LOSS} is 50.0, which lets everything below 37.5 pass"),
    "margin of every image": ("margin: 0.002", "margin: 1.0",
                              f"{ENTRY}margin of {ACCURACY} is 1.0, which lets everything below 1 pass"),
    "loss that is better higher": ("direction: lower", "direction: higher",
                                   f"{ENTRY}direction of {LOSS} is 'higher', but lower is better"),
    "accuracy that is better lower": ("direction: higher", "direction: lower",
                                      f"{ENTRY}direction of {ACCURACY} is 'lower', but higher is better"),
    "field of the file that is unknown": ("kind: samples", "kind: samples\nmargins: none",
                                          "it has margins, which means nothing here"),
    "truth for a number": ("margin: 0.005", "margin: yes", f"{MNIST}margin of {LOSS} is True, not a number"),
    "missing reason": (r"\n +reason: five standard deviations", "", f"{MNIST}metric {LOSS} has no reason"),
    "misspelt field": ("margin: 0.005", "margin: 0.005\n      margn: 1.0",
                       f"{MNIST}metric {LOSS} has margn, which means nothing here"),
    "NaN": (rf"{LOSS}: 0.25", f"{LOSS}: .nan",
            f"{MNIST}samples of seed 0: {LOSS} is nan, which nothing can be compared with"),
    "a word for a sample": (rf"{LOSS}: 0.25", f"{LOSS}: low",
                            f"{MNIST}samples of seed 0: {LOSS} is 'low', not a number"),
    "octal of YAML 1.2": (rf"{LOSS}: 0.25", f"{LOSS}: 0o17",
                          f"{MNIST}samples of seed 0: {LOSS} is '0o17', not a number"),
    "accuracy above 1": (rf"{ACCURACY}: 0[0-9.]+", f"{ACCURACY}: 92.5",
                         f"{ENTRY}samples of seed 0: {ACCURACY} is 92.5, and a share of images lies between 0 and 1"),
    "sample that is missing": (rf"{LOSS}: 0.25, ", "",
                               f"{MNIST}samples of seed 0 and the metrics differ in {LOSS}"),
    "sample too many": (rf"{LOSS}: 0.25", f"{LOSS}: 0.25, more: 1.0",
                        f"{MNIST}samples of seed 0 and the metrics differ in more"),
    "metric that is missing": (rf"\n +{LOSS}:\n.*\n.*\n.*\n.*", "",
                               f"{MNIST}samples of seed 0 and the metrics differ in {LOSS}"),
    "seed that is none": (r"\n    1: \{", "\n    first: {", f"{MNIST}'first' is not a seed"),
    "negative seed": (r"\n    1: \{", "\n    -1: {", f"{MNIST}-1 is not a seed"),
    "no samples": (r"samples:\n    0: .*\n    1: .*", "samples: {}", f"{MNIST}it has no samples"),
    "samples as a list": (r"samples:\n    0: .*\n    1: .*", "samples: [1.0]",
                          f"{MNIST}samples is [1.0], not a mapping"),
    "paired neither true nor false": ("paired: false", "paired: maybe",
                                      f"{MNIST}paired is 'maybe', not true or false"),
    "other arithmetic": ("arithmetic: original", "arithmetic: modern",
                         "entry dataset mnist, arithmetic modern: conditions are dataset mnist, arithmetic modern, "
                         "not a dataset and an arithmetic, original or framework"),
    "one condition more": ("arithmetic: original", "arithmetic: original\n    weather: fine",
                           "entry dataset mnist, arithmetic original, weather fine: conditions are dataset mnist, "
                           "arithmetic original, weather fine, not a dataset and an arithmetic, original or framework"),
    "condition that is a number": ("dataset: mnist", "dataset: 7",
                                   "entry 7 / original: condition dataset is 7, not a text; quoted, it is one"),
    "conditions as a list": (r"conditions:\n    dataset: mnist\n    arithmetic: original", "conditions: [mnist]",
                             "entry without conditions: conditions is ['mnist'], not a mapping"),
    "missing provenance": (r"\n  provenance:\n(    .*\n)+  history", "\n  history",
                           f"{MNIST}the entry has no provenance"),
    "missing history": (r"\n  history:\n(  [- ] .*\n)+- digest", "\n- digest", f"{MNIST}the entry has no history"),
    "empty history": (r"\n  history:\n(  [- ] .*\n)+- digest", "\n  history: []\n- digest",
                      "entry dataset mnist, arithmetic original has no history: it was not accepted"),
    "history of words": (r"\n  history:\n(  [- ] .*\n)+- digest", "\n  history: [because]\n- digest",
                         f"{MNIST}a change is 'because', not a mapping"),
    "change without reason": ("reason: first recording", "reason: ''", f"{MNIST}a change needs a reason"),
    "date in the provenance": ("finished: '.*'", "finished: 2026-01-02",
                               f"{MNIST}provenance has datetime.date(2026, 1, 2), {NEITHER}"),
    "set in the provenance": (r"switches: \{\}", "switches: !!set {a}",
                              f"{MNIST}provenance has {{'a'}}, {NEITHER}"),
    "endless seconds": ("seconds: 1.5", "seconds: .inf",
                        f"{MNIST}a value of provenance is inf, which nothing can be compared with"),
    "number of samples replaced": (r"replaced: \{\}", "replaced: {samples: 3}",
                                   f"{MNIST}replaced samples is 3, not a mapping"),
    "replaced without columns": (r"replaced: \{\}", "replaced: {samples: {0: [1.0]}}",
                                 f"{MNIST}replaced samples of seed 0 is [1.0], not a value for each column"),
    "replaced columns": (r"replaced: \{\}", "replaced: {columns: 3}",
                         f"{MNIST}replaced columns is 3, not a list of names"),
    "replaced count": (r"replaced: \{\}", "replaced: {exact: [1]}", f"{MNIST}replaced exact is [1], not a mapping"),
    "replaced by what is unknown": (r"replaced: \{\}", "replaced: {values: 1}",
                                    f"{MNIST}replaced has values, which means nothing here"),
    "replaced date": (r"replaced: \{\}", "replaced: {commit: 2026-01-02}",
                      f"{MNIST}replaced has datetime.date(2026, 1, 2), {NEITHER}"),
    "another recipe's": ("name: wheel-softmax/subset", "name: vgg7/subset", "it is of 'vgg7/subset'"),
    "no entries": (r"entries:\n(.*\n)+\.\.\.", "entries:\n...", "entries is not a list"),
    "entry of words": (r"entries:\n(.*\n)+\.\.\.", "entries:\n- hello\n...",
                       "entry without conditions: an entry is 'hello', not a mapping"),
    "no schema": ("schema: 2\n", "", "it names no schema; it may have been cut short"),
    "truth for a schema": ("schema: 2", "schema: true", "it names no schema; it may have been cut short"),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_a_hand_edited_file_is_refused_and_says_where(name: str, tmp_path: Path) -> None:
    pattern, replacement, expected = EDITS[name]
    path = stored_file(tmp_path)
    text = path.read_text(encoding="utf-8")
    edited = re.sub(pattern, lambda match: replacement, text, count=1)
    assert text != edited
    path.write_text(edited, encoding="utf-8")

    assert expected == why_refused(tmp_path)


PAIRED = samples([0.25, 0.5, 0.75], paired=True)


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (fingerprints(), "steps: 9380", "steps: 9380.0", "steps is 9380.0, neither a whole number nor a text"),
        (fingerprints(), "tolerance: 2.0e-06", "tolerance: 2", "tolerance 2.0 is not between 0 and 1"),
        (
            *(fingerprints(), "tolerance: 2.0e-06", "tolerance: 0.9"),
            "tolerance is 0.9, where rounding alone may differ: from 0 to 0.001",
        ),
        (
            *(fingerprints(), "loss of step 1: 2.5", "loss of step 1:"),
            "close: loss of step 1 is None, not a number",
        ),
        (fingerprints(), "  platform:", "  platfrom:", "the entry has no platform"),
        # Seed by seed, a margin allows for rounding alone; and chaotic runs are not compared so.
        (
            *(subset(PAIRED), "margin: 1.0e-06", "margin: 0.3"),
            f"{ENTRY}margin of {LOSS} is 0.3, where rounding alone may differ: from 0 to 0.0005",
        ),
        (
            *(subset(recipe="vgg7"), "paired: false", "paired: true"),
            f"{ENTRY}paired is true, but runs of vgg7 are chaotic, and only their distributions compare",
        ),
    ],
)
def test_a_hand_edited_file_of_another_kind_is_refused(
    file: BaselineFile, old: str, new: str, expected: str, tmp_path: Path
) -> None:
    path = baseline_files.write(tmp_path, file)
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    assert refused(lambda: baseline_files.read(tmp_path, file.name, file.kind, file.owner))[0].endswith(expected)


def test_an_entry_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = baseline_files.write(tmp_path, subset())
    before, entry = path.read_text(encoding="utf-8").split("entries:\n")
    entry = entry[: -len("...\n")]
    path.write_text(f"{before}entries:\n{entry}{entry}...\n", encoding="utf-8")

    assert "two entries have the same conditions and platform" == why_refused(tmp_path)


@pytest.mark.parametrize("value", ["9380", "cafe", "''"])
def test_an_exact_value_may_be_a_whole_number_or_a_text(value: str, tmp_path: Path) -> None:
    exact = {"value": value.strip("'") if not value.isdigit() else int(value)}
    file = fingerprints(fingerprint(exact))

    text = baseline_files.write(tmp_path, file).read_text(encoding="utf-8")

    assert f"    value: {value}\n" in text
    assert file == baseline_files.read(tmp_path, file.name, file.kind, file.owner)
