"""The history of each baseline: every change with its date, its reason, and old and new values."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from mnist_repro.gate.baselines.values import BaselineEntry, FingerprintEntry, SampleEntry
from mnist_repro.recipes import RECIPES
from mnist_repro.report.values import Change, ChangedMean, ChangedValue, HistoryEntry
from mnist_repro.runs import baselines
from mnist_repro.runs.problems import Problems

# The place of a value in an entry, such as ("samples", "0", "test_loss after 3 epochs").
Place = Tuple[str, ...]
State = Dict[Place, Any]
MOST_ROWS = 200


def history(folder: Path, problems: Problems) -> List[HistoryEntry]:
    """The changes of every entry in a folder of baselines; a file that cannot be read goes to ``problems``."""
    entries: List[HistoryEntry] = []
    for recipe in RECIPES:
        for rung in baselines.RUNGS:
            with problems.leaving_out():
                stored = baselines.read(folder, recipe, rung)
                entries += [HistoryEntry(recipe, rung, _key(entry), changes(entry)) for entry in stored.entries]
    return entries


def _key(entry: BaselineEntry) -> Tuple[str, ...]:
    """What tells an entry from the others of its file: its conditions, and the platform of a fingerprint."""
    return (*entry.conditions.values(), *([entry.platform] if isinstance(entry, FingerprintEntry) else []))


def changes(entry: BaselineEntry) -> List[Change]:
    """The changes of an entry, oldest first, each with the values before and after it."""
    state = _state(entry)
    newest_first: List[Change] = []
    for change in reversed(entry.history):
        old = _replaced(change.replaced)
        rows = [ChangedValue(place, value, state.get(place)) for place, value in old.items()]
        newest_first.append(
            Change(
                date=change.date,
                reason=change.reason,
                first=not change.replaced,
                rows=rows[:MOST_ROWS],
                rows_count=len(rows),
                means=_means(old, state),
                commit=str(change.replaced.get("commit", "")),
            )
        )
        state.update(old)
    return newest_first[::-1]


def _state(entry: BaselineEntry) -> State:
    """The current values of an entry by their places."""
    if isinstance(entry, SampleEntry):
        metrics = {metric.name: vars(metric) for metric in entry.metrics}
        return _by_place({"samples": entry.samples, "metrics": metrics, "paired": entry.paired})
    assert isinstance(entry, FingerprintEntry)  # noqa: S101 - recipes have no cases
    return _by_place({"exact": entry.exact, "close": entry.close, "tolerance": entry.tolerance})


def _replaced(replaced: Mapping[str, Any]) -> State:
    """The values that a change replaced, by their places."""
    columns = replaced.get("columns", ())
    samples = {seed: dict(zip(columns, row)) for seed, row in replaced.get("samples", {}).items()}
    kinds = [kind for kind in ("metrics", "exact", "close", "paired", "tolerance") if kind in replaced]
    return _by_place({"samples": samples, **{kind: replaced[kind] for kind in kinds}})


def _by_place(values: Any, place: Place = ()) -> State:
    """The values in nested mappings, by the names that lead to them."""
    if not isinstance(values, Mapping):
        return {place: values}
    state: State = {}
    for name, inner in values.items():
        state.update(_by_place(inner, (*place, str(name))))
    return state


def _means(old: State, new: State) -> List[ChangedMean]:
    """For each metric, the mean of the replaced values and the mean of the new values of the same seeds."""
    names = dict.fromkeys(place[2] for place in old if place[0] == "samples")
    means: List[ChangedMean] = []
    for name in names:
        places = [place for place in old if place[0] == "samples" and place[2] == name]
        before = [old[place] for place in places if isinstance(old[place], (int, float))]
        after = [new[place] for place in places if isinstance(new.get(place), (int, float))]
        means.append(ChangedMean(name, len(places), _mean(before), _mean(after)))
    return means


def _mean(values: Sequence[float]) -> Optional[float]:
    return sum(values) / len(values) if values else None
