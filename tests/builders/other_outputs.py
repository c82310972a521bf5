"""What PJM's commands say that the plugin does not ask: read here, to see that every recording is understood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Tuple

_BOUNDS = re.compile(r"\s+\(([^()]*)\)\s+(\S+)\s+(\S+)\s+(\S+)\s*")
_WAITED = re.compile(r"(\d+(?:_\d+|\[\d+\])?) (\d+) (\d+) (\d+)", re.ASCII)


@dataclass(frozen=True)
class Bounds:
    """What one option of pjsub may be, as it stands."""

    lower: str
    upper: str
    default: str


@dataclass(frozen=True)
class LimitRow:
    """One line of `pjstat --limit`: limit None means unlimited."""

    scope: str
    name: str
    limit: Optional[int]
    used: int


def bounds(text: str) -> Mapping[str, Bounds]:
    """Lines of pjacl such as `(node=)  1  384  1` by what stands in the brackets."""
    found: Dict[str, Bounds] = {}
    for line in text.splitlines():
        match = _BOUNDS.fullmatch(line)
        if match and match[2] != "lower":
            found.setdefault(match[1], Bounds(match[2], match[3], match[4]))
    return found


def summary(text: str) -> Mapping[str, Mapping[str, int]]:
    """Counts by state name, of `--summary` and `--with-summary`: under "" of jobs, under "s" of sub jobs."""
    names: List[str] = []
    counts: Dict[str, Dict[str, int]] = {}
    for line in text.splitlines():
        words = line.split()
        if words[:2] == ["ACCEPT", "QUEUED"]:
            names = words
        elif names and words and all(word.isdigit() for word in words[-len(names) :]):
            label = words[0] if len(words) > len(names) else ""
            if label in ("", "s") and len(words) == len(names) + bool(label):
                counts[label] = dict(zip(names, map(int, words[-len(names) :])))
    return counts


def limits(text: str) -> Tuple[LimitRow, ...]:
    """Lines of `pjstat --limit`; the scope is what their heading says, such as `USER: user1` or `ALL:`."""
    scope = ""
    found: List[LimitRow] = []
    for line in text.splitlines():
        words = line.split()
        if re.match(r"\s*(USER|GROUP|ALL):", line):
            scope = " ".join(words)
        elif len(words) == 3 and re.fullmatch(r"\d+|unlimited", words[1]) and words[2].isdigit():
            found.append(LimitRow(scope, words[0], None if words[1] == "unlimited" else int(words[1]), int(words[2])))
    return tuple(found)


def resources(text: str) -> Tuple[Tuple[str, str, str, str], ...]:
    """Lines of pjshowrsc below a heading with TOTAL, FREE and ALLOC: name, and the three as they stand."""
    found: List[Tuple[str, str, str, str]] = []
    below = False
    for line in text.splitlines():
        words = line.split()
        if words[-3:] == ["TOTAL", "FREE", "ALLOC"]:
            below = True
        elif below and len(words) == 4:
            found.append((words[0], words[1], words[2], words[3]))
    return tuple(found)


def waited(text: str) -> Tuple[Tuple[str, int, int, int], ...]:
    """Lines of pjwait: job id, PC, EC and SN."""
    found = [_WAITED.fullmatch(line.strip()) for line in text.splitlines()]
    return tuple((line[1], int(line[2]), int(line[3]), int(line[4])) for line in found if line)
