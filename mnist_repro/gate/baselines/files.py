"""Reads and writes baseline files, `baselines/NAME.yml`: reviewable text on disk, checked values in memory.

Proposed entries are beside it in NAME.proposed.yml, in the same layout: one row for each seed, floats to their last
bit, and `...` in the last line. A file without this line is truncated. Each entry has a digest of its values, so that a
merge that mixed two recordings is found.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ContextManager, Dict, List, Optional, Sequence

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import write_text
from mnist_repro.files.locks import locked
from mnist_repro.gate.baselines.fields import METRIC_FIELDS, read_entry, require_exactly
from mnist_repro.gate.baselines.values import (
    BaselineEntry,
    BaselineFile,
    CasesEntry,
    FingerprintEntry,
    Owner,
    accepted,
    require_name,
    same_values,
)
from mnist_repro.gate.comparison import CASES, FINGERPRINT, SAMPLES

SCHEMA = 2
_CONFLICT = ("<<<<<<< ", "||||||| ", ">>>>>>> ")
_END = "..."
_FIELDS = ("schema", "name", "kind", "entries")
_KINDS = (SAMPLES, FINGERPRINT, CASES)
# A large width, because YAML would fold long lines, and one seed must be one line.
_WIDTH = 1_000_000
_DEEPEST = 20
_DIGITS = 16


def path_of(folder: Path, name: str, proposed: bool = False) -> Path:
    """The file of a baseline, or of the entries that are proposed for it."""
    return folder / f"{require_name(name)}{'.proposed' if proposed else ''}.yml"


def names(folder: Path, proposed: bool = False) -> List[str]:
    """The names of the stored, or of the proposed, baselines in a folder, in alphabetical order."""
    end = ".proposed.yml" if proposed else ".yml"
    found = (str(path.relative_to(folder).as_posix()) for path in folder.rglob(f"*{end}"))
    return sorted(
        name[: -len(end)]
        for name in found
        if not name.startswith(".") and (proposed or not name.endswith(".proposed.yml"))
    )


def private_folder(folder: Path) -> Path:
    """The folder of recordings' runs and of locks; it does not belong into version control."""
    return folder / ".recording"


def lock(folder: Path, name: str) -> ContextManager[None]:
    """Hold the lock of a baseline while a block runs.

    Raises:
        BadInput: another process is recording or accepting this baseline, or the folder cannot be written.
    """
    return locked(private_folder(folder), name)


def read(folder: Path, name: str, kind: str, owner: Owner, proposed: bool = False) -> BaselineFile:
    """A stored baseline, or what is proposed for it; it has no entries if there is no file.

    Args:
        folder: folder of the baselines.
        name: name of the baseline.
        kind: ``samples``, ``fingerprint`` or ``cases``; empty if any will do.
        owner: what the code that keeps it adds to it.
        proposed: whether to read the proposed entries. Only stored ones must have a history.

    Raises:
        BadInput: the file is not a valid baseline of this kind; the message says where and why.
    """
    path = path_of(folder, name, proposed)
    stored = _read(path, name, kind, owner)
    # For example, a proposal was renamed to a stored file.
    unexplained = next((entry for entry in stored.entries if not entry.history and not proposed), None)
    if unexplained is not None:
        raise _broken(path, f"entry {unexplained.title} has no history: it was not accepted", owner)
    return stored


def write(folder: Path, baseline: BaselineFile, proposed: bool = False) -> Path:
    """Write a baseline, or proposed entries, atomically; return the path."""
    path = path_of(folder, baseline.name, proposed)
    fields = {
        "schema": SCHEMA,
        "name": baseline.name,
        "kind": baseline.kind,
        "entries": [{"digest": _digest(entry), **entry_fields(entry)} for entry in baseline.entries],
    }
    text = _as_text(fields)
    # Read back first: a text that cannot be read, for example with a NaN, must not replace a valid file.
    _parse(path, text, baseline.name, baseline.kind, baseline.owner)
    write_text(path, text)
    return path


@dataclass(frozen=True)
class Proposal:
    """The proposed entries for one file, and the file's stored entries.

    Args:
        stored: the current file.
        proposed: entries that would replace the stored entries with the same key.
    """

    stored: BaselineFile
    proposed: BaselineFile


def propose(folder: Path, stored: BaselineFile, entry: BaselineEntry) -> Path:
    """Write a proposed entry beside the stored file; return its path. It replaces an earlier proposal of the same key.

    The lock of the baseline must be held.
    """
    proposed = read(folder, stored.name, stored.kind, stored.owner, proposed=True)
    return write(folder, proposed.with_entry(entry), proposed=True)


def find_proposal(folder: Path, name: str, kind: str, owner: Owner) -> Optional[Proposal]:
    """The proposal for a baseline, or None.

    Raises:
        BadInput: the stored or the proposed file is not valid.
    """
    proposed = read(folder, name, kind, owner, proposed=True)
    return Proposal(read(folder, name, proposed.kind, owner), proposed) if proposed.entries else None


def accept(folder: Path, proposal: Proposal, date: str, reason: str) -> List[str]:
    """Store the proposed entries with the change in their history, and remove the proposal. Returns a line per entry.

    If the process is killed at any point, every stored and every proposed value is in at least one file, and a second
    `accept` completes the change. The lock of the baseline must be held. ``date`` is an ISO 8601 time.

    Raises:
        BadInput: the disk is full, and then nothing has changed.
    """
    stored, proposed = proposal.stored, proposal.proposed
    after = accepted(stored, proposed, date, reason)
    if after != stored:
        write(folder, after)
    path_of(folder, after.name, proposed=True).unlink()
    return [f"{after.name}, {entry.title}: {_change_text(stored.same_key(entry), entry)}" for entry in proposed.entries]


def _change_text(old: Optional[BaselineEntry], new: BaselineEntry) -> str:
    if old is None:
        return "stored for the first time"
    return "is stored already" if same_values(old, new) else "stored; its history has what it replaced"


def entry_fields(entry: BaselineEntry) -> Dict[str, Any]:
    """An entry as plain mappings and lists, as it is stored."""
    fields = asdict(entry)
    packages = entry.provenance.get("packages")
    if isinstance(packages, dict):
        fields["provenance"]["packages"] = _Row(packages)
    if isinstance(entry, FingerprintEntry):
        if not entry.tolerances:
            del fields["tolerances"]
        return fields
    fields["metrics"] = {each.name: {name: getattr(each, name) for name in METRIC_FIELDS} for each in entry.metrics}
    rows = "cases" if isinstance(entry, CasesEntry) else "samples"
    fields[rows] = {name: _Row(values) for name, values in fields[rows].items()}
    return fields


def _digest(entry: BaselineEntry) -> str:
    """A digest of an entry's values and of what is allowed, without its provenance and history."""
    fields = {name: value for name, value in entry_fields(entry).items() if name not in ("provenance", "history")}
    text = json.dumps(fields, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _read(path: Path, name: str, kind: str, owner: Owner) -> BaselineFile:
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            # To open a pipe would wait for a writer.
            raise OSError(errno.EINVAL, "it is a pipe, socket or device", str(path))
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return BaselineFile(name, kind, owner=owner)
    except UnicodeDecodeError as error:
        raise _broken(path, "it is not UTF-8 text", owner, error) from error
    except OSError as error:
        raise BadInput(
            f"{path} cannot be used as a baseline: {error.strerror}",
            "a file that this user may read is expected",
            f"look at it: ls -ld {shlex.quote(str(path))}",
        ) from error
    return _parse(path, text, name, kind, owner)


def _parse(path: Path, text: str, name: str, kind: str, owner: Owner) -> BaselineFile:
    fields = _load(path, text, owner)
    try:
        require_exactly(_FIELDS, fields, "it")
        if fields["name"] != name:
            raise ValueError(f"it is of {fields['name']!r}")
        if fields["kind"] not in _KINDS:
            raise ValueError(f"its kind is {fields['kind']!r}, where {' or '.join(_KINDS)} is expected")
        if kind and fields["kind"] != kind:
            raise BadInput(
                f"{path} cannot be used as a baseline: its kind is {fields['kind']!r}, where {kind} is expected",
                "a name belongs to one kind of gate",
                f"another name in the test; or, if another kind is meant: {_again(path, owner)}",
            )
        if not isinstance(fields["entries"], list):
            raise ValueError("entries is not a list")
        entries = tuple(_entry(fields["kind"], each, owner) for each in fields["entries"])
        return BaselineFile(name, fields["kind"], entries, owner)
    except ValueError as error:
        raise _broken(path, str(error), owner) from error


def _entry(kind: str, fields: Any, owner: Owner) -> BaselineEntry:
    digest = fields.pop("digest", None) if isinstance(fields, dict) else None
    entry = read_entry(kind, fields)
    try:
        owner.check(entry)
    except ValueError as error:
        raise ValueError(f"entry {entry.title}: {error}") from error
    if digest != _digest(entry):
        raise ValueError(
            f"entry {entry.title}: digest is {digest!r}, but its values have {_digest(entry)!r}: "
            "two recordings were merged into one, or it was edited"
        )
    return entry


def _load(path: Path, text: str, owner: Owner) -> Dict[str, Any]:
    import yaml

    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(_CONFLICT) or line == "=======":
            there = shlex.quote(str(path))
            raise BadInput(
                f"{path}:{number} has a conflict marker",
                "a merge is unfinished: it is unknown which samples are right",
                f"git checkout --ours -- {there}, or git checkout --theirs -- {there}: whichever was measured",
            )
    try:
        _require_shallow(text)
        fields = yaml.load(text, Loader=_strict_loader())  # noqa: S506 - a SafeLoader that refuses double keys
    # PyYAML passes on Python's own errors on impossible dates, lists as keys and similar input.
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise _broken(path, "it cannot be read as YAML", owner, error) from error
    if not isinstance(fields, dict) or type(fields.get("schema")) is not int:
        raise _broken(path, "it names no schema; it may have been cut short", owner)
    if fields["schema"] != SCHEMA:
        newer = fields["schema"] > SCHEMA
        raise BadInput(
            f"{path} has schema {fields['schema']}, this program reads {SCHEMA}",
            f"{'a newer' if newer else 'an older'} mnist-repro wrote it",
            "pip install --upgrade mnist-repro" if newer else _again(path, owner),
        )
    if text.rstrip().splitlines()[-1] != _END:
        raise _broken(path, f"it has been cut short: its last line is not {_END}", owner)
    return fields


def _broken(path: Path, what: str, owner: Owner, error: Optional[Exception] = None) -> BadInput:
    detail = f": {' '.join(str(error).split())}" if error and not isinstance(error, _UnusableError) else ""
    return BadInput(
        f"{path} cannot be used as a baseline: {error if isinstance(error, _UnusableError) else what}",
        f"a baseline is written by a recording, and not by hand{detail}",
        _way_back(path, owner),
    )


def _way_back(path: Path, owner: Owner) -> str:
    again = _again(path, owner)
    if path.name.endswith(".proposed.yml"):
        return again
    return f"git checkout -- {shlex.quote(str(path))} brings the committed one back; if none was committed: {again}"


def _again(path: Path, owner: Owner) -> str:
    """The command that records a file again."""
    return f"rm {shlex.quote(str(path))} && {owner.record}"


class _UnusableError(ValueError):
    """YAML that a baseline does not have; the message says what."""


def _require_shallow(text: str) -> None:
    """Refuse a text that is nested so deeply that the parser could crash this process, or that refers to itself."""
    import yaml

    depth = 0
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent):
                raise _UnusableError("it refers to something by an alias")
            if depth > _DEEPEST:
                break
    except yaml.MarkedYAMLError as error:
        # PyYAML 6.0.4 refuses a line with many brackets before it reports the first of them.
        before = text[: error.problem_mark.index] if error.problem_mark else ""
        depth = sum(before.count(sign) for sign in "[{") - sum(before.count(sign) for sign in "]}")
        if depth <= _DEEPEST:
            raise
    if depth > _DEEPEST:
        raise _UnusableError(f"it is nested more than {_DEEPEST} levels deep")


def _strict_loader() -> Any:
    """PyYAML's safe loader, the fast one if it is there. A double key is an error: else a value would be lost."""
    import yaml

    class StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Refuses double keys."""

    def mapping(loader: Any, node: Any) -> Dict[Any, Any]:
        pairs = loader.construct_pairs(node, deep=True)
        fields = dict(pairs)
        if len(fields) < len(pairs):
            keys = [key for key, _ in pairs]
            doubled = next(key for at, key in enumerate(keys) if key in keys[:at])
            raise _UnusableError(f"{doubled!r} comes twice")
        return fields

    StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    return StrictLoader


class _Row(Dict[Any, Any]):
    """A mapping that YAML writes in one line."""


def _as_text(fields: Dict[str, Any]) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes rows and lists of plain values into one line, and every value in full, without anchors."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def listed(dumper: Any, items: Sequence[Any]) -> Any:
        plain = not any(isinstance(item, (dict, list, tuple)) for item in items)
        return dumper.represent_sequence("tag:yaml.org,2002:seq", items, plain)

    Dumper.add_representer(
        _Row, lambda dumper, row: dumper.represent_mapping("tag:yaml.org,2002:map", row.items(), True)
    )
    Dumper.add_representer(list, listed)
    Dumper.add_representer(tuple, listed)
    return yaml.dump(
        fields,
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=_WIDTH,
        default_flow_style=False,
        explicit_end=True,
    )
