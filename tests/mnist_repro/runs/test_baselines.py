"""The baselines of recipes: which runs are judged together, what their entries must be, and what to type."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import BaselineEntry
from mnist_repro.gate.verdicts import Judgement, Metric, Verdict
from mnist_repro.runs import baselines
from mnist_repro.runs.baselines import conditions_of, judge_runs, kind_of, name_of, owner
from tests.builders import made_up
from tests.builders.made_up_baselines import (
    CONDITIONS,
    HERE,
    LOSS,
    SPREAD,
    SURROGATE,
    fingerprint,
    fingerprints,
    metrics,
    run,
    runs,
    samples,
    subset,
)


def only(judgement: Judgement) -> Tuple[Verdict, str]:
    """The verdict and the reason of a judgement that rests on one finding."""
    (finding,) = judgement.findings
    return finding.verdict, finding.reason


def test_no_run_is_no_verdict() -> None:
    assert (Verdict.INCOMPARABLE, "no run was made") == only(judge_runs(subset(), []))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"recipe": "vgg7"}, "different baselines: vgg7/subset, wheel-softmax/subset"),
        ({"scale": "full"}, "different baselines: wheel-softmax/full, wheel-softmax/subset"),
        ({"arithmetic": "framework"}, "different arithmetics: framework, original"),
        ({"dataset": {"name": "surrogate", "sha256": "0", "source": ""}}, "different datasets: mnist, surrogate"),
        ({"seed": 0}, "seed 0 comes twice, which would count one run as two"),
    ],
)
def test_runs_that_do_not_belong_together_are_not_judged(changes: Dict[str, Any], reason: str) -> None:
    mixed = [run(0, 0.05), replace(run(1, 0.05), **changes)]

    assert (Verdict.INCOMPARABLE, reason) == only(judge_runs(subset(), mixed))


def elsewhere(name: str) -> Dict[str, Any]:
    return {"dataset": {"name": name, "sha256": "0", "source": "/somewhere"}}


RECORD = "to make one: mnist-repro baseline record wheel-softmax --rung subset"
ACCEPT = "mnist-repro baseline accept wheel-softmax --rung subset --reason …"
TITLE = "dataset mnist, arithmetic original"


@pytest.mark.parametrize(
    ("changes", "asked", "command"),
    [
        (
            *({"arithmetic": "framework"}, "dataset mnist, arithmetic framework"),
            f" (stored: {TITLE}); {RECORD} --arithmetic framework, then {ACCEPT}",
        ),
        (
            *(elsewhere("surrogate"), "dataset surrogate, arithmetic original"),
            f" (stored: {TITLE}); {RECORD} --data surrogate, then {ACCEPT}",
        ),
        (
            *(elsewhere("unrecognised"), "unrecognised data"),
            ", and none can be made: only MNIST and the surrogate have one; --data mnist, or --data surrogate "
            "(in pytest: --repro-data)",
        ),
    ],
)
def test_without_a_baseline_it_says_what_is_stored_and_whether_one_can_be_made(
    changes: Dict[str, Any], asked: str, command: str
) -> None:
    made = [replace(each, **changes) for each in runs(SPREAD[:3])]
    conditions = conditions_of(made[0].dataset["name"], made[0].arithmetic)
    stored = replace(subset(), owner=owner(Path("baselines"), "wheel-softmax", "subset", conditions))

    assert (Verdict.INCOMPARABLE, f"no baseline for {asked}{command}") == only(judge_runs(stored, made))


@pytest.mark.parametrize("other", [[0], [2], [0, 1, 2]])
def test_data_of_the_same_name_that_are_other_images_cannot_be_compared(other: List[int]) -> None:
    entry = samples(provenance={**HERE, "dataset_sha256": made_up.dataset("mnist").sha256})
    made = runs(SPREAD[:3])
    changed = [
        replace(each, dataset={**each.dataset, "sha256": "f" * 64}) if each.seed in other else each for each in made
    ]
    reason = f"the data of seed {other[0]} hash to ffffffffffff…, those of the stored runs to 0123…"

    assert Verdict.EQUIVALENT is judge_runs(subset(entry), made).verdict
    assert (Verdict.INCOMPARABLE, reason) == only(judge_runs(subset(entry), changed))


def test_names_kinds_and_files_of_recipes_follow_their_rungs() -> None:
    assert [("vgg7/fingerprint", "fingerprint"), ("vgg7/subset", "samples"), ("vgg7/full", "samples")] == [
        (name_of("vgg7", rung), kind_of(rung)) for rung in baselines.RUNGS
    ]
    assert "published" == kind_of("published")


def test_commands_name_the_file_of_a_recipe_that_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_REPRO_RECIPES", "my own.py")

    assert ["", " --recipes 'my own.py'"] == [
        baselines.places(Path("baselines"), recipes) for recipes in (["vgg7"], ["vgg7", "mine"])
    ]


def test_commands_are_about_the_same_rung_folder_data_and_arithmetic(tmp_path: Path) -> None:
    usual = owner(Path("baselines"), "vgg7", "full", CONDITIONS)
    other = owner(tmp_path, "vgg7", "full", {"dataset": "surrogate", "arithmetic": "framework"})

    assert "mnist-repro baseline record vgg7 --rung full" == usual.record
    assert "pytest --repro-scale full --gate-seeds {seeds} -k vgg7" == usual.rerun
    assert (
        f"mnist-repro baseline record vgg7 --rung full --data surrogate --arithmetic framework --baselines {tmp_path}"
        == other.record
    )
    assert (
        "pytest --repro-scale full --gate-seeds {seeds} --repro-data surrogate --repro-arithmetic framework -k vgg7"
        == other.rerun
    )
    assert f"mnist-repro baseline accept vgg7 --rung full --baselines {tmp_path} --reason" == other.accept
    assert "" == owner(tmp_path, "vgg7", "fingerprint", CONDITIONS).rerun


@pytest.mark.parametrize(
    "entry",
    [
        samples(conditions={"dataset": "mnist"}),
        samples(conditions={**CONDITIONS, "model": "a"}),
        samples(conditions={**CONDITIONS, "arithmetic": "modern"}),
        fingerprint(conditions={}),
        samples(metrics=(Metric(LOSS, "higher", 0.005, "why"), *metrics()[1:])),
        samples(metrics=metrics(accuracy=1.0)),
        samples(metrics=metrics(loss=50.0)),
        samples(paired=True, metrics=metrics()),
    ],
    ids=lambda entry: entry.title,
)
def test_an_entry_that_no_recipe_can_have_is_refused_before_it_is_written(entry: BaselineEntry, tmp_path: Path) -> None:
    file = (
        subset(entry) if isinstance(entry, type(samples())) else fingerprints(fingerprint(conditions=entry.conditions))
    )

    with pytest.raises(BadInput, match="cannot be used as a baseline: entry "):
        baseline_files.write(tmp_path, file)
    assert [] == baseline_files.names(tmp_path)


def test_the_baselines_of_another_dataset_are_read_with_its_owner(tmp_path: Path) -> None:
    baseline_files.write(tmp_path, subset())

    stored = baselines.read(tmp_path, "wheel-softmax", "subset", SURROGATE)

    assert subset() == stored
    assert " --data surrogate " in stored.owner.record
