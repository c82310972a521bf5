"""Parses command lines by the rules of getopt: `--name=value` and `--name value`, and options after other words."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, NamedTuple, Sequence, Tuple

from pjm.emulator.machine.messages import Refusal

FLAG, VALUE, MAYBE = "flag", "value", "maybe"


class Option(NamedTuple):
    """An option of a command.

    Attributes:
        name: its name in the program.
        kind: FLAG has no value, VALUE needs one, MAYBE takes the next word as its value if the word matches ``fits``.
        fits: a regular expression.
    """

    name: str
    kind: str = FLAG
    fits: str = ""


def options(table: str, kind: str, fits: str = "") -> Dict[str, Option]:
    """Options of one kind by their spellings, from `name spelling spelling; name spelling`."""
    rows = [entry.split() for entry in table.split(";")]
    return {spelling: Option(name, kind, fits) for name, *spellings in rows for spelling in spellings}


Given = Tuple[str, str]


class Help(Exception):  # noqa: N818 - the answer of a command, not an error of this program
    """--help was given. The text is the usage of the command."""


def asked(words: Sequence[str], known: Mapping[str, Option], usage: str) -> Tuple[Dict[str, str], List[str]]:
    """Options by name, the last of each, and the words that are not options.

    Raises:
        Help: --help is among them.
        Refusal: as `scan`.
    """
    given, names = scan(words, {**known, "--help": Option("help")})
    if ("help", "") in given:
        raise Help(f"Usage: {usage}")
    return dict(given), names


def scan(words: Sequence[str], known: Mapping[str, Option]) -> Tuple[List[Given], List[str]]:
    """The options in their order, as name and value (empty for a flag), and the words that are not options.

    Raises:
        Refusal: an option is unknown, its value is missing, or it takes no value.
    """
    given: List[Given] = []
    others: List[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            others += rest
            break
        if word.startswith("--"):
            _long(word, rest, known, given)
        elif word.startswith("-") and word != "-":
            _short(word, rest, known, given)
        else:
            others.append(word)
    return given, others


def _long(word: str, rest: List[str], known: Mapping[str, Option], given: List[Given]) -> None:
    name, equals, value = word.partition("=")
    option = known.get(name)
    if option is None or (option.kind == FLAG and equals):
        raise Refusal("01", word)
    if option.kind != FLAG and not equals:
        value = _following(name, option, rest)
    given.append((option.name, value))


def _short(word: str, rest: List[str], known: Mapping[str, Option], given: List[Given]) -> None:
    letters = word[1:]
    while letters:
        name, letters = "-" + letters[0], letters[1:]
        option = known.get(name)
        if option is None:
            raise Refusal("01", name)
        if option.kind == FLAG:
            given.append((option.name, ""))
            continue
        attached = bool(letters) and (option.kind == VALUE or re.fullmatch(option.fits, letters) is not None)
        given.append((option.name, letters if attached else _following(name, option, [] if letters else rest)))
        if attached:
            return


def _following(name: str, option: Option, rest: List[str]) -> str:
    if option.kind == VALUE:
        if not rest:
            raise Refusal("01", name)
        return rest.pop(0)
    return rest.pop(0) if rest and re.fullmatch(option.fits, rest[0]) else ""
