from __future__ import annotations

from pathlib import Path
from typing import List, Optional

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines import proposals
from mnist_repro.gate.baselines.values import BaselineEntry, BaselineFile, SampleEntry
from tests.builders.made_up_baselines import CONDITIONS, SURROGATE, fingerprint, fingerprints, samples, subset

WHEEL, OWNER = "wheel-softmax/subset", subset().owner
NEW = samples([0.25, 0.5], history=())


def propose(folder: Path, entry: BaselineEntry) -> Path:
    file = subset() if isinstance(entry, SampleEntry) else fingerprints()
    return proposals.propose(folder, file.name, file.kind, entry, OWNER)


def find(folder: Path, file: BaselineFile) -> Optional[proposals.Proposal]:
    return proposals.find(folder, file.name, file.kind, OWNER)


def test_a_proposal_replaces_an_earlier_one_of_the_same_key(tmp_path: Path) -> None:
    for entry in (samples(history=()), samples(conditions=SURROGATE, history=()), NEW):
        assert baseline_files.path_of(tmp_path, WHEEL, proposed=True) == propose(tmp_path, entry)

    found = find(tmp_path, subset())
    assert found is not None
    assert [CONDITIONS, SURROGATE] == [entry.conditions for entry in found.proposed.entries]
    assert NEW == found.proposed.entry(CONDITIONS)


def test_each_proposed_entry_is_paired_with_the_one_that_it_would_replace(tmp_path: Path) -> None:
    baseline_files.write(tmp_path, subset())
    baseline_files.write(tmp_path, subset(NEW, samples(conditions=SURROGATE, history=())), proposed=True)

    found = find(tmp_path, subset())

    assert found is not None
    assert [samples(), None] == [stored for _, stored in found.pairs()]
    assert find(tmp_path, fingerprints()) is None
    assert found == proposals.find(tmp_path, WHEEL, "", OWNER)


def test_what_is_accepted_is_stored_and_no_longer_proposed(tmp_path: Path) -> None:
    baseline_files.write(tmp_path, subset())
    propose(tmp_path, NEW)
    propose(tmp_path, fingerprint(history=()))

    lines: List[str] = []
    for found in (find(tmp_path, fingerprints()), find(tmp_path, subset())):
        assert found is not None
        lines += proposals.accept(tmp_path, found, "2027-01-01", "a reason")

    ends = ["stored for the first time", "stored; its history has what it replaced"]
    assert ends == [line.rpartition(": ")[2] for line in lines]
    assert [] == baseline_files.names(tmp_path, proposed=True)
    [stored] = baseline_files.read(tmp_path, WHEEL, "samples", OWNER).entries
    assert ["first recording", "a reason"] == [change.reason for change in stored.history]


def test_accepting_what_is_stored_already_changes_nothing(tmp_path: Path) -> None:
    before = baseline_files.write(tmp_path, fingerprints()).read_bytes()
    propose(tmp_path, fingerprint(history=()))
    found = find(tmp_path, fingerprints())

    assert found is not None
    [line] = proposals.accept(tmp_path, found, "2027-01-01", "a reason")

    assert line.endswith(": is stored already")
    assert before == baseline_files.path_of(tmp_path, fingerprints().name).read_bytes()
