from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import List, Sequence, Tuple

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate.session.reports import properties
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.harness.fixture import Baseline, Measured, NotMeasured, PublishedFigures, Runs, judge
from mnist_repro.runs.run import Run
from tests.builders.gate_cases import fingerprint, run, runs, store, stored, stored_fingerprint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return store(tmp_path, stored(), stored_fingerprint())


def check(folder: Path, measured: Measured, more_seeds: bool = False) -> List[Tuple[str, str]]:
    """What a test's report gets if the check passes."""
    recorded: List[Tuple[str, str]] = []
    Baseline(folder, lambda name, value: recorded.append((name, value)), more_seeds).check(measured)
    return recorded


def test_what_agrees_with_the_baseline_passes(folder: Path) -> None:
    recorded = dict(check(folder, runs()))

    assert "equivalent" == recorded["vgg7/subset verdict"]
    assert recorded["vgg7/subset: test_loss after 5 epochs"].startswith("equivalent; stored 0.5")
    assert {"100", "101", "102"} == set(json.loads(recorded["gate.checked"])["samples"])


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        (runs(better=0.25), r"^vgg7/subset: IMPROVED"),
        (
            fingerprint(losses={"loss of step 1": 2.3125, "loss of step 2": 2.5}),
            r"(?s)^vgg7/fingerprint: CHANGED.*2\.25",
        ),
        (runs("vgg7-bn"), r"(?s)^vgg7-bn/subset: INCOMPARABLE.*mnist-repro baseline record vgg7-bn"),
        ([], r"(?s)INCOMPARABLE.*no run was made"),
        (NotMeasured("vgg7", "subset", "it rained"), r"(?s)INCOMPARABLE.*it rained"),
        (PublishedFigures("vgg7"), r"^vgg7/published: INCOMPARABLE"),
    ],
    ids=["better", "fingerprint", "no baseline", "no runs", "not measured", "published"],
)
def test_what_does_not_agree_fails_and_says_why(folder: Path, measured: Measured, said: str) -> None:
    with pytest.raises(pytest.fail.Exception, match=said):
        check(folder, measured)


def test_a_platform_without_fingerprint_is_skipped_with_the_reason(folder: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match="no fingerprint is stored for aarch64"):
        check(folder, fingerprint(machine="aarch64"))


def test_a_fingerprint_of_unrecognised_data_is_not_to_be_recorded(folder: Path) -> None:
    comparison = judge(folder, replace(fingerprint(), dataset="unrecognised"))

    assert ["incomparable"] == [finding.verdict.value for finding in comparison.judgement.findings]
    assert "none can be made" in str(comparison.judgement.findings[0])


def test_what_is_neither_runs_nor_a_fingerprint_is_an_error(folder: Path) -> None:
    with pytest.raises(TypeError, match="takes runs or a fingerprint, not float"):
        check(folder, 0.927)  # type: ignore[arg-type]


def growing(made: List[int], better: Sequence[float]) -> Runs:
    """Five runs, and as many more as are asked for; their numbers are noted."""

    def make(seeds: int) -> Tuple[Run, ...]:
        made.append(seeds)
        return tuple(run(seed=100 + seed, better=better[seed]) for seed in range(seeds))

    return Runs(make(5), make)


FAR_APART = (-0.03, 0.0, 0.03, -0.03, 0.03)


@pytest.mark.parametrize(
    ("better", "made", "verdict"),
    [
        ((*FAR_APART, *[0.0] * 5), [5, 10], ""),
        ((*FAR_APART, 0.0, *[0.03, -0.03] * 2), [5, 10], r"(?s)INCONCLUSIVE.*seeds 100, 101, .*, 109"),
        ([0.25] * 10, [5], "IMPROVED"),
    ],
    ids=["settled", "never settled", "settled at once"],
)
def test_with_more_seeds_runs_are_added_until_it_is_settled(
    folder: Path, better: Sequence[float], made: List[int], verdict: str
) -> None:
    counts: List[int] = []
    measured = growing(counts, better)

    if verdict:
        with pytest.raises(pytest.fail.Exception, match=verdict):
            check(folder, measured, more_seeds=True)
    else:
        check(folder, measured, more_seeds=True)

    assert made == counts


@pytest.mark.parametrize(("better", "made"), [(0.0, []), (1e-15, [5])], ids=["stored bits", "other bits"])
def test_one_seed_suffices_only_if_it_has_the_stored_bits(folder: Path, better: float, made: List[int]) -> None:
    counts: List[int] = []

    def make(seeds: int) -> Tuple[Run, ...]:
        counts.append(seeds)
        return tuple(run(seed=seed) for seed in range(seeds))

    recorded = dict(check(folder, Runs((run(seed=1, better=better),), make), more_seeds=True))

    assert made == counts
    assert "equivalent" == recorded["vgg7/subset verdict"]
    assert (made or [1])[-1] == len(json.loads(recorded["gate.checked"])["samples"])


def test_without_more_seeds_runs_that_cannot_tell_fail(folder: Path) -> None:
    counts: List[int] = []

    with pytest.raises(pytest.fail.Exception, match="INCONCLUSIVE"):
        check(folder, growing(counts, FAR_APART))

    assert [5] == counts


def test_a_run_that_cannot_be_added_is_incomparable(folder: Path) -> None:
    def make(seeds: int) -> Tuple[Run, ...]:
        raise BadInput("the disk is full", "", "")

    first = growing([], FAR_APART).made
    with pytest.raises(pytest.fail.Exception, match=r"(?s)INCOMPARABLE.*the disk is full"):
        check(folder, Runs(first, make), more_seeds=True)


def test_a_rung_without_a_verdict_is_recorded_as_none(folder: Path) -> None:
    silent = judge(folder, fingerprint(machine="aarch64"))

    assert ("vgg7/fingerprint verdict", "none") == properties(silent)[0]
    assert silent.verdict is not Verdict.EQUIVALENT
