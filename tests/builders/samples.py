"""Reads recorded outputs of PJM's commands that no test knows: what is in them, or why they cannot be read."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import List, Sized, Tuple

from pjm.batch.pjm.codes import STATES
from pjm.batch.pjm.messages import messages
from pjm.batch.scheduler import UnreadableError
from tests.builders.other_outputs import blocks, bounds, limits, listed, resources, summary

FOLDER = Path(os.environ.get("PJM_SAMPLES") or Path(__file__).parents[3] / "shared" / "pjm" / "samples")
MISSING = f"no recorded outputs of PJM in {FOLDER}: name their folder in PJM_SAMPLES"
READ, REFUSED, NOTHING = "read", "refused", "nothing to read"


@dataclass(frozen=True)
class Reading:
    """What became of a file.

    Attributes:
        kind: READ, REFUSED or NOTHING.
        what: what was found, or why it was refused.
    """

    kind: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}" if self.what else self.kind


def files() -> List[Path]:
    """The files of the folder that PJM_SAMPLES names; none if there is no folder."""
    return sorted(path for path in FOLDER.rglob("*") if path.is_file()) if FOLDER.is_dir() else []


def text_of(path: Path) -> str:
    """The text of a file, without a first line that says where it is from."""
    text = path.read_bytes().decode("utf-8", "replace")
    return text.split("\n", 1)[-1] if text.startswith("# source:") else text


def reading(text: str) -> Reading:
    """Read a text with all parsers."""
    try:
        found: Tuple[Tuple[str, Sized], ...] = (
            ("jobs", listed(text)),
            ("blocks of statistics", blocks(text) if "Statistical Information" in text or "JOB ID" in text else ()),
            ("messages", messages(text)),
            ("rows of --limit", limits(text)),
            ("rows of --summary", summary(text)),
            ("limits of pjacl", bounds(text)),
            ("rows of pjshowrsc", resources(text)),
            (
                "lines of pjwait",
                re.findall(r"^\d+(?:_\d+|\[\d+\])? (?:[XEH-]|\d+) (?:-|\d+) (?:-|\d+)$", text, re.MULTILINE),
            ),
        )
    except UnreadableError as error:
        return Reading(REFUSED, str(error))
    said = ", ".join(f"{len(values)} {name}" for name, values in found if values)
    return Reading(READ, said) if said else Reading(NOTHING)


def rows_in(text: str) -> int:
    """How many lines look like rows of jobs, counted without the parsers: an id, and a state further on."""
    row = re.compile(r"^,?\s*\d+(?:\[\d+\]|_\d+)?(?:[\s,].*)?[\s,](?:{})(?:[\s,]|$)".format("|".join(STATES)))
    return sum(row.match(line) is not None for line in text.split("\n"))
