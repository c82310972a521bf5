"""The catalogue: the page's words in English and Japanese, by name, and sentences in Japanese, by their template."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, Mapping, Tuple

from mnist_repro.gate.sentence import Count

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
