"""What the gate says in sentences, and of jobs, in Japanese too: those that there are templates for; others stay."""

from __future__ import annotations

import json
import re
from functools import lru_cache, partial
from pathlib import Path
from typing import Dict, List, Mapping, Match, Optional, Pattern, Tuple

from mnist_repro.report.page.words import TERMS, Both

_FILE = Path(__file__).with_name("templates") / "sentences.json"
_PLACE = re.compile(r"{(\w+)}")
_SEEDS = re.compile(r"seeds? ([\d, ]+?)(?: to (\d+))?")
_INSTEAD = re.compile(r"(\S+) instead of (\S+) after (\d+) (epoch|step)s?")
# A place for what is a sentence itself.
_SENTENCE = "cause"
_UNITS = {"epoch": "エポック", "step": "ステップ"}
# Two changes at once come as one text each: kinds behind commas, causes behind semicolons.
_JOINTS = (("; ", "。"), (", ", "、"))


# Of the gate, none is longer; searching grows faster than a text.
_LONGEST = 600


def sentence(english: str) -> Both:
    """A sentence in both languages; twice the same where nobody has translated it."""
    if len(english) > _LONGEST:
        return (english, english)
    return (english, _japanese(english) or _joined(english) or english)


def _japanese(english: str) -> Optional[str]:
    if english in TERMS:
        return TERMS[english][1]
    for pattern, japanese in _templates():
        found = pattern.fullmatch(english)
        values = _known(found.groupdict()) if found else None
        if values is not None:
            return _PLACE.sub(partial(_value, values), japanese)
    return None


def _known(values: Dict[str, str]) -> Optional[Dict[str, str]]:
    """The values of a sentence; None if one that is a sentence itself is not known."""
    if _SENTENCE not in values:
        return values
    told = _japanese(values[_SENTENCE])
    return None if told is None else {**values, _SENTENCE: told}


def _joined(english: str) -> Optional[str]:
    for joint, theirs in _JOINTS:
        parts = [_japanese(part) for part in english.split(joint)]
        told = [part for part in parts if part is not None]
        if len(told) == len(parts) > 1:
            return theirs.join(told)
    return None


@lru_cache(maxsize=1)
def _templates() -> List[Tuple[Pattern[str], str]]:
    return [(_pattern(each["en"]), each["ja"]) for each in json.loads(_FILE.read_text(encoding="utf-8"))]


def _pattern(english: str) -> Pattern[str]:
    parts = _PLACE.split(english)
    # Every second part is the name of a value.
    return re.compile(
        "".join(_group(part) if place % 2 else re.escape(part) for place, part in enumerate(parts)), re.DOTALL
    )


def _group(name: str) -> str:
    """What a place takes: as little as it can, but a sentence, which may have brackets as what comes after it has."""
    return f"(?P<{name}>.+)" if name == _SENTENCE else f"(?P<{name}>.+?)"


def _value(values: Mapping[str, str], place: Match[str]) -> str:
    """What goes into a place of the Japanese sentence: values are the same in both, but for a few words."""
    name = place.group(1)
    value = values[name]
    seeds = _SEEDS.fullmatch(value)
    if seeds:
        first, last = seeds.groups()
        return f"シード {first.replace(', ', '、')}{f' から {last} ' if last else ' '}"
    if name == "kinds":
        return "、".join(TERMS[kind][1] if kind in TERMS else kind for kind in value.split(" from "))
    if name == "told":
        return _INSTEAD.sub(lambda told: _debiased(*told.groups()), value).replace(", ", "、")
    return value


def _debiased(debiased: str, biased: str, count: str, unit: str) -> str:
    return f"{count} {_UNITS[unit]}後に {debiased}（補正なしでは {biased}）"
