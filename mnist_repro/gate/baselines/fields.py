"""Builds the entries of a baseline from parsed YAML: all fields are required, and others are refused. Pure."""

from __future__ import annotations

import math
import re
import sys
from typing import Any, Collection, Dict, Mapping, Sequence, Tuple

from mnist_repro.gate.baselines.values import (
    BaselineEntry,
    CasesEntry,
    Change,
    FingerprintEntry,
    SampleEntry,
)
from mnist_repro.gate.comparison import CASES, FINGERPRINT
from mnist_repro.gate.measured_values import Exact
from mnist_repro.gate.verdicts import Metric

# Relative limit where only rounding may differ: 500 times the largest effect of rounding on a loss ever seen.
MOST_ROUNDING = 1e-3
_EXPONENT = re.compile(r"[-+]?[0-9.]+[eE][-+]?[0-9]+")
_OF_EVERY_ENTRY = ("conditions", "provenance", "history")
_OF_SAMPLES = (*_OF_EVERY_ENTRY, "paired", "metrics", "samples")
_OF_REPLACED = (
    "metrics", "columns", "samples", "paired", "cases", "exact", "close", "tolerance", "tolerances",
    "commit", "platform",
)  # fmt: skip
_OF_CASES = (*_OF_EVERY_ENTRY, "metrics", "cases")
_OF_FINGERPRINTS = (*_OF_EVERY_ENTRY, "platform", "exact", "close", "tolerance", "reason")


def read_entry(kind: str, fields: Any) -> BaselineEntry:
    """Build one entry of a file of this kind.

    Raises:
        ValueError: the fields are not an entry; the message names the entry, the field and the reason.
    """
    try:
        fields = _mapping(fields, "an entry")
        if kind == FINGERPRINT:
            return _fingerprint_entry(fields)
        return _cases_entry(fields) if kind == CASES else _sample_entry(fields)
    except ValueError as error:
        fields = fields if isinstance(fields, dict) else {}
        conditions = fields.get("conditions")
        named = [*(conditions.values() if isinstance(conditions, dict) else ()), fields.get("platform", "")]
        title = " / ".join(map(str, filter(None, named))) or "without conditions"
        raise ValueError(f"entry {title}: {error}") from error


def _sample_entry(fields: Mapping[str, Any]) -> SampleEntry:
    require_exactly(_OF_SAMPLES, fields, "the entry")
    metrics = _metrics(fields)
    samples = {
        _seed(seed): _numbers(values, f"samples of seed {seed}")
        for seed, values in _mapping(fields["samples"], "samples").items()
    }
    _require_all(metrics, {f"samples of seed {seed}": values for seed, values in samples.items()}, "samples")
    if not isinstance(fields["paired"], bool):
        raise ValueError(f"paired is {fields['paired']!r}, not true or false")
    return SampleEntry(
        **_common(fields),
        paired=fields["paired"],
        metrics=metrics,
        samples=samples,
    )


def _metrics(fields: Mapping[str, Any]) -> Tuple[Metric, ...]:
    return tuple(_metric(str(name), value) for name, value in _mapping(fields["metrics"], "metrics").items())


def _require_all(metrics: Sequence[Metric], rows: Mapping[str, Mapping[str, Any]], what: str) -> None:
    """Make sure that there are rows, and that each has every metric and no other."""
    if not rows or not metrics:
        raise ValueError(f"it has no {what}")
    names = {metric.name for metric in metrics}
    for row, values in rows.items():
        if set(values) != names:
            raise ValueError(f"{row} and the metrics differ in {', '.join(sorted(set(values) ^ names))}")


def _cases_entry(fields: Mapping[str, Any]) -> CasesEntry:
    require_exactly(_OF_CASES, fields, "the entry")
    cases = {str(case): _case(values, f"case {case}") for case, values in _mapping(fields["cases"], "cases").items()}
    metrics = _metrics(fields)
    _require_all(metrics, {f"case {case}": values for case, values in cases.items()}, "cases")
    return CasesEntry(**_common(fields), metrics=metrics, cases=cases)


def _case(values: Any, what: str) -> Dict[str, Tuple[float, ...]]:
    made = {}
    for name, repeats in _mapping(values, what).items():
        if not isinstance(repeats, list) or not repeats:
            raise ValueError(f"{what}: {name} is {repeats!r}, not a list of numbers")
        made[str(name)] = tuple(_number(value, f"{what}: {name}") for value in repeats)
    return made


def _fingerprint_entry(fields: Mapping[str, Any]) -> FingerprintEntry:
    require_exactly((*_OF_FINGERPRINTS, *(["tolerances"] if "tolerances" in fields else [])), fields, "the entry")
    exact = {str(name): _exact(str(name), value) for name, value in _mapping(fields["exact"], "exact").items()}
    return FingerprintEntry(
        **_common(fields),
        platform=str(fields["platform"]),
        exact=exact,
        close=_numbers(fields["close"], "close"),
        tolerance=_number(fields["tolerance"], "tolerance"),
        tolerances=_numbers(fields.get("tolerances", {}), "tolerances"),
        reason=str(fields["reason"]),
    )


def _exact(name: str, value: Any) -> Exact:
    if type(value) is int or isinstance(value, str):
        return value
    raise ValueError(f"{name} is {value!r}, neither a whole number nor a text")


def _common(fields: Mapping[str, Any]) -> Dict[str, Any]:
    conditions = _mapping(fields["conditions"], "conditions")
    odd = next((name for name, value in conditions.items() if not isinstance(value, str)), None)
    if odd is not None:
        raise ValueError(f"condition {odd} is {conditions[odd]!r}, not a text; quoted, it is one")
    return {
        "conditions": {str(name): value for name, value in conditions.items()},
        "provenance": _plain(_mapping(fields["provenance"], "provenance"), "provenance"),
        "history": _history(fields["history"]),
    }


def _metric(name: str, fields: Any) -> Metric:
    what = f"metric {name}"
    require_exactly(("direction", "claim", "margin", "reason"), _mapping(fields, what), what)
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
