"""Parses the output of pjstat: tables, cut into columns by their header, CSV records and job statistics."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Dict, Iterator, List, Mapping, Optional, Tuple

from pjm.batch.pjm.codes import STATES
from pjm.batch.scheduler import UnreadableError

JOB_ID = re.compile(r"\d{1,10}(?:_\d{1,5}|\[\d{1,6}\])?", re.ASCII)

_HEADINGS = {"JOB_ID", "JOB_NAME", "MD", "ST", "USER", "GROUP", "START_DATE", "EC", "PC", "SN", "RSC_GRP", "REASON"}
_HEADING = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)
# Titles of sites' own pjstat, such as that of Wisteria, and PJM's for the same.
_SITES = {"STATUS": "ST", "RSCGROUP": "RSC_GRP"}
# A line of the statistics: " ELAPSE TIME (USE)        : 00:00:10 (10)".
_STATISTIC = re.compile(r"[ \t]*([A-Z][A-Za-z0-9 /()*]*?)[ \t]*:[ \t](.*)")
_START = re.compile(r"(?:(\d{4})/)?(\d\d)/(\d\d) (\d\d):(\d\d)(?::(\d\d))?[<@#]?", re.ASCII)
_ELAPSE = re.compile(r"(\d+):(\d\d):(\d\d)", re.ASCII)


@dataclass(frozen=True)
class JobRow:
    """One job, sub job or parent, as pjstat lists it.

    Attributes:
        job_id: `123`, `123[4]` or `123_4`.
        state: three letters or a long name, as pjstat wrote it.
        exit_code: EC; None for parents, and if not reported.
        pjm_code: PC; None as for EC.
        signal: SN; None as for EC.
        reason: "" if there is none; tables cut it off at 16 characters.
        start: START_DATE as pjstat wrote it; see `start_time`.
        elapsed: seconds; None if not reported.
        elapse_limit: seconds, the upper end if it is a range; None if unlimited or not reported.
        name: tables cut it off at 10 characters.
        model: NM, BU, ST or MW; "" if not reported.
        group: the resource group; "" if not reported.
    """

    job_id: str
    state: str = ""
    exit_code: Optional[int] = None
    pjm_code: Optional[int] = None
    signal: Optional[int] = None
    reason: str = ""
    start: str = ""
    elapsed: Optional[int] = None
    elapse_limit: Optional[int] = None
    name: str = ""
    model: str = ""
    group: str = ""


def jobs(text: str) -> Tuple[JobRow, ...]:
    """The jobs in any output of pjstat. Empty if there are no rows, or only a header; banners are passed over.

    Raises:
        UnreadableError: there is a row of a job that cannot be read.
    """
    records = list(data(text)) or list(table(text))
    found = []
    for record in records:
        job_id = record.get("JOB_ID", "")
        if JOB_ID.fullmatch(job_id):
            found.append(_job_row(record))
        elif "JOB_ID" in record and job_id[:1].isdigit():
            raise UnreadableError("a row begins with no job id", job_id)
    return tuple(found)


def table(text: str) -> Iterator[Mapping[str, str]]:
    """Rows of the aligned layouts, by column name. The header may be repeated.

    Cells may hold blanks (dates, `4096 MiB`), so each row is cut where the words of the header begin. Only an id may be
    wider than its column: it moves the cells after it.

    Raises:
        UnreadableError: a row does not fit its header, or has none.
    """
    columns: List[Tuple[str, int]] = []
    for line in _lines(text):
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


def data(text: str, delimiter: str = ",") -> Iterator[Mapping[str, str]]:
    """Records of `--data`, by column name.

    Raises:
        UnreadableError: a record is incomplete, or the output was cut off.
    """
    names: List[str] = []
    for line in _lines(text):
        try:
            fields = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:  # a banner that holds a NUL or is too long
            continue
        if fields[:1] == ["H"]:
            # With --rscunit and --rscgrp the header has an empty field, and the records do not (guide p. 154).
            names = [name.strip() for name in fields[1:] if name.strip()]
        elif names and fields[:1] == [""]:
            rest = delimiter.join(fields[len(names) :])  # free text in the last column may hold the delimiter
            if len(fields) <= len(names):
                raise UnreadableError(f"a record has {len(fields) - 1} of {len(names)} fields", line)
            yield dict(zip(names, [field.strip() for field in [*fields[1 : len(names)], rest]]))
    last = text.rsplit("\n", 1)[-1]
    if names and last.startswith((delimiter, "H", '"')):
        raise UnreadableError("the output is cut off after", text[-80:])


def statistics(text: str) -> Mapping[str, str]:
    """The job's items in a .stats file or the output of `pjstat -s` about one job, by name. The site chooses the items.

    Raises:
        UnreadableError: there are several jobs.
    """
    found = blocks(text)
    if len(found) > 1:
        raise UnreadableError(f"statistics of {len(found)} jobs, where those of one were expected")
    return found[0] if found else {}


def blocks(text: str) -> Tuple[Mapping[str, str], ...]:
    """The items of each job in the output of `pjstat -s` or -S, by name. Those of nodes are left out."""
    found: List[Dict[str, str]] = []
    of_job = True
    for line in _lines(text):
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


def _lines(text: str) -> Iterator[str]:
    """Lines as PJM ends them: a name may hold other characters at which str.splitlines would cut."""
    return (line.rstrip("\r") for line in text.split("\n"))


def start_time(start: str, now: datetime) -> Optional[float]:
    """A START_DATE in seconds since the epoch; None if the job has not started: "-", or a planned date in brackets.

    The date is in local time and has no year: the latest such date that is not after tomorrow is taken.
    """
    match = _START.fullmatch(start.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(text) if text else 0 for text in match.groups())
    for candidate in [year] if year else range(now.year + 1, now.year - 9, -1):
        try:
            date = datetime(candidate, month, day, hour, minute, second)
        except ValueError:  # 29 February
            continue
        if year or date <= now + timedelta(days=1):
            return date.timestamp()
    return None


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


def _job_row(record: Mapping[str, str]) -> JobRow:
    cells = {name: "" if cell == "-" else cell for name, cell in record.items()}
    return JobRow(
        job_id=record["JOB_ID"],
        state=cells.get("ST", ""),
        exit_code=_number(cells.get("EC", "")),
        pjm_code=_number(cells.get("PC", "")),
        signal=_number(cells.get("SN", "")),
        reason=cells.get("REASON", ""),
        start=cells.get("START_DATE", ""),
        elapsed=_seconds(cells.get("ELAPSE_TIM", "")),
        elapse_limit=_seconds(cells.get("ELAPSE_LIM", "").split("-")[-1]),
        name=cells.get("JOB_NAME", ""),
        model=cells.get("MD", ""),
        group=cells.get("RSC_GRP", ""),
    )


def _number(text: str) -> Optional[int]:
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else None


def _seconds(text: str) -> Optional[int]:
    match = _ELAPSE.match(text.strip())
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]) if match else None
