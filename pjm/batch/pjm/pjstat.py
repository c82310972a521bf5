"""What pjstat says, as values: tables sliced by their header, CSV and statistics."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Dict, Iterator, List, Mapping, Optional, Tuple

JOB_ID = re.compile(r"\d{1,10}(?:_\d{1,5}|\[\d{1,6}\])?", re.ASCII)

_HEADINGS = {"JOB_ID", "JOB_NAME", "MD", "ST", "USER", "GROUP", "START_DATE", "EC", "PC", "SN", "RSC_GRP", "REASON"}
_HEADING = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)
# A line of the statistics: " ELAPSE TIME (USE)        : 00:00:10 (10)".
_STATISTIC = re.compile(r"[ \t]*([A-Z][A-Za-z0-9 /()*]*?)[ \t]*:[ \t](.*)")
_START = re.compile(r"(?:(\d{4})/)?(\d\d)/(\d\d) (\d\d):(\d\d)(?::(\d\d))?[<@#]?", re.ASCII)
_ELAPSE = re.compile(r"(\d+):(\d\d):(\d\d)", re.ASCII)


@dataclass(frozen=True)
class JobRow:
    """One job, sub job or parent, as pjstat lists it.

    Attributes:
        job_id: `123`, `123[4]` or `123_4`.
        state: three letters or a long name, as it stands.
        exit_code: EC; None for parents, and if not said.
        pjm_code: PC, likewise.
        signal: SN, likewise.
        reason: "" if none; tables cut it off at 16 characters.
        start: START_DATE as it stands; see `start_time`.
        elapsed: seconds; None if not said.
        elapse_limit: seconds, of a range its upper end; None if not said or unlimited.
        name: tables cut it off at 10 characters.
        model: NM, BU, ST or MW; "" if not said.
        group: the resource group; "" if not said.
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
    """The jobs in any output of pjstat, whatever stands around them; none in an empty output or a header alone."""
    records = list(data(text)) or list(table(text))
    return tuple(_job_row(record) for record in records if JOB_ID.fullmatch(record.get("JOB_ID", "")))


def table(text: str) -> Iterator[Mapping[str, str]]:
    """Rows of the aligned layouts by column name, headers repeated or not.

    Cells hold blanks (dates, `4096 MiB`), so they are cut where the header's words begin. A cell that is wider than
    its column (the id of a sub job) moves what follows it.
    """
    columns: List[Tuple[str, int]] = []
    for line in text.splitlines():
        words = [(found.group(), found.start()) for found in re.finditer(r"\S+", line)]
        # Documents end a header in "..." where they leave columns out.
        kept = next((place for place, word in enumerate(words) if word[0].startswith("...")), len(words))
        if words and words[0][0] in _HEADINGS and all(_HEADING.fullmatch(word) for word, _ in words[:kept]):
            columns = words[: kept + 1]
        elif columns and words and (columns[0][0] != "JOB_ID" or JOB_ID.fullmatch(words[0][0])):
            yield {name: cell for name, cell in _cells(line, columns) if not name.startswith("...")}


def data(text: str, delimiter: str = ",") -> Iterator[Mapping[str, str]]:
    """Records of `--data` by column name. A record cut off in the middle is left out: the next poll has it whole."""
    names: List[str] = []
    for line in text.splitlines():
        try:
            fields = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:  # a banner with a NUL or without end
            continue
        if fields[:1] == ["H"]:
            # With --rscunit and --rscgrp the header has an empty field that the records have not (guide p. 154).
            names = [name.strip() for name in fields[1:] if name.strip()]
        elif names and fields[:1] == [""] and len(fields) > len(names):
            rest = delimiter.join(fields[len(names) :])  # free text in the last column may hold the delimiter
            yield dict(zip(names, [field.strip() for field in [*fields[1 : len(names)], rest]]))


def statistics(text: str) -> Mapping[str, str]:
    """Items of the job's part of a .stats file or of `pjstat -s`, by name; sites choose which there are."""
    items: Dict[str, str] = {}
    for line in text.splitlines():
        if "Node Statistical Information" in line:
            break
        found = _STATISTIC.fullmatch(line.rstrip())
        if found:
            items.setdefault(found.group(1), re.sub(r"\s*<DEFAULT>", "", found.group(2)).strip())
    return items


def start_time(start: str, now: datetime) -> Optional[float]:
    """Seconds since the epoch of a START_DATE; None if it has not started: "-", or a planned one in brackets.

    Dates come without their year, in local time: meant is the last such date that is not after tomorrow.
    """
    found = _START.fullmatch(start.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(text) if text else 0 for text in found.groups())
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
        if place + 1 == len(columns):
            yield name, line[start:].strip()
            return
        end = columns[place + 1][1] - 1 + shift
        if line[end : end + 1].strip():
            wider = line.find(" ", end)
            wider = len(line) if wider < 0 else wider
            shift += wider - end
            end = wider
        yield name, line[start:end].strip()


def _job_row(record: Mapping[str, str]) -> JobRow:
    said = {name: "" if cell == "-" else cell for name, cell in record.items()}
    return JobRow(
        job_id=record["JOB_ID"],
        state=said.get("ST", ""),
        exit_code=_number(said.get("EC", "")),
        pjm_code=_number(said.get("PC", "")),
        signal=_number(said.get("SN", "")),
        reason=said.get("REASON", ""),
        start=said.get("START_DATE", ""),
        elapsed=_seconds(said.get("ELAPSE_TIM", "")),
        elapse_limit=_seconds(said.get("ELAPSE_LIM", "").split("-")[-1]),
        name=said.get("JOB_NAME", ""),
        model=said.get("MD", ""),
        group=said.get("RSC_GRP", ""),
    )


def _number(text: str) -> Optional[int]:
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else None


def _seconds(text: str) -> Optional[int]:
    found = _ELAPSE.match(text.strip())
    return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3]) if found else None
