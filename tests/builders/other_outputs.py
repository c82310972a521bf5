"""What PJM's commands say that the plugin does not ask: read here, to see that every recording is understood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, Iterator, List, Mapping, Optional, Tuple

from pjm.batch.pjm.codes import STATES
from pjm.batch.pjm.pjstat import JOB_ID, JobRow, data, job_row
from pjm.batch.scheduler import UnreadableError

_HEADINGS = {"JOB_ID", "JOB_NAME", "MD", "ST", "USER", "GROUP", "START_DATE", "EC", "PC", "SN", "RSC_GRP", "REASON"}
_HEADING = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)
# Titles of sites' own pjstat, such as that of Wisteria, and PJM's for the same.
_SITES = {"STATUS": "ST", "RSCGROUP": "RSC_GRP"}
_STATISTIC = re.compile(r"[ \t]*([A-Z][A-Za-z0-9 /()*]*?)[ \t]*:[ \t](.*)")
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


def listed(text: str) -> Tuple[JobRow, ...]:
    """The jobs in any output of pjstat: records, else tables."""
    found = [record for record in (list(data(text)) or list(table(text))) if record.get("JOB_ID", "-")[0].isdigit()]
    wrong = [record["JOB_ID"] for record in found if not JOB_ID.fullmatch(record["JOB_ID"])]
    if wrong:
        raise UnreadableError("a row begins with no job id", wrong[0])
    return tuple(map(job_row, found))


def table(text: str) -> Iterator[Mapping[str, str]]:
    """Rows of the aligned layouts, by column name. The header may be repeated.

    Cells may hold blanks (dates, `4096 MiB`), so each row is cut where the words of the header begin. Only an id may be
    wider than its column: it moves the cells after it.

    Raises:
        UnreadableError: a row does not fit its header, or has none.
    """
    columns: List[Tuple[str, int]] = []
    for line in text.split("\n"):
        words = [(match.group(), match.start()) for match in re.finditer(r"\S+", line)]
        # Documents end a header in "..." where they leave columns out.
        kept = next((place for place, word in enumerate(words) if word[0].startswith("...")), len(words))
        is_job = bool(words) and words[0][0][:1].isdigit()
        if words and _is_header([word for word, _ in words[:kept]]):
            columns = words[: kept + 1]
        elif columns and words and (is_job or columns[0][0] != "JOB_ID"):
            cells = {_SITES.get(name, name): cell for name, cell in _cells(line, columns) if not name.startswith("...")}
            yield cells
        elif _is_row(line):
            raise UnreadableError("a row has no header", line)


def _is_row(line: str) -> bool:
    """Whether a line begins with an id and has a state further on, in columns or fields."""
    words = re.split(r"[\s,;|]+", line.strip(" \t,;|"))
    return JOB_ID.fullmatch(words[0]) is not None and any(word in STATES for word in words)


def _is_header(words: List[str]) -> bool:
    """Whether these are titles. A line that begins with JOB_ID is a header, whatever a site calls the other columns."""
    known = [word for word in words if _HEADING.fullmatch(word)]
    return bool(words) and words[0] in _HEADINGS and (words[0] == "JOB_ID" or known == words)


def _cells(line: str, columns: List[Tuple[str, int]]) -> Iterator[Tuple[str, str]]:
    shift = 0
    for place, (name, offset) in enumerate(columns):
        start = offset + shift
        end = columns[place + 1][1] - 1 + shift if place + 1 < len(columns) else len(line)
        if place and line[start - 1 : start].strip():
            raise UnreadableError(f"a row does not fit its header at the column {name}", line)
        if place == 0 and line[end : end + 1].strip() and " " not in line[: end + 1].strip():
            wider = line.find(" ", end)
            wider = len(line) if wider < 0 else wider
            shift, end = wider - end, wider
        yield name, line[start:end].strip()


def blocks(text: str) -> Tuple[Mapping[str, str], ...]:
    """The items of each job in the output of `pjstat -s` or -S, by name. Those of nodes are left out."""
    found: List[Dict[str, str]] = []
    of_job = True
    for line in text.split("\n"):
        match = _STATISTIC.fullmatch(line.rstrip())
        name = match.group(1) if match else ""
        if "Node Statistical Information" in line:
            of_job = False
        # One block ends where the next title stands, or where there is no title and the first item comes again.
        elif "Job Statistical Information" in line or (name and (not found or name == next(iter(found[-1]), ""))):
            found, of_job = [*found, {}], True
        if match and of_job:
            found[-1].setdefault(name, re.sub(r"\s*<DEFAULT>", "", match.group(2)).strip())
    return tuple(found)
