"""Samples and fingerprints against baselines: what cannot be compared never passes, and what differs is named."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Dict, List, Mapping, Sequence, Tuple, Union

import pytest

from mnist_repro.gate.baselines.judge import (
    MeasuredSamples,
    compared,
    judge_fingerprint,
    judge_samples,
    relative_difference,
)
from mnist_repro.gate.baselines.values import BaselineFile, Owner, SampleEntry
from mnist_repro.gate.verdicts import Judgement, Metric, Verdict
from tests.builders.made_up_baselines import (
    ACCURACY,
    CONDITIONS,
    HERE,
    LOSS,
    PLATFORM,
    SPREAD,
    TRAINING,
    fingerprint,
    fingerprints,
    metrics,
    samples,
    subset,
    values,
)

PAIRED = samples([0.25, 0.5, 0.75], paired=True)


def measured(losses: Union[Sequence[float], Mapping[int, float]], **changes: Any) -> MeasuredSamples:
    """Samples with these losses, of seeds 0, 1, … where no others are named."""
    by_seed = losses if isinstance(losses, Mapping) else dict(enumerate(losses))
    return replace(MeasuredSamples(CONDITIONS, {seed: values(loss) for seed, loss in by_seed.items()}, HERE), **changes)


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
        ((0.0515, 0.0501, 0.0485), ["equivalent", "inconclusive", "equivalent"]),
        ((0.0501,), ["inconclusive"] * 3),
        ((0.0201, 0.0203, 0.0199, 0.02, 0.0198), ["improved"] * 3),
        ((0.0801, 0.0803, 0.0799, 0.08, 0.0798), ["regressed"] * 3),
    ],
    ids=["the stored bits", "of the same kind", "scattered", "one seed", "lower", "higher"],
)
def test_each_metric_of_runs_has_its_verdict(losses: Sequence[float], expected: List[str]) -> None:
    assert dict(zip((LOSS, ACCURACY, TRAINING), expected)) == verdicts(judge_samples(subset(), measured(losses)))


def test_a_verdict_that_does_not_pass_says_what_differs_between_the_environments() -> None:
    found = [judge_samples(subset(), measured(losses)).notes[-1:] for losses in ((0.08,), SPREAD[:3])]

    assert ["environment: ", None] == [notes[0][:13] if notes else None for notes in found]


def test_paired_runs_are_held_against_their_own_seed() -> None:
    assert Verdict.EQUIVALENT is judge_samples(subset(PAIRED), measured({1: 0.5})).verdict
    assert Verdict.REGRESSED is judge_samples(subset(PAIRED), measured({1: 0.500002})).verdict
    assert Verdict.REGRESSED is judge_samples(subset(PAIRED), measured({0: 0.5})).verdict


def test_a_seed_that_is_not_stored_cannot_be_held_against_anything() -> None:
    judgement = judge_samples(subset(PAIRED), measured({7: 0.5}))

    assert {"no run of seed 7 is stored, only of seeds 0, 1, 2"} == {finding.reason for finding in judgement.findings}
    assert Verdict.INCOMPARABLE is judgement.verdict


def test_no_run_is_no_verdict() -> None:
    assert (Verdict.INCOMPARABLE, "no run was made") == only(judge_samples(subset(), measured([])))


def test_with_nothing_stored_at_all_it_says_so() -> None:
    _, reason = only(judge_samples(BaselineFile("digits", "samples"), measured(SPREAD[:3])))

    assert "(stored: nothing)" in reason


def test_a_metric_that_is_missing_from_a_run_does_not_pass() -> None:
    lacking = {seed: values(loss) for seed, loss in enumerate(SPREAD[:2])}
    del lacking[1][TRAINING]
    judgement = judge_samples(subset(), measured([], values=lacking))

    assert {LOSS: "equivalent", ACCURACY: "equivalent", TRAINING: "incomparable"} == verdicts(judgement)
    assert "the run of seed 1 does not have it" == judgement.findings[-1].reason


def test_a_metric_that_is_not_stored_does_not_pass() -> None:
    stored = samples(
        metrics=metrics()[:2],
        samples={seed: {name: value for name, value in row.items() if name != TRAINING}
                 for seed, row in samples().samples.items()},
    )  # fmt: skip
    judgement = judge_samples(subset(stored), measured(SPREAD[:3]))

    assert {LOSS: "equivalent", ACCURACY: "equivalent", TRAINING: "incomparable"} == verdicts(judgement)
    assert judgement.findings[-1].reason.startswith("it was measured, but no baseline is stored for it; to make one: ")


@pytest.mark.parametrize("stored", [samples(), PAIRED], ids=["distributions", "seed by seed"])
def test_a_run_that_is_not_a_number_does_not_pass(stored: SampleEntry) -> None:
    judgement = judge_samples(subset(stored), measured([0.25, math.nan]))

    assert Verdict.INCOMPARABLE is judgement.verdict
    assert "measured is nan for seed 1" == judgement.findings[0].reason


def test_samples_from_another_platform_are_compared_and_it_is_said() -> None:
    elsewhere = {**HERE, "platform": "aarch64, TensorFlow 2.2, Keras 2.3"}
    judgement = judge_samples(subset(), measured(SPREAD[:3], provenance=elsewhere))

    assert Verdict.EQUIVALENT is judgement.verdict
    assert (f"stored on {PLATFORM}, measured on aarch64, TensorFlow 2.2, Keras 2.3",) == judgement.notes


def taken(**changes: Any) -> Judgement:
    """The judgement of a fingerprint that differs in ``changes`` from the one that is stored."""
    return judge_fingerprint(fingerprints(), replace(fingerprint(), **changes))


def test_a_fingerprint_like_the_stored_one_is_equivalent() -> None:
    assert {"exact values": "equivalent", "close values": "equivalent"} == verdicts(taken())


def test_rounding_is_within_the_tolerance_and_said() -> None:
    finding = taken(close={"loss of step 1": 2.5 * (1 + 1.5e-6), "loss of step 2": 2.25}).findings[-1]

    assert (Verdict.EQUIVALENT, "2 values within 2.0e-06, at most 1.5e-06 apart") == (
        finding.verdict,
        finding.reason,
    )


@pytest.mark.parametrize("loss", [{"loss of step 2": math.nan}, {}])
def test_a_loss_that_is_missing_or_no_number_is_a_change(loss: Mapping[str, float]) -> None:
    finding = taken(close={"loss of step 1": 2.5, **loss}).findings[-1]

    assert (Verdict.CHANGED, "the value is missing, or is not a number") == (finding.verdict, finding.reason)


def test_several_tolerances_are_said_as_a_range() -> None:
    stored = replace(fingerprint(), tolerances={"loss of step 2": 1e-3})

    finding = judge_fingerprint(fingerprints(stored), fingerprint()).findings[-1]

    assert "2 values within 2.0e-06 to 1.0e-03, every value the same" == finding.reason


def test_a_loss_beyond_the_tolerance_is_a_change_and_how_far_is_said() -> None:
    finding = taken(close={"loss of step 1": 2.5, "loss of step 2": 2.2501}).findings[-1]

    assert "4.4e-05 apart, relative, where 2.0e-06 is allowed" == finding.reason


@pytest.mark.parametrize(
    ("changes", "name", "stored", "measured"),
    [
        ({"exact": {"steps": 9380, "images in the last batch": 95}}, "images in the last batch", "96", "95"),
        ({"exact": {"steps": 9380}}, "images in the last batch", "96", "none"),
        ({"exact": {"steps": 9380, "images in the last batch": 96, "more": 1}}, "more", "none", "1"),
        ({"exact": {}}, "steps", "9380", "none"),
        ({"exact": {"steps": "9380", "images in the last batch": 96}}, "steps", "9380", "'9380'"),
        ({"close": {"loss of step 1": 2.5, "loss of step 2": 2.2501}}, "loss of step 2", "2.25", "2.2501"),
        ({"close": {"loss of step 1": 2.5}}, "loss of step 2", "2.25", "none"),
        ({"close": {"loss of step 1": 2.5, "loss of step 2": 2.25, "more": 1.0}}, "more", "none", "1.0"),
        ({"close": {"loss of step 1": math.nan, "loss of step 2": 2.25}}, "loss of step 1", "2.5", "nan"),
        ({"close": {"loss of step 1": 2.5, "loss of step 2": math.inf}}, "loss of step 2", "2.25", "inf"),
        ({"close": {}}, "loss of step 1", "2.5", "none"),
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
    here = "aarch64, TensorFlow 2.21, Keras 3.15"
    judgement = taken(platform=here)

    told = f"no fingerprint is stored for {here}, but for {PLATFORM}: the verdict rests on samples"
    assert ((), (told,), Verdict.INCOMPARABLE) == (judgement.findings, judgement.notes, judgement.verdict)


@pytest.mark.parametrize("changes", [{"dataset": "surrogate"}, {"arithmetic": "framework"}, {"device": "GPU"}])
def test_a_fingerprint_under_other_conditions_has_no_baseline(changes: Dict[str, str]) -> None:
    verdict, reason = only(taken(conditions={**CONDITIONS, **changes}))

    assert Verdict.INCOMPARABLE is verdict
    assert "mnist-repro baseline record wheel-softmax --rung fingerprint" in reason


@pytest.mark.parametrize(("stored", "measured", "expected"), [(2.0, 2.5, 0.25), (-2.0, -1.5, 0.25), (0.0, 1e-12, 1.0)])
def test_differences_are_relative_to_what_is_stored(stored: float, measured: float, expected: float) -> None:
    assert expected == relative_difference(stored, measured)


def test_without_a_baseline_it_says_what_is_stored_and_what_to_type() -> None:
    owner = Owner("pytest --gate-record -k digits", "show", "diff", "gate accept digits --reason")
    stored = BaselineFile("digits", "samples", (samples(),), owner)
    typed = "to make one: pytest --gate-record -k digits, then gate accept digits --reason …"
    conditions: List[Dict[str, str]] = [{"model": "b"}, {}]

    assert [
        f"no baseline for {what} (stored: dataset mnist, arithmetic original); {typed}"
        for what in ("model b", "digits")
    ] == [only(judge_samples(stored, measured([0.5], conditions=each)))[1] for each in conditions]


def test_where_nothing_is_stored_nothing_is_told_to_be_shown() -> None:
    owner = Owner("record", "show", "diff", "accept")
    other = measured([0.5], conditions={"model": "b"})

    assert [(("to see what is stored", "show"),), ()] == [
        compared(stored, judge_samples(stored, other), other).steps
        for stored in (BaselineFile("digits", "samples", entries, owner) for entries in ((samples(),), ()))
    ]


@pytest.mark.parametrize(
    ("by", "verdict"), [(0.0, Verdict.NO_WORSE), (-0.03, Verdict.BETTER), (0.03, Verdict.REGRESSED)]
)
@pytest.mark.parametrize("paired", [False, True])
def test_a_baseline_may_claim_no_worse(by: float, verdict: Verdict, paired: bool) -> None:
    metric = Metric(LOSS, "lower", 0.005, "made up", "no worse")
    rows = {seed: {LOSS: loss} for seed, loss in enumerate(SPREAD)}
    stored = samples(metrics=(metric,), samples=rows, paired=paired)
    made = {seed: {LOSS: loss + by + 1e-5} for seed, loss in enumerate(SPREAD[:5])}

    judgement = judge_samples(subset(stored), measured([], values=made))

    assert (verdict, by <= 0.0) == (judgement.verdict, judgement.passes)


def test_each_look_has_its_share_of_the_level() -> None:
    stored, made = samples(), measured([0.0508, 0.0501, 0.0489])
    widths = []
    for looks in (1, 2):
        interval = judge_samples(subset(stored), made, looks).findings[0].interval
        assert interval is not None
        widths.append(interval.high - interval.low)

    # Of about two degrees of freedom: 2.920 is exceeded with 5 %, 4.303 with 2.5 %.
    assert 1.3 < widths[1] / widths[0] < 4.303 / 2.920


def test_without_a_named_platform_nothing_is_said_to_agree() -> None:
    assert ("the samples do not say on which platform they were measured",) == judge_samples(
        subset(), measured(SPREAD[:3], provenance={})
    ).notes
