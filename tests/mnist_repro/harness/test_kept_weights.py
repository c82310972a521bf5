"""The weights that belong to a baseline, and the folder of the runs that gave them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines.proposals import Proposal
from mnist_repro.gate.baselines.values import BaselineFile
from mnist_repro.harness import kept_weights
from mnist_repro.harness.kept_weights import keeps_weights, runs_folder
from mnist_repro.runs.run_json import WEIGHTS
from tests.builders.made_up_baselines import CONDITIONS, HERE, SURROGATE, samples, subset

NEW = samples([0.25, 0.5], history=())


def test_the_weights_of_one_baseline_are_kept() -> None:
    assert [True, False, False, False] == [
        keeps_weights(recipe, rung, conditions)
        for recipe, rung, conditions in (
            ("wheel-softmax", "full", CONDITIONS),
            ("wheel-softmax", "full", SURROGATE),
            ("wheel-softmax", "subset", CONDITIONS),
            ("vgg7", "full", CONDITIONS),
        )
    ]


def test_without_the_weights_that_belong_to_it_a_proposal_is_not_acceptable(tmp_path: Path) -> None:
    stored = BaselineFile("wheel-softmax/full", "samples")
    proposal = Proposal(stored, BaselineFile(stored.name, stored.kind, (NEW,)))

    for act in (kept_weights.weights_to_keep, kept_weights.keep):
        with pytest.raises(BadInput, match="the run of seed 0 that wheel-softmax full is proposed from is no longer"):
            act(tmp_path, proposal)

    assert [] == kept_weights.weights_to_keep(tmp_path, Proposal(subset(), subset(NEW)))


def test_weights_that_are_there_belong_to_the_samples_that_are_stored_already(tmp_path: Path) -> None:
    (tmp_path / "wheel-softmax").mkdir()
    (tmp_path / "wheel-softmax" / WEIGHTS).write_bytes(b"kept")
    stored, other = (BaselineFile("wheel-softmax/full", "samples", (entry,)) for entry in (samples(), NEW))

    assert [] == kept_weights.weights_to_keep(tmp_path, Proposal(stored, stored))
    with pytest.raises(BadInput, match="is no longer there"):
        kept_weights.weights_to_keep(tmp_path, Proposal(stored, other))


def test_the_folder_of_runs_names_what_they_have_in_common(tmp_path: Path) -> None:
    folder = runs_folder(tmp_path, "vgg7", "full", CONDITIONS, HERE)

    assert Path("vgg7/full-mnist-original-x86_64-TensorFlow-2.21-Keras-3.15/0123456789ab") == folder.relative_to(
        tmp_path / ".recording"
    )
