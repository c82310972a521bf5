"""Translates sentences of the gate and about jobs into Japanese with templates; other sentences stay English."""

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
# The name of a value that is a sentence itself.
_SENTENCE = "cause"
_UNITS = {"epoch": "エポック", "step": "ステップ"}
# Separators: two changes at once are one text, with commas between kinds and semicolons between causes.
_JOINTS = (("; ", "。"), (", ", "、"))


# No sentence of the gate is longer. The time of the search grows faster than the length.
_LONGEST = 600


def sentence(english: str) -> Both:
    """A sentence in both languages; both texts are English if there is no translation."""
    if len(english) > _LONGEST:
        return (english, english)
    return (english, _japanese(english) or _joined(english) or english)


def _japanese(english: str) -> Optional[str]:
    if english in TERMS:
        return TERMS[english][1]
    for pattern, japanese in _templates():
        match = pattern.fullmatch(english)
        values = _known(match.groupdict()) if match else None
        if values is not None:
            return _PLACE.sub(partial(_value, values), japanese)
    return None


def _known(values: Dict[str, str]) -> Optional[Dict[str, str]]:
    """The values of a sentence, translated if a value is a sentence itself; None if that has no translation."""
    if _SENTENCE not in values:
        return values
    cause = _japanese(values[_SENTENCE])
    return None if cause is None else {**values, _SENTENCE: cause}


def _joined(english: str) -> Optional[str]:
    for joint, japanese_joint in _JOINTS:
        parts = [_japanese(part) for part in english.split(joint)]
        translated = [part for part in parts if part is not None]
        if len(translated) == len(parts) > 1:
            return japanese_joint.join(translated)
    return None


@lru_cache(maxsize=1)
def _templates() -> List[Tuple[Pattern[str], str]]:
    return [(_pattern(each["en"]), each["ja"]) for each in json.loads(_FILE.read_text(encoding="utf-8"))]


def _pattern(english: str) -> Pattern[str]:
    parts = _PLACE.split(english)
    # `split` gives the name of a value at every odd index.
    return re.compile(
        "".join(_group(part) if place % 2 else re.escape(part) for place, part in enumerate(parts)), re.DOTALL
    )


def _group(name: str) -> str:
    """The regular expression of a value: the shortest match; for a sentence, which may have brackets, the longest."""
    return f"(?P<{name}>.+)" if name == _SENTENCE else f"(?P<{name}>.+?)"


def _value(values: Mapping[str, str], place: Match[str]) -> str:
    """A value in the Japanese sentence: the same as in English, except for a few words."""
    name = place.group(1)
    value = values[name]
    seeds = _SEEDS.fullmatch(value)
    if seeds:
        first, last = seeds.groups()
        return f"シード {first.replace(', ', '、')}{f' から {last} ' if last else ' '}"
    if name == "kinds":
        return "、".join(TERMS[kind][1] if kind in TERMS else kind for kind in value.split(" from "))
    if name == "told":
        return _INSTEAD.sub(
            lambda one: f"{one[3]} {_UNITS[one[4]]}後に {one[1]}（補正なしでは {one[2]}）", value
        ).replace(", ", "、")
    return value
