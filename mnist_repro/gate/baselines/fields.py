"""Builds the entries of a baseline from parsed YAML: all fields are required, and others are refused. Pure."""

from __future__ import annotations

import dataclasses
import math
import re
import sys
from typing import Any, Callable, Collection, Dict, Iterable, Mapping, Sequence, Tuple, Type

from mnist_repro.gate.baselines.values import (
    BaselineEntry,
    CasesEntry,
    Change,
    FingerprintEntry,
    SampleEntry,
)
from mnist_repro.gate.comparison import CASES, FINGERPRINT, SAMPLES
from mnist_repro.gate.measured_values import Exact
from mnist_repro.gate.verdicts import Metric

# Relative limit where only rounding may differ: 500 times the largest effect of rounding on a loss ever seen.
MOST_ROUNDING = 1e-3
_EXPONENT = re.compile(r"[-+]?[0-9.]+[eE][-+]?[0-9]+")
METRIC_FIELDS = ("direction", "claim", "margin", "reason")
_OF_REPLACED = (
    "metrics", "columns", "samples", "paired", "cases", "exact", "close", "tolerance", "tolerances",
    "commit", "platform",
)  # fmt: skip
_ENTRIES: Mapping[str, Type[BaselineEntry]] = {
    SAMPLES: SampleEntry,
    FINGERPRINT: FingerprintEntry,
    CASES: CasesEntry,
}


def read_entry(kind: str, fields: Any) -> BaselineEntry:
    """Build one entry of a file of this kind: ``samples``, ``fingerprint`` or ``cases``.

    Raises:
        ValueError: the fields are not an entry; the message names the entry, the field and the reason.
    """
    try:
        return _entry(_ENTRIES[kind], _mapping(fields, "an entry"))
    except ValueError as error:
        fields = fields if isinstance(fields, dict) else {}
        conditions = fields.get("conditions")
        named = [*(conditions.values() if isinstance(conditions, dict) else ()), fields.get("platform", "")]
        title = " / ".join(map(str, filter(None, named))) or "without conditions"
        raise ValueError(f"entry {title}: {error}") from error


def _entry(of: Type[BaselineEntry], fields: Mapping[str, Any]) -> BaselineEntry:
    # Fingerprints without tolerances of single values do not have the field.
    names = [each.name for each in dataclasses.fields(of) if each.name != "tolerances" or "tolerances" in fields]
    require_exactly(names, fields, "the entry")
    entry = of(**{name: _READERS[name](fields[name]) for name in names})
    if isinstance(entry, SampleEntry):
        rows = {f"samples of seed {seed}": values for seed, values in entry.samples.items()}
        _require_all(entry.metrics, rows, "samples")
    elif isinstance(entry, CasesEntry):
        _require_all(entry.metrics, {f"case {case}": values for case, values in entry.cases.items()}, "cases")
    return entry


def _require_all(metrics: Sequence[Metric], rows: Mapping[str, Mapping[str, Any]], what: str) -> None:
    """Make sure that there are rows, and that each has every metric and no other."""
    if not rows or not metrics:
        raise ValueError(f"it has no {what}")
    names = {metric.name for metric in metrics}
    for row, values in rows.items():
        if set(values) != names:
            raise ValueError(f"{row} and the metrics differ in {', '.join(sorted(set(values) ^ names))}")


def _case(values: Any, what: str) -> Dict[str, Tuple[float, ...]]:
    made = {}
    for name, repeats in _mapping(values, what).items():
        if not isinstance(repeats, list) or not repeats:
            raise ValueError(f"{what}: {name} is {repeats!r}, not a list of numbers")
        made[str(name)] = tuple(_number(value, f"{what}: {name}") for value in repeats)
    return made


def _paired(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"paired is {value!r}, not true or false")
    return value


def _exact(name: str, value: Any) -> Exact:
    if type(value) is int or isinstance(value, str):
        return value
    raise ValueError(f"{name} is {value!r}, neither a whole number nor a text")


def _conditions(value: Any) -> Dict[str, str]:
    conditions = _mapping(value, "conditions")
    odd = next((name for name, each in conditions.items() if not isinstance(each, str)), None)
    if odd is not None:
        raise ValueError(f"condition {odd} is {conditions[odd]!r}, not a text; quoted, it is one")
    return {str(name): each for name, each in conditions.items()}


def _metric(name: str, fields: Any) -> Metric:
    what = f"metric {name}"
    require_exactly(METRIC_FIELDS, _mapping(fields, what), what)
    margin = _number(fields["margin"], f"margin of {name}")
    return Metric(name, fields["direction"], margin, str(fields["reason"]), fields["claim"])


def _replaced(fields: Dict[Any, Any]) -> Dict[Any, Any]:
    """Refuse fields that `values.replaced_values` does not write."""
    extra = [str(name) for name in fields if name not in _OF_REPLACED]
    if extra:
        raise ValueError(f"replaced has {', '.join(extra)}, which means nothing here")
    _plain(fields, "replaced")
    for name in ("metrics", "samples", "cases", "exact", "close", "tolerances"):
        _mapping(fields.get(name, {}), f"replaced {name}")
    columns = fields.get("columns", [])
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise ValueError(f"replaced columns is {columns!r}, not a list of names")
    for seed, row in fields.get("samples", {}).items():
        if not isinstance(row, list) or len(row) != len(columns):
            raise ValueError(f"replaced samples of seed {_seed(seed)} is {row!r}, not a value for each column")
    return fields


def _plain(value: Any, what: str) -> Any:
    """Refuse values that JSON does not have, such as dates."""
    if isinstance(value, (dict, list)):
        for item in (*value, *value.values()) if isinstance(value, dict) else value:
            _plain(item, what)
    elif isinstance(value, (int, float)):
        _number(float(value) if isinstance(value, bool) else value, f"a value of {what}")
    elif value is not None and not isinstance(value, str):
        raise ValueError(f"{what} has {value!r}, which is neither a text nor a number; quoted, it is a text")
    return value


def _history(changes: Any) -> Tuple[Change, ...]:
    if not isinstance(changes, list):
        raise ValueError("history is not a list")
    for change in changes:
        require_exactly(("date", "reason", "replaced"), _mapping(change, "a change"), "a change of the history")
    return tuple(
        Change(str(each["date"]), str(each["reason"]), _replaced(_mapping(each["replaced"], "replaced")))
        for each in changes
    )


def require_rounding(name: str, allowed: float, most: float) -> None:
    """Refuse a tolerance that would let more pass than rounding.

    Raises:
        ValueError: it is not from 0 to ``most``.
    """
    if not 0.0 <= allowed <= most:
        raise ValueError(f"{name} is {allowed}, where rounding alone may differ: from 0 to {most:.3g}")


def require_exactly(names: Collection[str], fields: Mapping[str, Any], what: str) -> None:
    """Refuse a mapping with other names: a missing field loses a value, and an extra field is probably misspelt.

    Raises:
        ValueError: the names differ; the message lists the differences.
    """
    missing = [name for name in names if name not in fields]
    if missing:
        raise ValueError(f"{what} has no {', '.join(missing)}")
    extra = [str(name) for name in fields if name not in names]
    if extra:
        raise ValueError(f"{what} has {', '.join(extra)}, which means nothing here")


def _mapping(value: Any, what: str) -> Dict[Any, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is {value!r}, not a mapping")
    return value


def _numbers(values: Any, what: str) -> Dict[str, float]:
    return {str(name): _number(value, f"{what}: {name}") for name, value in _mapping(values, what).items()}


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        # YAML reads 1e-06 as a text: its numbers need a decimal point.
        hint = "; with an exponent YAML wants a point, as in 1.0e-06" if _EXPONENT.fullmatch(str(value)) else ""
        raise ValueError(f"{what} is {value!r}, not a number{hint}")
    # An integer of 400 digits does not fit into a float.
    if abs(value) > sys.float_info.max or math.isnan(value):
        raise ValueError(f"{what} is {value}, which nothing can be compared with")
    return float(value)


def _seed(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not a seed")
    return value


def _items(value: Any, what: str) -> Iterable[Tuple[Any, Any]]:
    return _mapping(value, what).items()


# How each field of an entry is read.
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "conditions": _conditions,
    "platform": str,
    "paired": _paired,
    "metrics": lambda value: tuple(_metric(str(name), each) for name, each in _items(value, "metrics")),
    "samples": lambda value: {
        _seed(seed): _numbers(row, f"samples of seed {seed}") for seed, row in _items(value, "samples")
    },
    "cases": lambda value: {str(case): _case(each, f"case {case}") for case, each in _items(value, "cases")},
    "exact": lambda value: {str(name): _exact(str(name), each) for name, each in _items(value, "exact")},
    "close": lambda value: _numbers(value, "close"),
    "tolerance": lambda value: _number(value, "tolerance"),
    "tolerances": lambda value: _numbers(value, "tolerances"),
    "reason": str,
    "provenance": lambda value: _plain(_mapping(value, "provenance"), "provenance"),
    "history": _history,
}
