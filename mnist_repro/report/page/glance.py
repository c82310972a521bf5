"""From the document to the rows of the first table, and to the table of drift. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from mnist_repro.gate.platform import platform_text
from mnist_repro.gate.verdicts import Verdict, worst
from mnist_repro.recipes import RECIPES
from mnist_repro.report.page.numbers import number, numbers, settled

# A sentence of the page: its name among the words, and what goes into it.
Sentence = Tuple[str, Dict[str, Any]]
MOST_PLATFORMS = 8


def glance(document: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """A block for each group of runs, then one for each recipe that only the gate's session was about."""
    judged = {group["id"]: judged_in_session(document, group) for group in document["groups"]}
    blocks = [_block(group, judged[group["id"]]) for group in document["groups"]]
    for name, recipe in (document["gate"] or {}).get("recipes", {}).items():
        mine = [judged[group["id"]] for group in document["groups"] if group["recipe"] == name]
        shown = [each for told in mine if told for each in told["comparisons"]]
        left = [each for each in recipe["comparisons"] if each not in shown]
        if left or not any(mine):
            blocks.append(_gate_block(name, _of_these(recipe, left)))
    return blocks


def tally(document: Mapping[str, Any]) -> List[Tuple[str, List[Tuple[str, int]]]]:
    """How often each verdict was given against baselines and against what was published: the page in one line."""
    told = []
    for key, field in (("against_baseline", "verdict"), ("against_published", "published_verdict")):
        counted = Counter(str(group[field]) for group in document["groups"])
        if counted:
            told.append((key, counted.most_common()))
    return told


def facts(group: Mapping[str, Any]) -> Dict[str, Tuple[str, str]]:
    """What a group's runs have in common: the name of a sentence of the page, and what goes into it."""
    return {
        "scale": ("scale_of", str(group["scale"])),
        "arithmetic": ("arithmetic_of", str(group["arithmetic"])),
        "data": ("data_of", str(group["dataset"]["name"])),
        "platform": ("platform_of", str(group["platform"])),
        "seeds": ("seed_one" if len(group["runs"]) == 1 else "seeds_count", str(len(group["runs"]))),
    }


def shared_facts(groups: Sequence[Mapping[str, Any]]) -> Dict[str, Tuple[str, str]]:
    """Those that are the same of all groups, and need not be said of each."""
    told = [facts(group) for group in groups]
    return {name: fact for name, fact in told[0].items() if all(each[name] == fact for each in told)} if told else {}


def in_order(history: Sequence[Mapping[str, Any]]) -> List[Tuple[str, List[Mapping[str, Any]]]]:
    """The entries of each recipe's baselines, recipes in the order of the page."""
    names = sorted({str(entry["recipe"]) for entry in history}, key=lambda name: ([*RECIPES, name].index(name), name))
    return [(name, [entry for entry in history if entry["recipe"] == name]) for name in names]


def judged_in_session(document: Mapping[str, Any], group: Mapping[str, Any]) -> Optional[Mapping[str, Any]]:
    """What the gate's session says of a group's recipe, if it was about the same data and arithmetic.

    A fingerprint speaks for the platform that it was taken on, and for no other.
    """
    recipe: Optional[Mapping[str, Any]] = (document["gate"] or {}).get("recipes", {}).get(group["recipe"])
    if recipe is None or document["gate"]["session"]["arithmetic"] != group["arithmetic"]:
        return None
    # The published figures are judged by stored samples, whatever the session ran on.
    data = {each["dataset"] for each in recipe["comparisons"] if each["rung"] != "published"}
    mine = [each for each in recipe["comparisons"] if _taken_on(each) in (None, group["platform"])]
    return _of_these(recipe, mine) if mine and data <= {"", group["dataset"]["name"]} else None


def _taken_on(comparison: Mapping[str, Any]) -> Optional[str]:
    """The platform that a comparison speaks for; None if for every one, or if nothing was taken."""
    provenance = comparison["provenance"]
    if comparison["rung"] != "fingerprint" or not provenance:
        return None
    return platform_text(provenance)


def _of_these(recipe: Mapping[str, Any], comparisons: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """What a session says of a recipe if these of its comparisons alone are looked at."""
    if len(comparisons) == len(recipe["comparisons"]):
        return recipe
    verdicts = [Verdict(each["verdict"]) for each in comparisons if each["verdict"] is not None]
    passes = bool(verdicts) and all(each["passes"] for each in comparisons)
    return {"verdict": worst(verdicts).value, "passes": passes, "comparisons": comparisons}


def distinctions(groups: Sequence[Mapping[str, Any]]) -> Dict[str, List[str]]:
    """By a group's id: the words that tell it from other groups of its recipe."""
    told: Dict[str, List[str]] = {}
    for group in groups:
        others = [other for other in groups if other["recipe"] == group["recipe"]]
        told[group["id"]] = [
            value(group)
            for value in (_scale, _arithmetic, _dataset, _platform)
            if len({value(other) for other in others}) > 1
        ]
    return told


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
        # What was trained on convinces nobody; its row is among the recipe's own.
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
    told = {"margin": f"{number(margin):.2g}"}
    if group["paired"]:
        return ("certain_paired", told)
    if finding["interval"]:
        low, high = (f"{number(end):+.2g}" for end in finding["interval"])
        return ("certain_interval", {**told, "low": low, "high": high})
    same = all(metric["stored"].get(seed) == value for seed, value in metric["measured"].items())
    return ("certain_same" if same else "certain_margin", told)


def published_interval(group: Mapping[str, Any], metric: str) -> Optional[Dict[str, str]]:
    """Where one more run of a group would land in a metric for which something was published."""
    for each in group["published"]:
        after = f"{each['after']:,} {group['unit']}"
        if each["interval"] and metric.startswith(f"{each['metric']} after {after}"):
            return {"low": settled(number(each["interval"][0])), "high": settled(number(each["interval"][1]))}
    return None


def _gate_block(name: str, recipe: Mapping[str, Any]) -> Dict[str, Any]:
    """What a session that left no runs here says: each finding as it was told."""
    # The published figures last, as on the gate's ladder.
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
    """Whether there is a difference, from what is stored or was published, that asks for a cause."""
    return group["published_verdict"] == "not reproduced" or group["verdict"] in ("regressed", "improved")
