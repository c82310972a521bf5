from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines import proposals
from mnist_repro.gate.baselines.values import BaselineFile
from tests.builders.made_up_baselines import HERE, fingerprint, fingerprints, samples, subset

WHEEL = "wheel-softmax"
NEW = samples([0.25, 0.5], history=())


def test_a_proposal_replaces_an_earlier_one_of_the_same_key(tmp_path: Path) -> None:
    for entry in (samples(history=()), samples(dataset="surrogate", history=()), NEW):
        proposals.propose(tmp_path, WHEEL, "subset", entry)

    [found] = proposals.find(tmp_path, WHEEL)
    assert ["mnist", "surrogate"] == [entry.dataset for entry in found.proposed.entries]
    assert NEW == found.proposed.entry("mnist", "original")


def test_each_proposed_entry_is_paired_with_the_one_that_it_would_replace(tmp_path: Path) -> None:
    baseline_files.write(tmp_path, subset())
    baseline_files.write_proposed(tmp_path, subset(NEW, samples(dataset="surrogate", history=())))

    [found] = proposals.find(tmp_path, WHEEL, ["subset"])

    assert [samples(), None] == [stored for _, stored in found.pairs()]
    assert [] == proposals.find(tmp_path, WHEEL, ["full"])


def test_what_is_accepted_is_stored_and_no_longer_proposed(tmp_path: Path) -> None:
    baseline_files.write(tmp_path, subset())
    proposals.propose(tmp_path, WHEEL, "subset", NEW)
    proposals.propose(tmp_path, WHEEL, "fingerprint", fingerprint(history=()))

    lines: List[str] = []
    for found in proposals.find(tmp_path, WHEEL):
        lines += proposals.accept(tmp_path, found, "2027-01-01", "a reason")

    ends = ["stored for the first time", "stored; its history has what it replaced"]
    assert ends == [line.rpartition(": ")[2] for line in lines]
    assert [] == proposals.find(tmp_path, WHEEL)
    [stored] = baseline_files.read(tmp_path, WHEEL, "subset").entries
    assert ["first recording", "a reason"] == [change.reason for change in stored.history]


def test_accepting_what_is_stored_already_changes_nothing(tmp_path: Path) -> None:
    before = baseline_files.write(tmp_path, fingerprints()).read_bytes()
    proposals.propose(tmp_path, WHEEL, "fingerprint", fingerprint(history=()))
    [found] = proposals.find(tmp_path, WHEEL)

    [line] = proposals.accept(tmp_path, found, "2027-01-01", "a reason")

    assert line.endswith(": is stored already")
    assert before == baseline_files.path_of(tmp_path, WHEEL, "fingerprint").read_bytes()


def test_without_the_weights_that_belong_to_it_a_proposal_is_not_acceptable(tmp_path: Path) -> None:
    proposed = BaselineFile(WHEEL, "full", (NEW,))

    with pytest.raises(BadInput, match="the run of seed 0 that wheel-softmax full is proposed from is no longer there"):
        proposals.require_acceptable(tmp_path, proposals.Proposal(BaselineFile(WHEEL, "full"), proposed))

    proposals.require_acceptable(tmp_path, proposals.Proposal(subset(), subset(NEW)))


def test_the_folder_of_runs_names_what_they_have_in_common(tmp_path: Path) -> None:
    folder = proposals.runs_folder(tmp_path, "vgg7", "full", ("mnist", "original"), HERE)

    assert Path("vgg7/full-mnist-original-x86_64-TensorFlow-2.21-Keras-3.15/0123456789ab") == folder.relative_to(
        tmp_path / ".recording"
    )
