"""Reads and writes baseline files, `baselines/RECIPE/RUNG.yml`: reviewable text on disk, checked values in memory.

Proposed entries are beside it in RUNG.proposed.yml, in the same layout: one row for each seed, floats to their last
bit, and `...` in the last line. A file without this line is truncated.
"""

from __future__ import annotations

import errno
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Dict, Optional, Union

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import write_text
from mnist_repro.gate.baselines.fields import read_entry, require_exactly
from mnist_repro.gate.baselines.folder import option
from mnist_repro.gate.baselines.values import BaselineEntry, BaselineFile, SampleEntry

SCHEMA = 1
_CONFLICT = ("<<<<<<< ", "||||||| ", ">>>>>>> ")
_END = "..."
_FIELDS = ("schema", "recipe", "rung", "entries")
# A large width, because YAML would fold long lines, and one seed must be one line.
_WIDTH = 1_000_000
_DEEPEST = 20


def path_of(folder: Path, recipe: str, rung: str) -> Path:
    """The file of a recipe's baseline of a rung."""
    return folder / recipe / f"{rung}.yml"


def proposed_path(folder: Path, recipe: str, rung: str) -> Path:
    """The file of the entries that are proposed for a recipe's rung."""
    return folder / recipe / f"{rung}.proposed.yml"


def private_folder(folder: Path) -> Path:
    """The folder of recordings' runs and of locks; it does not belong into version control."""
    return folder / ".recording"


def read(folder: Path, recipe: str, rung: str) -> BaselineFile:
    """A recipe's stored baseline of a rung; it has no entries if there is no file.

    Raises:
        BadInput: the file is not a valid baseline; the message says where and why.
    """
    path = path_of(folder, recipe, rung)
    stored = _read(path, recipe, rung)
    # For example, a proposal was renamed to a stored file.
    unexplained = next((entry for entry in stored.entries if not entry.history), None)
    if unexplained is not None:
        raise _broken(path, f"entry {' / '.join(unexplained.key)} has no history: nobody accepted it")
    return replace(stored, option=option(folder))


def read_proposed(folder: Path, recipe: str, rung: str) -> BaselineFile:
    """The entries that are proposed for a recipe's rung; raises as `read` does."""
    return _read(proposed_path(folder, recipe, rung), recipe, rung)


def write(folder: Path, baseline: BaselineFile) -> Path:
    """Write a baseline atomically; return its path."""
    return _write(path_of(folder, baseline.recipe, baseline.rung), baseline)


def write_proposed(folder: Path, baseline: BaselineFile) -> Path:
    """Write proposed entries atomically; return their path."""
    return _write(proposed_path(folder, baseline.recipe, baseline.rung), baseline)


def entry_fields(entry: BaselineEntry) -> Dict[str, Any]:
    """An entry as plain mappings and lists, as it is stored."""
    fields = asdict(entry)
    packages = entry.provenance.get("packages")
    if isinstance(packages, dict):
        fields["provenance"]["packages"] = _Row(packages)
    if isinstance(entry, SampleEntry):
        fields["metrics"] = {
            metric.name: {"direction": metric.direction, "margin": metric.margin, "reason": metric.reason}
            for metric in entry.metrics
        }
        fields["samples"] = {seed: _Row(values) for seed, values in entry.samples.items()}
    return fields


def _write(path: Path, baseline: BaselineFile) -> Path:
    fields = {
        "schema": SCHEMA,
        "recipe": baseline.recipe,
        "rung": baseline.rung,
        "entries": [entry_fields(entry) for entry in baseline.entries],
    }
    text = _as_text(fields)
    # Read back first: a text that cannot be read, for example with a NaN, must not replace a valid file.
    _parse(path, text, baseline.recipe, baseline.rung)
    write_text(path, text)
    return path


def _read(path: Path, recipe: str, rung: str) -> BaselineFile:
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            # To open a pipe would wait for a writer.
            raise OSError(errno.EINVAL, "it is a pipe, socket or device", str(path))
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return BaselineFile(recipe, rung)
    except UnicodeDecodeError as error:
        raise _broken(path, "it is not UTF-8 text", error) from error
    except OSError as error:
        raise BadInput(
            f"{path} cannot be used as a baseline: {error.strerror}",
            "a file that this user may read is expected",
            f"look at it: ls -ld {path}",
        ) from error
    return _parse(path, text, recipe, rung)


def _parse(path: Path, text: str, recipe: str, rung: str) -> BaselineFile:
    fields = _load(path, text)
    try:
        require_exactly(_FIELDS, fields, "it")
        if (fields["recipe"], fields["rung"]) != (recipe, rung):
            raise ValueError(f"it is of {fields['recipe']!r}, {fields['rung']!r}")
        if not isinstance(fields["entries"], list):
            raise ValueError("entries is not a list")
        return BaselineFile(recipe, rung, tuple(read_entry(recipe, rung, entry) for entry in fields["entries"]))
    except ValueError as error:
        raise _broken(path, str(error)) from error


def _load(path: Path, text: str) -> Dict[str, Any]:
    import yaml

    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(_CONFLICT) or line == "=======":
            raise BadInput(
                f"{path}:{number} has a conflict marker",
                "a merge is unfinished: it is unknown which samples are right",
                f"git checkout --ours {path} or --theirs, whichever was measured",
            )
    try:
        _require_shallow(path, text)
        fields = yaml.load(text, Loader=_strict_loader(path))  # noqa: S506 - a SafeLoader that refuses double keys
    # PyYAML passes on Python's own errors on impossible dates, lists as keys and similar input.
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise _broken(path, "it cannot be read as YAML", error) from error
    if not isinstance(fields, dict) or type(fields.get("schema")) is not int:
        raise _broken(path, "it names no schema; it may have been cut short")
    if fields["schema"] != SCHEMA:
        newer = fields["schema"] > SCHEMA
        raise BadInput(
            f"{path} has schema {fields['schema']}, this program reads {SCHEMA}",
            "a newer mnist-repro wrote it" if newer else "no version wrote such a file",
            "pip install --upgrade mnist-repro" if newer else _way_back(path),
        )
    if text.rstrip().splitlines()[-1] != _END:
        raise _broken(path, f"it has been cut short: its last line is not {_END}")
    return fields


def _broken(path: Path, what: str, error: Optional[Exception] = None) -> BadInput:
    detail = f": {' '.join(str(error).split())}" if error else ""
    return BadInput(
        f"{path} cannot be used as a baseline: {what}",
        f"a baseline is written by `mnist-repro baseline` and not by hand{detail}",
        _way_back(path),
    )


def _way_back(path: Path) -> str:
    if path.name.endswith(".proposed.yml"):
        return f"remove {path} and record again: finished runs are kept"
    record = f"mnist-repro baseline record {path.parent.name} --rung {path.stem}{option(path.parents[1])}"
    return f"git checkout -- {path} brings the committed one back; if none was committed: rm {path} && {record}"


def _require_shallow(path: Path, text: str) -> None:
    """Refuse a text that is nested so deeply that the parser could crash this process."""
    import yaml

    depth = 0
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                break
    except yaml.MarkedYAMLError as error:
        # PyYAML 6.0.4 refuses a line with many brackets before it reports the first of them.
        before = text[: error.problem_mark.index] if error.problem_mark else ""
        depth = sum(before.count(sign) for sign in "[{") - sum(before.count(sign) for sign in "]}")
        if depth <= _DEEPEST:
            raise
    if depth > _DEEPEST:
        raise _broken(path, f"it is nested more than {_DEEPEST} levels deep")


def _strict_loader(path: Path) -> Any:
    """PyYAML's safe loader, the fast one if it is there.

    A double key is an error: else a value would be lost. So is a number that means another one to YAML 1.1.
    """
    import yaml

    class StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Refuses double keys and unusual numbers."""

    def mapping(loader: Any, node: Any) -> Dict[Any, Any]:
        pairs = loader.construct_pairs(node, deep=True)
        fields = dict(pairs)
        if len(fields) < len(pairs):
            keys = [key for key, _ in pairs]
            doubled = next(key for at, key in enumerate(keys) if key in keys[:at])
            raise _broken(path, f"{doubled!r} comes twice")
        return fields

    def number(loader: Any, node: Any) -> Union[int, float]:
        kind = node.tag.rpartition(":")[2]
        value: Union[int, float] = getattr(loader, f"construct_yaml_{kind}")(node)
        if (kind == "int" or math.isfinite(value)) and not _is_decimal(node.value, value):
            where = f"line {node.start_mark.line + 1}"
            raise _broken(
                path, f"{where} has {node.value}, which YAML 1.1 reads as {value}: quote it, or write {value}"
            )
        return value

    StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    for kind in ("int", "float"):
        StrictLoader.add_constructor(f"tag:yaml.org,2002:{kind}", number)
    return StrictLoader


def _is_decimal(text: str, value: float) -> bool:
    """Whether a number is written in decimal: not octal (017), in base 60 (1:30), or with underscores (1_000)."""
    try:
        return "_" not in text and type(value)(text) == value
    except ValueError:
        return False


class _Row(Dict[Any, Any]):
    """A mapping that YAML writes in one line."""


class _Cells(list):  # type: ignore[type-arg] # Python 3.8 has no list[Any] at run time
    """A list that YAML writes in one line."""


def _as_text(fields: Dict[str, Any]) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes each row into one line, and every value in full, without anchors for repeated values."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    Dumper.add_representer(
        _Row, lambda dumper, row: dumper.represent_mapping("tag:yaml.org,2002:map", row.items(), True)
    )
    Dumper.add_representer(_Cells, lambda dumper, row: dumper.represent_sequence("tag:yaml.org,2002:seq", row, True))
    return yaml.dump(
        _plain(fields),
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=_WIDTH,
        default_flow_style=False,
        explicit_end=True,
    )


def _plain(value: Any) -> Any:
    """Convert a value to types that YAML's safe dumper knows; a list of numbers or texts stays in one line."""
    if isinstance(value, dict):
        return type(value)((key, _plain(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        flat = not any(isinstance(item, (dict, list, tuple)) for item in value)
        return (_Cells if flat else list)(_plain(item) for item in value)
    return value
