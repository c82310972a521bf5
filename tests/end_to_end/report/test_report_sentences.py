from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Iterator, List, Set

import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.gate import comparison
from mnist_repro.gate.baselines.judge import judge_fingerprint
from mnist_repro.gate.baselines.values import BaselineFile, FingerprintEntry, SampleEntry
from mnist_repro.gate.comparison import Comparison
from mnist_repro.gate.margins import DEVIATIONS
from mnist_repro.gate.report import NOTHING_TRAINED
from mnist_repro.gate.statistics import compare_distributions, compare_seed_by_seed
from mnist_repro.gate.verdicts import NO_WORSE, Judgement, Metric
from mnist_repro.harness import fixture
from mnist_repro.harness.tolerances import taken_entry
from mnist_repro.recipes import RECIPES, find
from mnist_repro.report.page.words import sentence
from mnist_repro.reproduction import hypotheses
from mnist_repro.reproduction.drift import NONE, NOT_DEBIASED, NOT_RECOGNISED, recognise, recognise_batch_normalization
from mnist_repro.reproduction.judgement import judge_published
from mnist_repro.runs import baselines
from mnist_repro.runs.baselines import judge_runs
from tests.builders import gate_cases
from tests.mnist_repro.reproduction.test_drift import WHEEL, a_run, computed, of_batch_normalization, scored

BASELINES = Path(__file__).resolve().parents[3] / "baselines"


METRIC = Metric("test_loss after 3 epochs", "lower", 0.02, "a reason")


STORED = {seed: 0.5 + 0.001 * (seed % 7) for seed in range(16)}


def paired() -> Iterator[str]:
    for stored, measured in (
        (STORED, {0: 0.5, 1: 0.501}),
        (STORED, {0: 0.9, 1: 0.501}),
        (STORED, {77: 0.5, 78: 0.5}),
        ({}, {0: 0.5}),
        (STORED, {}),
        (STORED, {3: float("nan")}),
        ({**STORED, 3: float("inf")}, {0: 0.5}),
    ):
        yield compare_seed_by_seed(METRIC, stored, measured).reason


def distributions() -> Iterator[str]:
    for stored, measured in (
        (STORED, {0: 0.5, 1: 0.501}),
        (STORED, {100: 0.501, 101: 0.502, 102: 0.503}),
        (STORED, {100: 0.901, 101: 0.902, 102: 0.903}),
        (STORED, {100: 0.49, 101: 0.51, 102: 0.53}),
        (STORED, {100: 0.02, 101: 0.97}),
        (STORED, {100: 0.5}),
        ({0: 0.5, 1: 0.6}, {100: 0.5, 101: 0.6}),
        (dict.fromkeys(range(16), 0.5), {100: 0.5, 101: 0.6}),
    ):
        yield compare_distributions(METRIC, stored, measured, 36).reason
        yield compare_distributions(replace(METRIC, claim=NO_WORSE), stored, measured, 36).reason
    yield compare_distributions(replace(METRIC, claim=NO_WORSE), STORED, {100: 0.1, 101: 0.101, 102: 0.102}).reason
    # Too near to the margin for any number of seeds.
    near = {100: 0.5199, 101: 0.5261, 102: 0.523}
    yield compare_distributions(replace(METRIC, margin=0.0201), STORED, near, 36).reason


def of(judgement: Judgement) -> List[str]:
    return [*(finding.reason for finding in judgement.findings), *judgement.notes]


def judgements() -> Iterator[str]:
    stored, runs = gate_cases.stored(), gate_cases.runs()
    elsewhere = {**runs[0].provenance, "platform": "aarch64, TensorFlow 2.21, Keras 3.15"}
    for case in (
        (),
        (*runs, runs[0]),
        (*runs, gate_cases.run("vgg7-bn", 7)),
        (*runs, gate_cases.run("vgg7", 7, "full")),
        [replace(run, arithmetic="framework") for run in runs],
        [replace(run, dataset={**run.dataset, "name": "unrecognised"}) for run in runs],
        [replace(run, provenance=elsewhere) for run in runs],
    ):
        yield from of(judge_runs(stored, case))
    of_other_data = [replace(entry, provenance={"dataset_sha256": "4567"}) for entry in stored.entries]
    yield from of(judge_runs(replace(stored, entries=tuple(of_other_data)), runs))
    surrogate = [replace(run, dataset={**run.dataset, "name": "surrogate"}) for run in runs]
    yield from of(fixture.judge(Path("no baselines"), surrogate).judgement)
    taken, file = gate_cases.fingerprint(), gate_cases.stored_fingerprint()
    measured = taken_entry(taken)
    yield from of(judge_fingerprint(replace(file, entries=()), measured))
    for again in (
        measured,
        replace(measured, exact={}, close={}),
        replace(measured, close={**taken.losses, "loss of step 2": 2.5}),
        replace(measured, platform=elsewhere["platform"]),
    ):
        yield from of(judge_fingerprint(file, again))


def published() -> Iterator[str]:
    yield NOTHING_TRAINED
    for name in RECIPES:
        stored = baselines.read(BASELINES, name, "full")
        yield from of(judge_published(find(name), stored))
        yield from of(judge_published(find(name), BaselineFile(f"{name}/full", "samples")))
        few = [replace(entry, samples=dict(list(entry.samples.items())[:3])) for entry in samples(stored)]
        yield from of(judge_published(find(name), replace(stored, entries=tuple(few))))


def samples(stored: BaselineFile) -> List[SampleEntry]:
    return [entry for entry in stored.entries if isinstance(entry, SampleEntry)]


def margins() -> Iterator[str]:
    for name in RECIPES:
        for rung in baselines.RUNGS[1:]:
            for entry in samples(baselines.read(BASELINES, name, rung)):
                yield from (metric.reason for metric in entry.metrics)


def rows() -> Iterator[str]:
    """What the rows of fingerprints are called."""
    for name in RECIPES:
        for entry in baselines.read(BASELINES, name, "fingerprint").entries:
            assert isinstance(entry, FingerprintEntry)
            yield from (*entry.exact, *entry.close)


def causes() -> Iterator[str]:
    for each in (*hypotheses.SINGLE, *hypotheses.on_top_of_epsilon()):
        yield each.kind
        yield each.cause
    yield from (NONE, NOT_DEBIASED, NOT_RECOGNISED)
    yield recognise_batch_normalization(()).evidence


TOLD = [paired, distributions, judgements, published, margins, rows, causes]


@pytest.mark.parametrize("said", TOLD)
def test_everything_that_is_said_is_said_in_japanese(said: object) -> None:
    assert callable(said)
    told = list(said())

    assert len(told) > 5
    assert [] == [english for english in told if not _is_japanese(sentence(english)[1])]


@pytest.mark.parametrize("said", TOLD)
def test_no_figure_is_lost_in_translation(said: object) -> None:
    assert callable(said)

    assert [] == [english for english in said() if not _figures(english) <= _figures(sentence(english)[1])]


def _is_japanese(text: str) -> bool:
    return re.search("[ぁ-んァ-ヶ一-龠]", text) is not None


def _figures(text: str) -> Set[str]:
    return set(re.findall(r"[+-]?\d[\d.,]*(?:e[+-]\d+)?", re.sub(r", |[.,](?!\d)", " ", text)))


def test_the_margins_that_are_recorded_have_reasons_that_are_known() -> None:
    assert f"{DEVIATIONS:.0f} standard" in " ".join(margins())


def test_what_drift_says_is_said_in_japanese(dataset: Dataset) -> None:
    losses = list(computed(dataset).step_losses)
    runs = (
        [computed(dataset)],
        [computed(dataset, change=hypotheses.SINGLE[0], seed=seed) for seed in range(3)],
        [a_run(losses=[*losses[:5], 7.0])],
    )
    evidences = [recognise(WHEEL, each, dataset).evidence for each in runs]
    evidences.append(of_batch_normalization([scored(1.5, 0.04), scored(0.035, 0.035, 10)]).evidence)

    assert [] == [english for english in evidences if not _is_japanese(sentence(english)[1])]
    assert [] == [english for english in evidences if not _figures(english) <= _figures(sentence(english)[1])]


def test_a_gate_report_keeps_the_parts_of_its_sentences() -> None:
    stored, runs = gate_cases.stored(), gate_cases.runs()
    made = Comparison("vgg7/subset", "samples", judge_runs(stored, runs))
    fields = json.loads(json.dumps(comparison.as_fields(made)))

    read = comparison.from_fields(fields)

    texts = [sentence(each) for each in of(read.judgement)]
    assert [sentence(each) for each in of(made.judgement)] == texts
    assert all(map(_is_japanese, (japanese for _, japanese in texts)))
