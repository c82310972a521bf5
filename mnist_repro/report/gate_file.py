"""Reads `gate.json`, the report of a pytest session, and checks every field that the page uses."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, TypeVar

from mnist_repro.errors import BadInput
from mnist_repro.files.json import read_json
from mnist_repro.gate import comparison as checked
from mnist_repro.gate.comparison import Comparison
from mnist_repro.gate.report import JSON, SCHEMA, Report, as_json
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.report.values import Gate, GateComparison, GateRecipe

T = TypeVar("T")

# The folder into which the how-to writes it.
FOLDER = Path("gate")


def find(places: Sequence[Path]) -> Optional[Path]:
    """The gate report beside the runs or in the folder `gate`, or None."""
    beside = [place / JSON for place in places if place.is_dir()]
    return next((file for file in (*beside, FOLDER / JSON) if file.is_file()), None)


def read(place: Path) -> Gate:
    """Read a gate report from its file or folder; raises as `read_as` does."""
    return read_as(place / JSON if place.is_dir() else place, _gate)


def read_as(file: Path, parse: Callable[[str, Mapping[str, Any]], T], fix: str = "") -> T:
    """Read a gate report, and return what ``parse`` makes of it.

    Args:
        file: the gate report.
        parse: takes the file's name and the fields of its JSON object.
        fix: what to do if it cannot be read.

    Raises:
        BadInput: the file is missing, truncated, of a newer schema, or lacks a field.
    """
    make = fix or f"pytest --gate-report={shlex.quote(str(file.parent))}"
    fields = read_json(file, SCHEMA, "gate report", make)
    try:
        return parse(str(file), fields)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        raise BadInput(
            f"{file} is not a whole gate report",
            f"one of schema {SCHEMA} has every field of docs/reference/gate-json.md: {type(error).__name__}: {error}",
            make,
        ) from error


def of_session(report: Report) -> Gate:
    """The facts of a session that has just ended, as in its gate report, also if none is written."""
    return _gate("pytest", json.loads(as_json(report)))


def _gate(file: str, fields: Mapping[str, Any]) -> Gate:
    session = fields["session"]
    return Gate(
        file=file,
        passes=bool(fields["passes"]),
        complete=bool(fields["complete"]),
        verdict=_verdict(fields["verdict"]),
        session={
            **{name: str(session["settings"].get(name, "")) for name in ("scale", "seeds", "arithmetic")},
            **{name: str(session[name]) for name in ("started", "finished")},
        },
        exit_code=None if session["exit_code"] is None else int(session["exit_code"]),
        versions={str(name): str(value) for name, value in session["versions"].items()},
        recipes={str(name): _recipe(recipe) for name, recipe in fields["subjects"].items()},
        not_judged=[str(name) for name in fields["not_judged"]],
        other_failures=[str(name) for name in fields["other_failures"]],
    )


def _recipe(fields: Mapping[str, Any]) -> GateRecipe:
    comparisons = [_comparison(each) for each in fields["comparisons"]]
    return GateRecipe(_verdict(fields["verdict"]), bool(fields["passes"]), comparisons)


def _comparison(fields: Mapping[str, Any]) -> GateComparison:
    comparison = checked.from_fields(fields)
    # Fails if the fields are not those of a comparison.
    checked.as_fields(comparison)
    _require_texts(comparison)
    recipe, _, rung = comparison.name.rpartition("/")
    return GateComparison(
        test=str(fields["test"]),
        outcome=str(fields["outcome"]),
        reason=str(fields["reason"]),
        passes=bool(fields["passes"]),
        recipe=recipe or rung,
        rung=rung,
        dataset=str(comparison.conditions.get("dataset", "")),
        arithmetic=str(comparison.conditions.get("arithmetic", "")),
        verdict=None if fields["verdict"] is None else _verdict(fields["verdict"]),
        findings=comparison.judgement.findings,
        notes=comparison.judgement.notes,
        samples=comparison.samples,
        # Leave nested values out: our provenance has none, and deep nesting could not be written as JSON.
        provenance={name: value for name, value in comparison.provenance.items() if _flat(value)},
    )


def _flat(value: Any) -> bool:
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return not any(isinstance(item, (dict, list)) for item in items)


def _verdict(word: Any) -> str:
    try:
        return Verdict(word).value
    except ValueError as error:
        raise ValueError(f"{word!r} is no verdict") from error


_TEXTS_OF_FINDING = ("name", "reason", "stored", "measured", "known")


def _require_texts(comparison: Comparison) -> None:
    """Refuse a comparison in which a value that must be a text is not one."""
    texts: Dict[str, Any] = {"name": comparison.name, "kind": comparison.kind}
    for place, finding in enumerate(comparison.judgement.findings):
        texts.update({f"{name} of finding {place}": getattr(finding, name) for name in _TEXTS_OF_FINDING})
    texts.update({f"note {place}": note for place, note in enumerate(comparison.judgement.notes)})
    for name, value in texts.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} is no text")
