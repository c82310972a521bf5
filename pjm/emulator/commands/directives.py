"""Reads the `#PJM` lines of a job script. Source: Command Reference, pages 82 and 102; End-user's Guide, page 40."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Tuple

from pjm.emulator.machine.messages import Refusal

PREFIX = "#PJM"
LONGEST_LINE = 4096
MOST_ARGUMENTS = 64


def directives(
    script: str, prefix: str = PREFIX, where: str = "STDIN", given: Optional[Mapping[str, str]] = None
) -> Tuple[List[str], List[str]]:
    """The words of all directives of a script, and warnings about them.

    A value of `${V}` from the command line (``given``) replaces one from `--vset` in the script.

    Directives may be mixed with empty lines and comments that begin in column 0. A line of blanks, an indented comment
    or a command ends them. `# PJM`, `#<TAB>PJM` and `##PJM` are comments.

    Raises:
        Refusal: a line is too long, holds a NUL, or has a quotation mark without its pair.
    """
    words: List[str] = []
    warnings: List[str] = []
    values: Dict[str, str] = {}
    for number, line in enumerate(script.split("\n"), 1):
        if line and not line.startswith("#"):
            break
        if not re.match(re.escape(prefix) + r"[ \t]", line):
            continue
        if "\0" in line:
            raise Refusal("22", where, details=(f"File line {number}.",))
        if len(line.encode("utf-8", "surrogateescape")) + 1 > LONGEST_LINE:
            raise Refusal("25", details=(f"Script file {where} line {number}.",))
        try:
            arguments = split(_substituted(line[len(prefix) :], {**values, **(given or {})}))
        except Refusal as error:
            raise Refusal(error.number, details=(f"Script file {where} line {number}.",)) from None
        if len(arguments) > MOST_ARGUMENTS:
            warnings.append("Too many arguments in script file.")
            arguments = arguments[:MOST_ARGUMENTS]
        _remember(arguments, values)
        words += arguments
    return words, warnings


def split(text: str) -> List[str]:
    """Split a line into words like a shell, without expansions. A `#` at the start of a word begins a comment.

    Raises:
        Refusal: a quotation mark has no pair.
    """
    words: List[str] = []
    word, quote, started = "", "", False
    characters = iter(text)
    for character in characters:
        if character == "\\" and quote != "'":
            after = next(characters, "")
            word += after if not quote or after in '"\\$`' else character + after
            started = True
        elif quote:
            quote, word = ("", word) if character == quote else (quote, word + character)
        elif character in "'\"":
            quote, started = character, True
        elif character in " \t\r":
            if started:
                words.append(word)
            word, started = "", False
        elif character == "#" and not started:
            break
        else:
            word, started = word + character, True
    if quote:
        raise Refusal("08")
    return [*words, word] if started else words


def _remember(words: List[str], values: Dict[str, str]) -> None:
    texts = [following for option, following in zip(words, words[1:]) if option == "--vset"]
    texts += [word[len("--vset=") :] for word in words if word.startswith("--vset=")]
    for pair in ",".join(texts).split(","):
        name, _, value = pair.strip().partition("=")
        values[name] = value


def _substituted(line: str, values: Dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: values.get(match.group(1), match.group(0)), line)
