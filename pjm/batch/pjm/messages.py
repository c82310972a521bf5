"""Parses message lines of PJM's commands: `[ERR.] PJM 0057 pjsub node=32 is greater than the upper limit (24).`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List, Tuple

# Command Reference p. 9: only ERR has the dot. Guides also show [INFO.], and lines without the command.
_LINE = re.compile(r"^[ \t]*\[(INFO|NOTE|WARN|ERR)\.?\] PJM (\d{4})(?: (pj[a-z]+))?(?: (.*?))?[ \t\r]*$", re.MULTILINE)


@dataclass(frozen=True)
class Message:
    """One line.

    Attributes:
        kind: INFO, NOTE, WARN or ERR.
        number: four digits; their meaning depends on the command.
        command: the command that wrote it; "" if the line does not name the command.
        text: the rest of the line.
    """

    kind: str
    number: str
    command: str
    text: str

    def __str__(self) -> str:
        return f"PJM {self.number}: {self.text}"


def messages(text: str) -> Tuple[Message, ...]:
    """All message lines of a command's output; banners between them are ignored."""
    return tuple(Message(kind, number, command, words) for kind, number, command, words in _LINE.findall(text))


def errors(text: str) -> Tuple[Message, ...]:
    """Only the error messages of a command's output."""
    return tuple(message for message in messages(text) if message.kind == "ERR")


def explained(text: str) -> str:
    """The error messages of a command's output, with the lines that follow each and name its faults."""
    kept: List[str] = []
    for line in text.split("\n"):
        found = messages(line)
        if found:
            kept += [str(found[0])] if found[0].kind == "ERR" else []
        elif kept and line.strip() and not line.startswith("Try `"):
            kept.append(line.strip())
    return " / ".join(kept)[:500]
