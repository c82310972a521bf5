"""The catalogue: the page's words in English and Japanese, by name, and the sentences of the gate and about drift.

Sentences are translated by their templates; other ones stay English.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

from mnist_repro.gate.sentence import Count, Part, Sentence

Both = Tuple[str, str]

_CATALOGUE: Dict[str, Dict[str, Any]] = json.loads(
    Path(__file__).with_name("templates").joinpath("words.json").read_text(encoding="utf-8")
)


def _part(name: str) -> Mapping[str, Both]:
    return {key: (english, japanese) for key, (english, japanese) in _CATALOGUE[name].items()}


PAGE = _part("page")
VERDICTS = _part("verdicts")
# Words that occur in the document.
TERMS = _part("terms")
# Words in and below figures.
FIGURES = _part("figures")
# By the templates of `mnist_repro.gate.sentence`.
SENTENCES: Mapping[str, str] = _CATALOGUE["sentences"]
# Texts that baselines store, by a template of our own.
STORED: Mapping[str, str] = _CATALOGUE["stored"]

_PLACE = re.compile(r"{(\w+)}")
# No name that a baseline stores is longer. The time of the search grows faster than the length.
_LONGEST = 200
_METRIC = re.compile(r"(test_loss|test_accuracy|training_loss) after ([\d,]+) (epoch|step)s?(?:, figure (\d+))?")


def metric(name: str) -> Both:
    """A metric's name, such as ``test_loss after 20 epochs``, in words."""
    known = _METRIC.fullmatch(name)
    if not known:
        return TERMS.get(name, (name, name))
    what, count, unit, further = known.groups()
    english, japanese = FIGURES[what]
    also = f"（{further} 番目の公表値）" if further else ""
    return (f"{english} after{name.partition(' after')[2]}", f"{count} {FIGURES[f'{unit}s'][1]}後の{japanese}{also}")


def filled(key: str, values: Mapping[str, object]) -> Both:
    """An entry of `PAGE` with values in the places of their names; of a pair, each language gets its own value."""
    english, japanese = PAGE[key]
    by_language: Tuple[Dict[str, object], Dict[str, object]] = ({}, {})
    for name, value in values.items():
        for place, language in enumerate(by_language):
            own = value[place] if isinstance(value, tuple) else value
            language[name] = Count(own) if isinstance(own, int) else own
    return (english.format(**by_language[0]), japanese.format(**by_language[1]))


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
