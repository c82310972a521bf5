"""Sentences of the gate and about drift in both languages, by their templates; other sentences stay English."""

from __future__ import annotations

import re
from typing import Any, List, Optional

from mnist_repro.gate.sentence import Count, Part, Sentence
from mnist_repro.report.page.words import SENTENCES, STORED, TERMS, Both

_PLACE = re.compile(r"{(\w+)}")
# No name that a baseline stores is longer. The time of the search grows faster than the length.
_LONGEST = 200


def sentence(english: str) -> Both:
    """A sentence in both languages; both texts are English if there is no translation."""
    parts = english.parts if isinstance(english, Sentence) and english.parts else [(english, {})]
    japanese = [_japanese(part) for part in parts]
    translated = [text for text in japanese if text]
    if len(translated) < len(parts):
        return (english, _stored(english) or english)
    terms = all(template in TERMS for template, _ in parts)
    return (english, ("、" if terms else "。").join(translated))


def _japanese(part: Part) -> Optional[str]:
    template, values = part
    if template in TERMS:
        return TERMS[template][1]
    japanese = SENTENCES.get(template)
    try:
        return japanese and japanese.format(**{name: _value(value) for name, value in values.items()})
    except (KeyError, ValueError, TypeError, IndexError, AttributeError):
        # A gate report may have been written by another version, or by somebody.
        return None


def _value(value: Any) -> Any:
    """A value in a Japanese sentence: lists are of seeds, or of terms."""
    if isinstance(value, dict):
        return "シード {first} から {last}".format(**value)
    if isinstance(value, list):
        if all(isinstance(each, int) for each in value):
            return f"シード {'、'.join(map(str, value))}"
        # Two changes at once are one text.
        return "、".join("と".join(TERMS[one][1] for one in each.split(", ")) for each in value)
    return Count(value) if isinstance(value, int) else value


def _stored(english: str) -> Optional[str]:
    """A text from a baseline, which stores no template: the name of a row of a fingerprint, or why a margin is so."""
    for template, japanese in STORED.items() if len(english) <= _LONGEST else ():
        words: List[str] = _PLACE.split(template)
        # `split` gives the name of a value at every odd index.
        pattern = "".join(f"(?P<{word}>.+?)" if at % 2 else re.escape(word) for at, word in enumerate(words))
        match = re.fullmatch(pattern, english)
        if match:
            return japanese.format(**match.groupdict())
    return None
