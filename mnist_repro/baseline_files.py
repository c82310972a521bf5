"""Reads and writes `baselines/RECIPE/RUNG.yml`: reviewable text in, checked values out, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, List, Mapping

from mnist_repro.atomic import write_text
from mnist_repro.baselines import BaselineFile, Change, Entry, FingerprintEntry, SampleEntry
from mnist_repro.errors import BadInput
from mnist_repro.verdicts import Metric

SCHEMA = 1
FOLDER = "baselines"
_CONFLICT = ("<<<<<<< ", "=======", ">>>>>>> ")


def path_of(folder: Path, recipe: str, rung: str) -> Path:
    """Where a recipe's baseline of a rung is kept."""
    return folder / recipe / f"{rung}.yml"


def read(folder: Path, recipe: str, rung: str) -> BaselineFile:
    """A recipe's stored baseline of a rung; without entries where there is no file.

    Raises:
        BadInput: the file is not one that can be trusted; the message says where and why.
    """
    path = path_of(folder, recipe, rung)
    if not path.exists():
        return BaselineFile(recipe, rung)
    fields = _load(path)
    try:
        if fields["recipe"] != recipe or fields["rung"] != rung:
            raise ValueError(f"it is of {fields['recipe']!r}, {fields['rung']!r}")
        make = _fingerprint_entry if rung == "fingerprint" else _sample_entry
        return BaselineFile(recipe, rung, tuple(make(entry) for entry in fields["entries"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        told = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise _broken(path, told) from error


def write(folder: Path, baseline: BaselineFile) -> Path:
    """Write a baseline, whole or not at all; where it went."""
    import yaml

    path = path_of(folder, baseline.recipe, baseline.rung)
    fields = {
        "schema": SCHEMA,
        "recipe": baseline.recipe,
        "rung": baseline.rung,
        "entries": [_entry_fields(entry) for entry in baseline.entries],
    }
    text = yaml.safe_dump(_plain(fields), sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)
    write_text(path, text)
    return path


def _load(path: Path) -> Dict[str, Any]:
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(path, str(error)) from error
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(_CONFLICT[0]) or line.startswith(_CONFLICT[2]) or line == _CONFLICT[1]:
            raise BadInput(
                f"{path}:{number} has a conflict marker",
                "a merge was left unfinished, so that nobody can say which samples hold",
                f"git checkout --ours {path} or --theirs, whichever was measured",
            )
    try:
        fields = yaml.load(text, Loader=_strict_loader())  # noqa: S506 - a SafeLoader that refuses double keys
    except yaml.YAMLError as error:
        raise _broken(path, " ".join(str(error).split())) from error
    if not isinstance(fields, dict) or not isinstance(fields.get("schema"), int):
        raise _broken(path, "it names no schema; it may have been cut short")
    if fields["schema"] != SCHEMA:
        raise BadInput(
            f"{path} has schema {fields['schema']}, this program reads {SCHEMA}",
            "a newer mnist-repro wrote it" if fields["schema"] > SCHEMA else "no version wrote such a file",
            "pip install --upgrade mnist-repro",
        )
    return fields


def _strict_loader() -> Any:
    """PyYAML's safe loader, but a key that comes twice is an error instead of a lost value."""
    import yaml

    class StrictLoader(yaml.SafeLoader):
        """Refuses double keys."""

    def mapping(loader: Any, node: Any) -> Dict[Any, Any]:
        keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
        doubled = next((key for at, key in enumerate(keys) if key in keys[:at]), None)
        if doubled is not None:
            raise yaml.constructor.ConstructorError(None, None, f"{doubled!r} comes twice", node.start_mark)
        return dict(loader.construct_pairs(node, deep=True))

    StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    return StrictLoader


def _broken(path: Path, told: str) -> BadInput:
    return BadInput(
        f"{path} cannot be used as a baseline: {told}",
        "a baseline is written by `mnist-repro baseline accept` and not by hand",
        f"git checkout -- {path} brings the committed one back",
    )


def _sample_entry(fields: Mapping[str, Any]) -> SampleEntry:
    metrics = tuple(
        Metric(str(name), value["direction"], _number(value["margin"]), str(value["reason"]))
        for name, value in fields["metrics"].items()
    )
    samples = {
        _seed(seed): {str(name): _number(value) for name, value in values.items()}
        for seed, values in fields["samples"].items()
    }
    names = {metric.name for metric in metrics}
    for seed, values in samples.items():
        if set(values) != names:
            odd = ", ".join(sorted(set(values) ^ names))
            raise ValueError(f"samples of seed {seed} and the metrics differ in {odd}")
    return SampleEntry(
        dataset=str(fields["dataset"]),
        arithmetic=str(fields["arithmetic"]),
        paired=_truth(fields["paired"]),
        metrics=metrics,
        samples=samples,
        provenance=dict(fields["provenance"]),
        history=_history(fields["history"]),
    )


def _fingerprint_entry(fields: Mapping[str, Any]) -> FingerprintEntry:
    exact = {str(name): value for name, value in fields["exact"].items()}
    if not all(type(value) is int for value in exact.values()):
        raise ValueError("a count or checksum is not a whole number")
    return FingerprintEntry(
        dataset=str(fields["dataset"]),
        arithmetic=str(fields["arithmetic"]),
        platform=str(fields["platform"]),
        exact=exact,
        losses={str(name): _number(value) for name, value in fields["losses"].items()},
        tolerance=_number(fields["tolerance"]),
        reason=str(fields["reason"]),
        provenance=dict(fields["provenance"]),
        history=_history(fields["history"]),
    )


def _history(changes: List[Mapping[str, Any]]) -> tuple[Change, ...]:
    return tuple(Change(str(each["date"]), str(each["reason"]), dict(each["replaced"])) for each in changes)


def _entry_fields(entry: Entry) -> Dict[str, Any]:
    fields = asdict(entry)
    if isinstance(entry, SampleEntry):
        fields["metrics"] = {
            metric.name: {"direction": metric.direction, "margin": metric.margin, "reason": metric.reason}
            for metric in entry.metrics
        }
    return fields


def _plain(value: Any) -> Any:
    """Only what YAML's safe dumper knows, numbers as they are."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _seed(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not a seed")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"paired is {value!r}, not true or false")
    return value
