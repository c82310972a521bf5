"""Baselines as values: what is accepted takes its place, and what it replaced is in the history."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines.values import (
    BaselineFile,
    Change,
    accepted,
    replaced_values,
    require_name,
    same_values,
)
from mnist_repro.gate.comparison import SAMPLES
from tests.builders.made_up_baselines import (
    ACCURACY,
    CONDITIONS,
    FIRST,
    LOSS,
    PLATFORM,
    SURROGATE,
    TRAINING,
    fingerprint,
    fingerprints,
    metrics,
    samples,
    subset,
    values,
)

LATER = "2027-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Change(LATER, " \n"), "a change needs a reason"),
        (lambda: subset(samples(), samples([0.1, 0.2])), "two entries have the same conditions and platform"),
        (lambda: replaced_values(samples(), fingerprint()), "different kinds"),
        *(
            (lambda tolerance=tolerance: fingerprint(tolerance=tolerance), "is not between 0 and 1")
            for tolerance in (0.0, -1e-6, 1.0, math.nan)
        ),
    ],
)
def test_what_makes_no_baseline_is_no_value(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def test_fingerprints_of_two_platforms_stand_side_by_side() -> None:
    other = fingerprint(platform="aarch64, TensorFlow 2.2, Keras 2.3")

    assert other == fingerprints(fingerprint(), other).entry(CONDITIONS, other.platform)


def test_a_first_recording_replaces_nothing() -> None:
    after = accepted(BaselineFile("wheel-softmax/subset", SAMPLES), subset(samples(history=())), LATER, "it is time")

    assert (samples(history=(Change(LATER, "it is time"),)),) == after.entries


def test_what_is_accepted_takes_the_place_of_what_was_stored_and_says_so() -> None:
    new = samples([0.25, 0.05], history=())
    after = accepted(subset(samples([0.5, 0.05, 0.75])), subset(new), LATER, "another optimiser")

    told = Change(
        LATER,
        "another optimiser",
        {
            "columns": [LOSS, ACCURACY, TRAINING],
            "samples": {0: list(values(0.5).values()), 2: list(values(0.75).values())},
            "commit": "c0ffee",
            "platform": PLATFORM,
        },
    )
    assert (replace(new, history=(FIRST, told)),) == after.entries


def test_other_entries_of_the_file_stay() -> None:
    surrogate = samples([0.1, 0.2], conditions=SURROGATE)
    after = accepted(subset(samples(), surrogate), subset(samples([0.3])), LATER, "because")

    assert [CONDITIONS, SURROGATE] == [entry.conditions for entry in after.entries]
    assert surrogate == after.entry(SURROGATE) == after.samples(SURROGATE)


def test_conditions_are_free_and_their_order_does_not_matter() -> None:
    entries = [samples(conditions=each) for each in ({}, {"model": "a"}, {"model": "a", "data": "b"}, {"data": "b"})]
    file = subset(*entries)

    assert entries == [file.entry(each) for each in ({}, {"model": "a"}, {"data": "b", "model": "a"}, {"data": "b"})]
    assert file.entry({"model": "b"}) is None
    assert ["without conditions", "model a", "model a, data b", "data b"] == [entry.title for entry in entries]
    assert "model a; x86_64" == fingerprint(conditions={"model": "a"}, platform="x86_64").title
    assert "x86_64" == fingerprint(conditions={}, platform="x86_64").title


def test_a_fingerprint_is_no_sample() -> None:
    file = fingerprints()

    assert file.samples(CONDITIONS) is None
    assert file.entry(CONDITIONS) is None
    assert fingerprint() == file.entry(CONDITIONS, PLATFORM)


@pytest.mark.parametrize(
    "name", ["digits-sgd", "digits/sgd", "a/b/c", "7", "resnet50_v1.5+ema=0.99", "x" * 200, "a.proposed.b"]
)
def test_a_name_may_be_the_path_of_a_file_below_the_folder(name: str) -> None:
    assert name == require_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "/etc/passwd",
        "..",
        "../up",
        "a/../../up",
        "a/./b",
        "a//b",
        "a/",
        "./a",
        ".recording/a",
        "a/.hidden",
        "-rf",
        "~root",
        "C:\\x",
        "a\\b",
        "a b",
        "a\nb",
        "a\n",
        "a\0",
        "a:b",
        "a*",
        "$HOME",
        "$(id)",
        "`id`",
        "a;b",
        "größe",
        "\u202egpj",
        "a.proposed",
        "folder.proposed/a",
        "x" * 201,
        "a/" * 100 + "b" * 10,
        None,
        7,
        b"a",
        ("a", "b"),
        Path("a"),
    ],
    ids=lambda name: ascii(name)[:30],
)
def test_a_hostile_name_becomes_no_file_and_is_shown_escaped(name: Any) -> None:
    with pytest.raises(BadInput) as caught:
        require_name(name)

    what, why, fix = caught.value.args
    assert what.endswith(" is no name of a baseline")
    assert len(what) < 700
    assert what.isprintable()
    assert (
        "it becomes a file: letters, digits and ._+=- are allowed, at most 200, / for a folder; each part begins with "
        "a letter or digit, and none ends with .proposed"
    ) == why
    assert "a name such as digits-sgd, or digits/sgd" == fix


def test_accepting_twice_is_accepting_once() -> None:
    proposed = subset(samples([0.25, 0.05], history=()))
    once = accepted(subset(), proposed, LATER, "because")

    assert once == accepted(once, proposed, "2028-01-01T00:00:00+00:00", "because again")


def test_who_measured_the_same_values_and_when_makes_no_change() -> None:
    assert same_values(samples(), samples(provenance={"commit": "d00f"}, history=()))


def test_other_margins_are_a_change() -> None:
    new = samples(metrics=metrics(loss=0.25))

    assert not same_values(samples(), new)
    assert {
        "metrics": {
            name: {
                "direction": "lower",
                "margin": 0.005,
                "reason": "five standard deviations",
                "claim": "equivalent",
            }
            for name in (LOSS, TRAINING)
        }
    } == {name: value for name, value in replaced_values(samples(), new).items() if name == "metrics"}


def test_a_fingerprint_tells_the_counts_and_losses_that_it_replaced() -> None:
    old = fingerprint({"steps": 9380, "gone": 3}, {"loss of step 1": 2.5, "loss of step 2": 2.25})
    new = fingerprint({"steps": 9379}, {"loss of step 1": 2.5, "loss of step 2": 2.125}, tolerance=1e-3)
    origin = {"commit": "c0ffee", "platform": PLATFORM}

    assert {
        "exact": {"steps": 9380, "gone": 3},
        "close": {"loss of step 2": 2.25},
        "tolerance": 2e-6,
        **origin,
    } == replaced_values(old, new)


SOME_SAMPLES = st.dictionaries(st.integers(0, 5), st.sampled_from([0.125, 0.25, 0.5]).map(values), min_size=1)


@settings(deadline=None, max_examples=50)
@given(SOME_SAMPLES, SOME_SAMPLES)
def test_no_stored_sample_is_lost(old: Dict[int, Dict[str, float]], new: Dict[int, Dict[str, float]]) -> None:
    after = accepted(subset(samples(samples=old)), subset(samples(samples=new)), LATER, "because").entries[0]
    replaced = after.history[-1].replaced if len(after.history) > 1 else {}
    rows = replaced.get("samples", {})
    kept = {seed: dict(zip(replaced["columns"], row)) for seed, row in rows.items()}

    assert old == {seed: kept.get(seed, new.get(seed)) for seed in old}
