"""A sentence that keeps its template and values, so that a page can say it in another language. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

from mnist_repro.display import counted, seeds_text

# A template, which is the key of the catalogue of translations, and the values in it: texts, numbers, and lists.
Part = Tuple[str, Mapping[str, Any]]


class Sentence(str):
    """A text in English that knows its parts; everywhere else it is a text like any other."""

    parts: Sequence[Part] = ()


class Count(int):
    """A number that is formatted with its unit: ``{count:run}`` is ``1 run`` or ``1,000 runs``."""

    def __format__(self, units: str) -> str:
        return counted(int(self), *units.split("/")) if units else str(int(self))


def say(template: str, **values: Any) -> Sentence:
    """The sentence of a template.

    Args:
        template: the English words, with the names of values.
        values: texts, whole numbers, lists of seeds (a range is said as one), and lists of texts.
    """
    plain = {
        name: {"first": value[0], "last": value[-1]} if isinstance(value, range) else value
        for name, value in values.items()
    }
    return made(template.format(**{name: _english(value) for name, value in plain.items()}), [(template, plain)])


def joined(texts: Sequence[str], joint: str = "; ") -> Sentence:
    """Several sentences as one; a text without parts is a template of its own."""
    parts: List[Part] = []
    for text in texts:
        parts += text.parts if isinstance(text, Sentence) and text.parts else [(str(text), {})]
    return made(joint.join(texts), parts)


def made(text: str, parts: Sequence[Part]) -> Sentence:
    """The sentence of a text whose parts are known."""
    sentence = Sentence(text)
    sentence.parts = parts
    return sentence


def parts_of(texts: Sequence[str]) -> Dict[str, List[List[Any]]]:
    """The parts of those texts that have them, for JSON."""
    return {
        str(text): [[template, dict(values)] for template, values in text.parts]
        for text in texts
        if isinstance(text, Sentence) and text.parts
    }


def restored(text: str, parts: Mapping[str, Sequence[Sequence[Any]]]) -> str:
    """The sentence of a text from JSON, with what `parts_of` stored.

    Raises:
        ValueError, TypeError: the parts are not those of a sentence.
    """
    # Who reads JSON checks that the text is one.
    own = parts.get(text, ()) if isinstance(text, str) else ()
    stored = [(str(template), dict(values)) for template, values in own]
    return made(text, stored) if stored else text


def _english(value: Any) -> Any:
    if isinstance(value, dict):
        return "seeds {first} to {last}".format(**value)
    if isinstance(value, list):
        return seeds_text(value) if all(isinstance(each, int) for each in value) else ", ".join(value)
    return Count(value) if isinstance(value, int) else value
