from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest

from mnist_repro.gate.baselines.diff import NEW, Difference, differences
from mnist_repro.gate.baselines.values import BaselineEntry, BaselineFile, CasesEntry, FingerprintEntry
from mnist_repro.gate.verdicts import Metric
from tests.builders.made_up_baselines import HERE, SPREAD, fingerprint, metrics, samples, subset

OTHER_DATA = ({**HERE, "dataset_sha256": "0" * 64}, {**HERE, "dataset_sha256": "1" * 64})
ONE_METRIC_LESS = samples(
    metrics=metrics()[:2], samples={seed: dict(list(row.items())[:2]) for seed, row in samples().samples.items()}
)


def difference(stored: BaselineEntry, proposed: BaselineEntry) -> Difference:
    kind = "fingerprint" if isinstance(stored, FingerprintEntry) else "samples"
    [found] = differences(*(BaselineFile("digits", kind, (entry,)) for entry in (stored, proposed)))
    return found


def cases(provenance: Dict[str, Any]) -> CasesEntry:
    values = {f"case-{at}": {"value": (float(at % 3 > 0),)} for at in range(60)}
    return CasesEntry({}, (Metric("value", "higher", 0.25, "a quarter"),), values, provenance, ())


def failing(found: Difference) -> List[Tuple[str, str]]:
    return [(each.name, each.reason) for each in found.judgement.findings if not each.verdict.passes]


def test_what_is_new_is_a_difference() -> None:
    [found] = differences(BaselineFile("wheel-softmax/subset", "samples"), subset())

    assert (NEW, False) == (found.verdict, found.passes)


@pytest.mark.parametrize("entry", [samples(), samples(paired=True), fingerprint()])
def test_equal_values_are_no_difference(entry: BaselineEntry) -> None:
    assert difference(entry, entry).passes


@pytest.mark.parametrize(
    ("changes", "verdict", "name"),
    [
        ({"losses": {"loss of step 1": 2.5, "loss of step 2": 2.125}}, "changed", "loss of step 2"),
        # Of another platform than it says.
        ({"provenance": {**HERE, "platform": "aarch64, TensorFlow 2.21, Keras 3.15"}}, "incomparable", "platform"),
    ],
)
def test_another_loss_or_platform_of_a_fingerprint_is_a_difference(
    changes: Dict[str, Any], verdict: str, name: str
) -> None:
    found = difference(fingerprint(), fingerprint(**changes))

    assert (verdict, [name]) == (found.verdict, [each for each, _ in failing(found)])


@pytest.mark.parametrize("paired", [True, False])
def test_a_proposal_with_fewer_seeds_is_incomparable(paired: bool) -> None:
    found = difference(samples(paired=paired), samples(SPREAD[:10], paired=paired))

    assert [("seeds", "stored and not proposed, so that they would go: 10, 11")] == failing(found)


def test_a_paired_proposal_with_more_seeds_is_judged_by_those_that_are_stored() -> None:
    found = difference(samples([0.25, 0.5, 0.75], paired=True), samples([0.25, 0.5, 0.75, 1.0], paired=True))

    assert (True, ("additional seeds proposed: 3",)) == (found.passes, found.judgement.notes)


def test_a_proposal_from_other_images_under_the_same_name_is_incomparable() -> None:
    old, new = (samples(provenance=each) for each in OTHER_DATA)

    assert [("SHA-256 of the data", "the data are not the same")] == failing(difference(old, new))


def test_proposed_cases_of_other_data_are_incomparable() -> None:
    old, new = (cases(each) for each in OTHER_DATA)
    why = "the data hash to 111111111111…, those of the stored runs to 000000000000…"

    assert [("baseline", why)] == failing(difference(old, new))
    assert difference(old, old).passes


@pytest.mark.parametrize(
    ("old", "new", "where"), [(samples(), ONE_METRIC_LESS, "stored"), (ONE_METRIC_LESS, samples(), "proposed")]
)
def test_a_metric_that_is_only_on_one_side_is_incomparable(old: BaselineEntry, new: BaselineEntry, where: str) -> None:
    assert [("training_loss after 3 epochs", f"it is {where} only")] == failing(difference(old, new))


def test_other_margins_tolerances_and_platforms_are_noted() -> None:
    moved = samples(metrics=metrics(loss=0.25), provenance={**HERE, "platform": "x86_64, TensorFlow 2.22, Keras 3.15"})

    assert (
        "stored on x86_64, TensorFlow 2.21, Keras 3.15, proposed on x86_64, TensorFlow 2.22, Keras 3.15",
        "margin of test_loss after 3 epochs: 0.005 stored, 0.25 proposed",
        "margin of training_loss after 3 epochs: 0.005 stored, 0.25 proposed",
    ) == difference(samples(), moved).judgement.notes
    assert (
        "tolerance 2e-06 stored, 1e-05 proposed"
        in difference(fingerprint(), fingerprint(tolerance=1e-5)).judgement.notes
    )
