"""What the gate says in sentences, in Japanese as well: those that it has templates for; others stay as they are."""

from __future__ import annotations

import json
import re
from functools import lru_cache, partial
from pathlib import Path
from typing import List, Mapping, Match, Optional, Pattern, Tuple

from mnist_repro.report.words import TERMS, Both

_FILE = Path(__file__).with_name("templates") / "sentences.json"
_PLACE = re.compile(r"{(\w+)}")
_SEEDS = re.compile(r"seeds? ([\d, ]+?)(?: to (\d+))?")
_INSTEAD = re.compile(r"(\S+) instead of (\S+) after (\d+) (epoch|step)s?")
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
        if found:
            return _PLACE.sub(partial(_value, found.groupdict()), japanese)
    return None


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
        "".join(f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)), re.DOTALL
    )


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
