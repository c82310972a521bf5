"""Runs and fingerprints against baselines: what cannot be compared never passes, and what differs is named."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Dict, List, Sequence, Tuple

import pytest

from mnist_repro.gate.baselines.judge import judge_fingerprint, judge_samples, relative_difference
from mnist_repro.gate.baselines.values import BaselineFile, SampleEntry
from mnist_repro.gate.verdicts import Judgement, Verdict
from tests.builders import made_up
from tests.builders.made_up_baselines import (
    ACCURACY,
    HERE,
    LOSS,
    PLATFORM,
    SPREAD,
    TRAINING,
    fingerprint,
    fingerprints,
    metrics,
    run,
    runs,
    samples,
    subset,
)

PAIRED = samples([0.25, 0.5, 0.75], paired=True)


def verdicts(judgement: Judgement) -> Dict[str, str]:
    return {finding.name: finding.verdict.value for finding in judgement.findings}


def only(judgement: Judgement) -> Tuple[Verdict, str]:
    """The verdict and the reason of a judgement that rests on one finding."""
    (finding,) = judgement.findings
    return finding.verdict, finding.reason


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        (SPREAD[:3], ["equivalent"] * 3),
        ((0.0495, 0.0502, 0.0505, 0.0498, 0.0501), ["equivalent"] * 3),
        ((0.0508, 0.0501, 0.0492), ["equivalent", "inconclusive", "equivalent"]),
        ((0.0501,), ["inconclusive"] * 3),
        ((0.0201, 0.0203, 0.0199, 0.02, 0.0198), ["improved"] * 3),
        ((0.0801, 0.0803, 0.0799, 0.08, 0.0798), ["regressed"] * 3),
    ],
    ids=["the stored bits", "of the same kind", "scattered", "one seed", "lower", "higher"],
)
def test_each_metric_of_runs_has_its_verdict(losses: Sequence[float], expected: List[str]) -> None:
    assert dict(zip((LOSS, ACCURACY, TRAINING), expected)) == verdicts(judge_samples(subset(), runs(losses)))


def test_a_verdict_that_does_not_pass_says_what_differs_between_the_environments() -> None:
    found = [judge_samples(subset(), runs(losses)).notes[-1:] for losses in ((0.08,), SPREAD[:3])]

    assert ["environment: ", None] == [notes[0][:13] if notes else None for notes in found]


def test_paired_runs_are_held_against_their_own_seed() -> None:
    assert Verdict.EQUIVALENT is judge_samples(subset(PAIRED), [run(1, 0.5)]).verdict
    assert Verdict.REGRESSED is judge_samples(subset(PAIRED), [run(1, 0.500002)]).verdict
    assert Verdict.REGRESSED is judge_samples(subset(PAIRED), [run(0, 0.5)]).verdict


def test_a_seed_that_is_not_stored_cannot_be_held_against_anything() -> None:
    judgement = judge_samples(subset(PAIRED), [run(7, 0.5)])

    assert {"no run of seed 7 is stored, only of seeds 0, 1, 2"} == {finding.reason for finding in judgement.findings}
    assert Verdict.INCOMPARABLE is judgement.verdict


def test_no_run_is_no_verdict() -> None:
    assert (Verdict.INCOMPARABLE, "no run was made") == only(judge_samples(subset(), []))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"recipe": "vgg7"}, "different recipes: vgg7, wheel-softmax"),
        ({"scale": "full"}, "different scales: full, subset"),
        ({"arithmetic": "framework"}, "different arithmetics: framework, original"),
        ({"dataset": {"name": "surrogate", "sha256": "0", "source": ""}}, "different datasets: mnist, surrogate"),
        ({"seed": 0}, "seed 0 comes twice, which would count one run as two"),
    ],
)
def test_runs_that_do_not_belong_together_are_not_judged(changes: Dict[str, Any], reason: str) -> None:
    mixed = [run(0, 0.05), replace(run(1, 0.05), **changes)]

    assert (Verdict.INCOMPARABLE, reason) == only(judge_samples(subset(), mixed))


def elsewhere(name: str) -> Dict[str, Any]:
    return {"dataset": {"name": name, "sha256": "0", "source": "/somewhere"}}


RECORD = "to make one: mnist-repro baseline record wheel-softmax --rung subset"


@pytest.mark.parametrize(
    ("changes", "asked", "command"),
    [
        (
            *({"arithmetic": "framework"}, "mnist data in framework arithmetic"),
            f"; {RECORD} --arithmetic framework, then mnist-repro baseline accept wheel-softmax --reason …",
        ),
        (
            *(elsewhere("surrogate"), "surrogate data in original arithmetic"),
            f"; {RECORD} --data surrogate, then mnist-repro baseline accept wheel-softmax --reason …",
        ),
        (
            *(elsewhere("unrecognised"), "unrecognised data in original arithmetic"),
            ", and none can be made: only MNIST and the surrogate have one; --data mnist, or --data surrogate",
        ),
    ],
)
def test_without_a_baseline_it_says_what_is_stored_and_whether_one_can_be_made(
    changes: Dict[str, Any], asked: str, command: str
) -> None:
    found = only(judge_samples(subset(), [replace(each, **changes) for each in runs(SPREAD[:3])]))

    assert (Verdict.INCOMPARABLE, f"no baseline for {asked} (stored: mnist / original){command}") == found


@pytest.mark.parametrize("other", [[0], [2], [0, 1, 2]])
def test_data_of_the_same_name_that_are_other_images_cannot_be_compared(other: List[int]) -> None:
    entry = samples(provenance={**HERE, "dataset_sha256": made_up.dataset("mnist").sha256})
    made = runs(SPREAD[:3])
    changed = [
        replace(each, dataset={**each.dataset, "sha256": "f" * 64}) if each.seed in other else each for each in made
    ]
    reason = f"the mnist data of seed {other[0]} hash to ffffffffffff…, those of the stored runs to 0123…"

    assert Verdict.EQUIVALENT is judge_samples(subset(entry), made).verdict
    assert (Verdict.INCOMPARABLE, reason) == only(judge_samples(subset(entry), changed))


def test_with_nothing_stored_at_all_it_says_so() -> None:
    _, reason = only(judge_samples(BaselineFile("wheel-softmax", "subset"), runs(SPREAD[:3])))

    assert "(stored: nothing)" in reason


def test_a_metric_that_is_missing_from_a_run_does_not_pass() -> None:
    lacking = [run(0, SPREAD[0]), replace(run(1, SPREAD[1]), log=())]
    judgement = judge_samples(subset(), lacking)

    assert {LOSS: "equivalent", ACCURACY: "equivalent", TRAINING: "incomparable"} == verdicts(judgement)
    assert "the run of seed 1 does not have it" == judgement.findings[-1].reason


def test_a_metric_that_is_not_stored_does_not_pass() -> None:
    stored = samples(
        metrics=metrics()[:2],
        samples={seed: {name: value for name, value in row.items() if name != TRAINING}
                 for seed, row in samples().samples.items()},
    )  # fmt: skip
    judgement = judge_samples(subset(stored), runs(SPREAD[:3]))

    assert {LOSS: "equivalent", ACCURACY: "equivalent", TRAINING: "incomparable"} == verdicts(judgement)
    assert "it was measured, but no baseline is stored for it" == judgement.findings[-1].reason


@pytest.mark.parametrize("stored", [samples(), PAIRED], ids=["distributions", "seed by seed"])
def test_a_run_that_is_not_a_number_does_not_pass(stored: SampleEntry) -> None:
    judgement = judge_samples(subset(stored), [run(0, 0.25), run(1, math.nan)])

    assert Verdict.INCOMPARABLE is judgement.verdict
    assert "measured is nan for seed 1" == judgement.findings[0].reason


def test_samples_from_another_platform_are_compared_and_it_is_said() -> None:
    elsewhere = {**HERE, "tensorflow": "2.2.0", "keras": "2.3.0-tf", "machine": "aarch64"}
    judgement = judge_samples(subset(), runs(SPREAD[:3], provenance=elsewhere))

    assert Verdict.EQUIVALENT is judgement.verdict
    assert (f"stored on {PLATFORM}, measured on aarch64, TensorFlow 2.2, Keras 2.3",) == judgement.notes


def taken(**changes: Any) -> Judgement:
    """The judgement of a fingerprint that differs in ``changes`` from the one that is stored."""
    stored = fingerprint()
    asked = {
        "exact": stored.exact,
        "losses": stored.losses,
        "dataset": "mnist",
        "arithmetic": "original",
        "provenance": HERE,
        **changes,
    }
    return judge_fingerprint(fingerprints(stored), **asked)


def test_a_fingerprint_like_the_stored_one_is_equivalent() -> None:
    assert {"what is fed and scored": "equivalent", "losses": "equivalent"} == verdicts(taken())


def test_rounding_is_within_the_tolerance_and_said() -> None:
    finding = taken(losses={"loss of step 1": 2.5 * (1 + 1.5e-6), "loss of step 2": 2.25}).findings[-1]

    assert (Verdict.EQUIVALENT, "2 losses are within 2.0e-06, at most 1.5e-06 apart") == (
        finding.verdict,
        finding.reason,
    )


def test_a_loss_beyond_the_tolerance_is_a_change_and_how_far_is_said() -> None:
    finding = taken(losses={"loss of step 1": 2.5, "loss of step 2": 2.2501}).findings[-1]

    assert "4.4e-05 apart, relative, where 2.0e-06 is allowed" == finding.reason


@pytest.mark.parametrize(
    ("changes", "name", "stored", "measured"),
    [
        ({"exact": {"steps": 9380, "images in the last batch": 95}}, "images in the last batch", "96", "95"),
        ({"exact": {"steps": 9380}}, "images in the last batch", "96", "none"),
        ({"exact": {"steps": 9380, "images in the last batch": 96, "more": 1}}, "more", "none", "1"),
        ({"exact": {}}, "steps", "9380", "none"),
        ({"losses": {"loss of step 1": 2.5, "loss of step 2": 2.2501}}, "loss of step 2", "2.25", "2.2501"),
        ({"losses": {"loss of step 1": 2.5}}, "loss of step 2", "2.25", "none"),
        ({"losses": {"loss of step 1": 2.5, "loss of step 2": 2.25, "more": 1.0}}, "more", "none", "1.0"),
        ({"losses": {"loss of step 1": math.nan, "loss of step 2": 2.25}}, "loss of step 1", "2.5", "nan"),
        ({"losses": {"loss of step 1": 2.5, "loss of step 2": math.inf}}, "loss of step 2", "2.25", "inf"),
        ({"losses": {}}, "loss of step 1", "2.5", "none"),
    ],
)
def test_the_first_that_differs_is_missing_added_or_no_number_is_a_change(
    changes: Dict[str, Any], name: str, stored: str, measured: str
) -> None:
    judgement = taken(**changes)
    changed = next(finding for finding in judgement.findings if finding.verdict is Verdict.CHANGED)

    assert Verdict.CHANGED is judgement.verdict
    assert (name, stored, measured) == (changed.name, changed.stored, changed.measured)


def test_on_a_platform_without_fingerprint_the_samples_decide_and_it_is_said() -> None:
    judgement = taken(provenance={**HERE, "machine": "aarch64"})

    here = "aarch64, TensorFlow 2.21, Keras 3.15"
    told = f"no fingerprint is stored for {here}, but for {PLATFORM}: the verdict rests on samples"
    assert ((), (told,), Verdict.INCOMPARABLE) == (judgement.findings, judgement.notes, judgement.verdict)


@pytest.mark.parametrize("changes", [{"dataset": "surrogate"}, {"arithmetic": "framework"}])
def test_a_fingerprint_of_other_data_or_arithmetic_has_no_baseline(changes: Dict[str, str]) -> None:
    verdict, reason = only(taken(**changes))

    assert Verdict.INCOMPARABLE is verdict
    assert "mnist-repro baseline record wheel-softmax --rung fingerprint" in reason


@pytest.mark.parametrize(("stored", "measured", "expected"), [(2.0, 2.5, 0.25), (-2.0, -1.5, 0.25), (0.0, 1e-12, 1.0)])
def test_differences_are_relative_to_what_is_stored(stored: float, measured: float, expected: float) -> None:
    assert expected == relative_difference(stored, measured)
