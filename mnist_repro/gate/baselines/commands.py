"""The actions of `gate-baselines`: each takes the parsed arguments and returns the exit code."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import math
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

from mnist_repro.display import counted, table
from mnist_repro.errors import BadInput, ExitCode
from mnist_repro.files.json import read_json
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.files import Proposal
from mnist_repro.gate.baselines.folder import option, require_writable_baselines
from mnist_repro.gate.baselines.values import (
    STATED,
    BaselineEntry,
    BaselineFile,
    CasesEntry,
    Change,
    FingerprintEntry,
    Owner,
    SampleEntry,
    require_name,
)
from mnist_repro.gate.comparison import CASES, FINGERPRINT, SAMPLES, Comparison, from_fields
from mnist_repro.gate.margins import require_finite, require_finite_cases, require_spread
from mnist_repro.gate.measured_values import case_values
from mnist_repro.gate.report import SCHEMA

NAME = "gate-baselines"


def owner(folder: Path, name: str, record: str = "pytest --gate-record", rerun: str = "") -> Owner:
    """The commands to type next for a baseline."""
    show, diff, accept = (f"{NAME} {action} {name}{option(folder)}" for action in ("show", "diff", "accept"))
    return Owner(record, show, diff, f"{accept} --reason", rerun)


def _read(folder: Path, name: str) -> BaselineFile:
    return baseline_files.read(folder, name, "", owner(folder, name))


def list_(arguments: argparse.Namespace) -> ExitCode:
    """Print names, kinds, and what is proposed."""
    folder = arguments.baselines
    proposed = baseline_files.names(folder, proposed=True)
    rows = []
    for name in _chosen(arguments, sorted({*baseline_files.names(folder), *proposed})):
        stored = _read(folder, name)
        new = baseline_files.read(folder, name, stored.kind, stored.owner, proposed=True) if name in proposed else None
        entries = counted(len(stored.entries), "entry", "entries")
        rows.append((name, stored.kind or (new.kind if new else ""), entries, "proposed" if new else ""))
    print(table(("name", "kind", "stored", ""), rows))
    return ExitCode.PASSED


def show_(arguments: argparse.Namespace) -> ExitCode:
    """Print what is stored."""
    from mnist_repro.gate.baselines.text import shown

    folder = arguments.baselines
    print(shown([_read(folder, name) for name in _chosen(arguments, baseline_files.names(folder))]))
    return ExitCode.PASSED


def diff_(arguments: argparse.Namespace) -> ExitCode:
    """Print what is proposed beside what is stored."""
    found = _proposals(arguments)
    named = " ".join(each.stored.name for each in found)
    return print_differences(found, f"{NAME} accept {named}{option(arguments.baselines)}")


def print_differences(found: Sequence[Proposal], accept: str) -> ExitCode:
    """Print what would change, and the command that stores it, without its reason."""
    from mnist_repro.gate.baselines.diff import differences
    from mnist_repro.gate.baselines.text import differing

    compared = [difference for each in found for difference in differences(each.stored, each.proposed)]
    print(f"{differing(compared)}\n\nto store it: {accept} --reason …")
    return ExitCode.PASSED if all(difference.passes for difference in compared) else ExitCode.VERDICT


def accept_(arguments: argparse.Namespace) -> ExitCode:
    """Store what is proposed, or what a session measured."""
    reason = require_reason(f"{NAME} accept", arguments.reason)
    if arguments.report is not None:
        for comparison in _measured(arguments):
            _propose(arguments.baselines, comparison, arguments.report)
    store(arguments.baselines, _proposals(arguments), reason)
    return ExitCode.PASSED


def store(folder: Path, found: Sequence[Proposal], reason: str) -> None:
    """Store what is proposed, under the locks of the baselines, and print a line for each entry."""
    with contextlib.ExitStack() as locks:
        waiting: List[Proposal] = []
        for each in found:
            stored = each.stored
            locks.enter_context(baseline_files.lock(folder, stored.name))
            # Read again under the lock: another process may have changed the proposal before.
            again = baseline_files.find_proposal(folder, stored.name, stored.kind, stored.owner)
            waiting += [again] if again else []
        for proposal in waiting:
            for line in baseline_files.accept(folder, proposal, _now(), reason):
                print(line, flush=True)


def rename_(arguments: argparse.Namespace) -> ExitCode:
    """Give a baseline another name."""
    reason, folder = require_reason(f"{NAME} rename", arguments.reason), arguments.baselines
    old, new = map(require_name, arguments.names)
    stored = _existing(folder, old)
    proposed = baseline_files.path_of(folder, old, proposed=True)
    if proposed.exists():
        raise BadInput(
            f"{proposed} is proposed under the old name",
            "it would be left behind",
            f"{stored.owner.accept} …, or rm {shlex.quote(str(proposed))}",
        )
    if baseline_files.path_of(folder, new).exists():
        raise BadInput(f"{new} is stored already", "a name belongs to one baseline", "another name")
    with baseline_files.lock(folder, old):
        change = Change(_now(), f"renamed from {old}: {reason}")
        entries = tuple(replace(each, history=(*each.history, change)) for each in stored.entries)
        print(baseline_files.write(folder, BaselineFile(new, stored.kind, entries, owner(folder, new))))
        baseline_files.path_of(folder, old).unlink()
    return ExitCode.PASSED


def remove_(arguments: argparse.Namespace) -> ExitCode:
    """Remove baselines."""
    reason, folder = require_reason(f"{NAME} remove", arguments.reason), arguments.baselines
    for name in arguments.names:
        _existing(folder, require_name(name))
    for name in arguments.names:
        with baseline_files.lock(folder, name):
            with contextlib.suppress(FileNotFoundError):
                baseline_files.path_of(folder, name, proposed=True).unlink()
            path = baseline_files.path_of(folder, name)
            path.unlink()
        print(f"removed {path}: {reason}; its history is in version control, if it was committed")
    return ExitCode.PASSED


def _proposals(arguments: argparse.Namespace) -> List[Proposal]:
    folder = arguments.baselines
    there = baseline_files.names(folder, proposed=True)
    found = [
        baseline_files.find_proposal(folder, name, "", owner(folder, name))
        for name in _chosen(arguments, there, f"nothing is proposed in {folder}")
    ]
    return [each for each in found if each is not None]


def _chosen(arguments: argparse.Namespace, there: List[str], otherwise: str = "") -> List[str]:
    """The names that the user gave, or all that are there.

    Raises:
        BadInput: a name is not there, or nothing is.
    """
    names = list(dict.fromkeys(map(require_name, arguments.names))) or there
    lost = [name for name in names if name not in there]
    if lost or not names:
        raise BadInput(
            (f"{lost[0]}: " if lost else "") + (otherwise or f"no baseline is stored in {arguments.baselines}"),
            f"there are {', '.join(there)}" if there else "`pytest --gate-record` leaves proposals there",
            f"{NAME} list{option(arguments.baselines)}, or another --baselines DIR"
            if there
            else f"pytest --gate-record, then {NAME} list; if that was done, type it in pytest's root folder, or name "
            "the folder: --baselines DIR",
        )
    return names


def _existing(folder: Path, name: str) -> BaselineFile:
    stored = _read(folder, name)
    if not stored.entries:
        proposed = baseline_files.path_of(folder, name, proposed=True)
        if proposed.exists():
            raise BadInput(
                f"{name} is not stored in {folder}",
                "it is only proposed",
                f"{stored.owner.accept} …, or rm {shlex.quote(str(proposed))}",
            )
        raise BadInput(
            f"{name} is not stored in {folder}", "there is nothing to change", f"{NAME} list{option(folder)}"
        )
    return stored


def require_reason(command: str, reason: str) -> str:
    """The reason of a change, if there is one and baselines may be changed here.

    Raises:
        BadInput: there is none, or `CI` is set.
    """
    require_writable_baselines(command)
    if not reason.strip():
        raise BadInput(
            f"{command} without a reason",
            "readers of the history must learn why the values changed",
            "--reason 'what changed, and why that is right'",
        )
    return reason.strip()


def _measured(arguments: argparse.Namespace) -> List[Comparison]:
    """The comparisons with measured values in a gate report: those that the user named, or all."""
    file = arguments.report / "gate.json" if arguments.report.is_dir() else arguments.report
    fields = read_json(file, SCHEMA, "gate report", "pytest --gate-report=DIR")
    try:
        every = [from_fields(each) for subject in fields["subjects"].values() for each in subject["comparisons"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(
            f"{file} is not a whole gate report", f"{type(error).__name__}: {error}", "pytest --gate-report=DIR"
        ) from error
    measured = [each for each in every if each.kind in _MADE_OF and (each.samples or each.taken)]
    found = [each for each in measured if each.name in arguments.names] if arguments.names else measured
    lost = [name for name in arguments.names if name not in {each.name for each in found}]
    if lost or not found:
        there = " ".join(each.name for each in measured)
        raise BadInput(
            f"{file} has no measured values of {', '.join(lost) or 'anything'}",
            "samples, cases and fingerprints of a session can be accepted, if its tests came so far",
            f"name what it has: {there}" if there else "mend the tests that failed: pytest --gate-report=DIR",
        )
    arguments.names = [each.name for each in found]
    return found


def _propose(folder: Path, comparison: Comparison, file: Path) -> None:
    """Propose what a session measured."""
    name = require_name(comparison.name)
    stored = baseline_files.read(folder, name, comparison.kind, owner(folder, name))
    entry = _MADE_OF[comparison.kind](stored, comparison, file)
    with baseline_files.lock(folder, name):
        baseline_files.propose(folder, stored, entry)


def _samples_of(stored: BaselineFile, comparison: Comparison, file: Path) -> SampleEntry:
    before = stored.samples(comparison.conditions)
    if before is None:
        raise _nothing_stored(stored, comparison, file)
    lost = sorted(set(before.samples) - set(comparison.samples))
    if lost:
        raise BadInput(
            f"{comparison.name}: {file} has {len(comparison.samples)} seeds, {len(before.samples)} are stored",
            "stored samples would be lost",
            f"pytest --gate-seeds {max(before.samples) + 1} --gate-report=DIR in CI, and accept that report",
        )
    for metric in before.metrics:
        require_spread(metric.name, {seed: run.get(metric.name, math.nan) for seed, run in comparison.samples.items()})
    return replace(before, samples=comparison.samples, provenance=comparison.provenance, history=())


def _cases_of(stored: BaselineFile, comparison: Comparison, file: Path) -> CasesEntry:
    before = stored.entry(comparison.conditions)
    if not isinstance(before, CasesEntry):
        raise _nothing_stored(stored, comparison, file)
    cases = case_values(comparison.taken.get("cases", {}))
    lost = [case for case in before.cases if case not in cases]
    if lost:
        raise BadInput(
            f"{comparison.name}: {file} has {counted(len(cases), 'case')}, not {', '.join(lost[:5])}",
            "stored cases would be lost",
            f"if they are to go: {stored.owner.record}",
        )
    for metric in before.metrics:
        require_finite_cases(metric.name, {case: values.get(metric.name, [math.nan]) for case, values in cases.items()})
    return replace(before, cases=cases, provenance=comparison.provenance, history=())


def _nothing_stored(stored: BaselineFile, comparison: Comparison, file: Path) -> BadInput:
    return BadInput(
        f"{comparison.name}: nothing is stored for these conditions",
        f"{file} has the {comparison.kind}, but not what may differ",
        stored.owner.record,
    )


def _fingerprint_of(stored: BaselineFile, comparison: Comparison, file: Path) -> FingerprintEntry:
    conditions, taken, provenance = comparison.conditions, comparison.taken, comparison.provenance
    require_finite(comparison.name, taken["close"])
    values = (str(provenance.get("platform", "")), taken["exact"], taken["close"], taken["tolerance"])
    made = FingerprintEntry(conditions, *values, STATED, provenance, ())
    before = stored.same_key(made)
    like: Optional[Any] = before or next(
        (each for each in stored.entries if dict(each.conditions) == dict(conditions)), None
    )
    return replace(made, tolerance=like.tolerance, reason=like.reason, tolerances=like.tolerances) if like else made


# What a session measured, as an entry; published figures are no measurements.
_MADE_OF: Dict[str, Callable[[BaselineFile, Comparison, Path], BaselineEntry]] = {
    SAMPLES: _samples_of,
    FINGERPRINT: _fingerprint_of,
    CASES: _cases_of,
}


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


ACTIONS: Dict[str, Callable[[argparse.Namespace], ExitCode]] = {
    "list": list_,
    "show": show_,
    "diff": diff_,
    "accept": accept_,
    "rename": rename_,
    "remove": remove_,
}
