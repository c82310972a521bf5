"""Proposed entries of baselines: stores those of recordings beside the baselines, and accepts them with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Tuple

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import BaselineEntry, BaselineFile, Owner, accepted, same_values


@dataclass(frozen=True)
class Proposal:
    """The proposed entries for one file, and the file's stored entries.

    Args:
        stored: the current file.
        proposed: entries that would replace the stored entries with the same key.
    """

    stored: BaselineFile
    proposed: BaselineFile

    def pairs(self) -> Tuple[Tuple[BaselineEntry, Optional[BaselineEntry]], ...]:
        """Each proposed entry with the stored entry that it would replace, or None."""
        return tuple((entry, self.stored.same_key(entry)) for entry in self.proposed.entries)


def propose(folder: Path, name: str, kind: str, entry: BaselineEntry, owner: Owner) -> Path:
    """Write a proposed entry beside the stored file; return its path. It replaces an earlier proposal of the same key.

    The lock of the baseline must be held.
    """
    proposed = baseline_files.read(folder, name, kind, owner, proposed=True)
    return baseline_files.write(folder, proposed.with_entry(entry), proposed=True)


def find(folder: Path, name: str, kind: str, owner: Owner) -> Optional[Proposal]:
    """The proposal for a baseline, or None.

    Raises:
        BadInput: the stored or the proposed file is not valid.
    """
    proposed = baseline_files.read(folder, name, kind, owner, proposed=True)
    if not proposed.entries:
        return None
    return Proposal(baseline_files.read(folder, name, proposed.kind, owner), proposed)


def accept(folder: Path, proposal: Proposal, date: str, reason: str) -> List[str]:
    """Store the proposed entries with the change in their history, and remove the proposal. Returns a line per entry.

    If the process is killed at any point, every stored and every proposed value is in at least one file, and a second
    `accept` completes the change. The lock of the baseline must be held. ``date`` is an ISO 8601 time.

    Raises:
        BadInput: the disk is full, and then nothing has changed.
    """
    after = accepted(proposal.stored, proposal.proposed, date, reason)
    if after != proposal.stored:
        baseline_files.write(folder, after)
    baseline_files.path_of(folder, after.name, proposed=True).unlink()
    return [f"{after.name}, {entry.title}: {_change_text(entry, old)}" for entry, old in proposal.pairs()]


def _change_text(entry: BaselineEntry, old: Optional[BaselineEntry]) -> str:
    if old is None:
        return "stored for the first time"
    return "is stored already" if same_values(old, entry) else "stored; its history has what it replaced"
