"""The rows of the page's first table and of the table of drift, made from the document. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from mnist_repro.gate.platform import platform_text
from mnist_repro.gate.verdicts import Verdict, worst
from mnist_repro.recipes import RECIPES
from mnist_repro.report.page.numbers import number, numbers, settled

# A sentence of the page: the name of its words, and the values for them.
Sentence = Tuple[str, Dict[str, Any]]
MOST_PLATFORMS = 8


def glance(document: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """A block of rows for each group of runs, then for each recipe that only the gate report has."""
    judged = {group["id"]: judged_in_session(document, group) for group in document["groups"]}
    blocks = [_block(group, judged[group["id"]]) for group in document["groups"]]
    for name, recipe in (document["gate"] or {}).get("recipes", {}).items():
        reports = [judged[group["id"]] for group in document["groups"] if group["recipe"] == name]
        shown = [each for report in reports if report for each in report["comparisons"]]
        others = [each for each in recipe["comparisons"] if each not in shown]
        if others or not any(reports):
            blocks.append(_gate_block(name, _of_these(recipe, others)))
    return blocks


def tally(document: Mapping[str, Any]) -> List[Tuple[str, List[Tuple[str, int]]]]:
    """The number of each verdict against baselines and against published figures: the page in one line."""
    counts: List[Tuple[str, List[Tuple[str, int]]]] = []
    for key, field in (("against_baseline", "verdict"), ("against_published", "published_verdict")):
        counted = Counter(str(group[field]) for group in document["groups"])
        if counted:
            counts.append((key, counted.most_common()))
    return counts


def facts(group: Mapping[str, Any]) -> Dict[str, Tuple[str, str]]:
    """The common facts of a group's runs, each as the name of a sentence of the page and its value."""
    return {
        "scale": ("scale_of", str(group["scale"])),
        "arithmetic": ("arithmetic_of", str(group["arithmetic"])),
        "data": ("data_of", str(group["dataset"]["name"])),
        "platform": ("platform_of", str(group["platform"])),
        "seeds": ("seed_one" if len(group["runs"]) == 1 else "seeds_count", str(len(group["runs"]))),
    }


def shared_facts(groups: Sequence[Mapping[str, Any]]) -> Dict[str, Tuple[str, str]]:
    """The facts that are equal for all groups, so that the page shows them once."""
    by_group = [facts(group) for group in groups]
    first = by_group[0] if by_group else {}
    return {name: fact for name, fact in first.items() if all(each[name] == fact for each in by_group)}


def in_order(history: Sequence[Mapping[str, Any]]) -> List[Tuple[str, List[Mapping[str, Any]]]]:
    """The history entries of each recipe, with recipes in the order of the page."""
    names = sorted({str(entry["recipe"]) for entry in history}, key=lambda name: ([*RECIPES, name].index(name), name))
    return [(name, [entry for entry in history if entry["recipe"] == name]) for name in names]


def judged_in_session(document: Mapping[str, Any], group: Mapping[str, Any]) -> Optional[Mapping[str, Any]]:
    """The gate report on a group's recipe, if the session used the same data and arithmetic.

    A fingerprint is valid only for the platform on which it was taken.
    """
    recipe: Optional[Mapping[str, Any]] = (document["gate"] or {}).get("recipes", {}).get(group["recipe"])
    if recipe is None or document["gate"]["session"]["arithmetic"] != group["arithmetic"]:
        return None
    # Stored samples judge the published figures, so the data of the session does not matter for them.
    data = {each["dataset"] for each in recipe["comparisons"] if each["rung"] != "published"}
    comparisons = [each for each in recipe["comparisons"] if _taken_on(each) in (None, group["platform"])]
    return _of_these(recipe, comparisons) if comparisons and data <= {"", group["dataset"]["name"]} else None


def _taken_on(comparison: Mapping[str, Any]) -> Optional[str]:
    """The platform for which a comparison is valid; None if it is valid for all, or if nothing was measured."""
    provenance = comparison["provenance"]
    if comparison["rung"] != "fingerprint" or not provenance:
        return None
    return platform_text(provenance)


def _of_these(recipe: Mapping[str, Any], comparisons: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The gate report on a recipe, limited to these comparisons."""
    if len(comparisons) == len(recipe["comparisons"]):
        return recipe
    verdicts = [Verdict(each["verdict"]) for each in comparisons if each["verdict"] is not None]
    passes = bool(verdicts) and all(each["passes"] for each in comparisons)
    return {"verdict": worst(verdicts).value, "passes": passes, "comparisons": comparisons}


def distinctions(groups: Sequence[Mapping[str, Any]]) -> Dict[str, List[str]]:
    """By a group's id: the words that distinguish it from other groups of its recipe."""
    words: Dict[str, List[str]] = {}
    for group in groups:
        others = [other for other in groups if other["recipe"] == group["recipe"]]
        words[group["id"]] = [
            value(group)
            for value in (_scale, _arithmetic, _dataset, _platform)
            if len({value(other) for other in others}) > 1
        ]
    return words


def _scale(group: Mapping[str, Any]) -> str:
    return str(group["scale"])


def _arithmetic(group: Mapping[str, Any]) -> str:
    return str(group["arithmetic"])


def _dataset(group: Mapping[str, Any]) -> str:
    return str(group["dataset"]["name"])


def _platform(group: Mapping[str, Any]) -> str:
    return str(group["platform"])


def _block(group: Mapping[str, Any], gate: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    return {
        "recipe": group["recipe"],
        "id": group["id"],
        "group": group,
        "baseline_verdict": group["verdict"],
        "published_verdict": group["published_verdict"],
        "gate": gate,
        # Figures of the training data prove little; their rows are in the recipe's own section.
        "rows": [_row(group, metric) for metric in group["metrics"] if not metric["name"].startswith("training")],
    }


def _row(group: Mapping[str, Any], metric: Mapping[str, Any]) -> Dict[str, Any]:
    return {
        "metric": metric["name"],
        "published": metric["published"],
        "stored": metric["stored"],
        "measured": metric["measured"],
        "verdict": metric["finding"]["verdict"] if metric["finding"] else None,
        "reason": metric["finding"]["reason"] if metric["finding"] else "",
        "sure": _how_sure(group, metric),
    }


def _how_sure(group: Mapping[str, Any], metric: Mapping[str, Any]) -> List[Sentence]:
    sentences = [_sure_of_baseline(group, metric)]
    finding = metric["finding"]
    if finding and finding["seeds_needed"]:
        sentences.append(("certain_needed", {"count": finding["seeds_needed"]}))
    interval = published_interval(group, metric["name"])
    if metric["published"]:
        sentences.append(("certain_published", interval) if interval else ("too_few", {}))
    return sentences


def _sure_of_baseline(group: Mapping[str, Any], metric: Mapping[str, Any]) -> Sentence:
    finding, margin = metric["finding"], metric["margin"]
    if finding is None or margin is None:
        return ("certain_no_baseline", {})
    values = {"margin": f"{number(margin):.2g}"}
    if group["paired"]:
        return ("certain_paired", values)
    if finding["interval"]:
        low, high = (f"{number(end):+.2g}" for end in finding["interval"])
        return ("certain_interval", {**values, "low": low, "high": high})
    same = all(metric["stored"].get(seed) == value for seed, value in metric["measured"].items())
    return ("certain_same" if same else "certain_margin", values)


def published_interval(group: Mapping[str, Any], metric: str) -> Optional[Dict[str, str]]:
    """The prediction interval of a group for a metric with a published figure, or None."""
    for each in group["published"]:
        after = f"{each['after']:,} {group['unit']}"
        if each["interval"] and metric.startswith(f"{each['metric']} after {after}"):
            return {"low": settled(number(each["interval"][0])), "high": settled(number(each["interval"][1]))}
    return None


def _gate_block(name: str, recipe: Mapping[str, Any]) -> Dict[str, Any]:
    """The block of a recipe without runs here: each finding as it is in the gate report."""
    # The published figures come last, as in the order of the rungs.
    comparisons = sorted(recipe["comparisons"], key=lambda each: bool(each["rung"] == "published"))
    published = next((each for each in recipe["comparisons"] if each["rung"] == "published"), None)
    return {
        "recipe": name,
        "id": None,
        "group": None,
        "baseline_verdict": None,
        "published_verdict": published["verdict"] if published else None,
        "gate": recipe,
        "rows": [
            {"finding": finding, "rung": each["rung"], "seeds": len(each["samples"])}
            for each in comparisons
            for finding in each["findings"]
            if not finding["name"].startswith("training")
        ],
    }


def drift_table(groups: Sequence[Mapping[str, Any]]) -> Dict[str, Any]:
    """Recipe by platform: the mean of the last test loss in each cell, with the drift that explains it."""
    platforms = list(dict.fromkeys(group["platform"] for group in groups))
    rows: Dict[Tuple[str, ...], Dict[str, Mapping[str, Any]]] = {}
    for group in groups:
        key = (
            group["recipe"],
            group["scale"],
            group["arithmetic"],
            group["dataset"]["name"],
            group["dataset"]["sha256"],
        )
        rows.setdefault(key, {})[group["platform"]] = group
    return {
        "platforms": platforms[:MOST_PLATFORMS],
        "of": len(platforms),
        "rows": [
            {
                "recipe": key[0],
                "scale": key[1],
                "arithmetic": key[2],
                "data": key[3],
                "cells": [_cell(cells.get(platform)) for platform in platforms[:MOST_PLATFORMS]],
            }
            for key, cells in rows.items()
        ],
    }


def _cell(group: Optional[Mapping[str, Any]]) -> Optional[Dict[str, Any]]:
    if group is None:
        return None
    losses = numbers(run["test_loss"] for run in group["runs"])
    mean = sum(losses) / len(losses) if losses else None
    return {"mean": mean, "seeds": len(group["runs"]), "group": group, "unexplained": unexplained(group)}


def unexplained(group: Mapping[str, Any]) -> bool:
    """Whether a group differs from stored or published values, so that it needs a cause."""
    return group["published_verdict"] == "not reproduced" or group["verdict"] in ("regressed", "improved")
