"""Parses the records of `pjstat --data`, and statistics files. The plugin never asks for a table."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Iterator, List, Mapping, Optional, Tuple

from pjm.batch.pjm.codes import STATES
from pjm.batch.scheduler import UnreadableError

JOB_ID = re.compile(r"\d{1,10}(?:_\d{1,5}|\[\d{1,6}\])?", re.ASCII)

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
        reason: "" if there is none.
        start: START_DATE as pjstat wrote it; see `start_time`.
        elapsed: seconds; None if not reported.
        elapse_limit: seconds, the upper end if it is a range; None if unlimited or not reported.
        name: name of the job; "" if not reported.
        model: NM, BU, ST or MW; "" if not reported.
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


def jobs(text: str) -> Tuple[JobRow, ...]:
    """The jobs in the records of `--data`. Empty if there are no records, or only a header; banners are passed over.

    Raises:
        UnreadableError: a record of a job cannot be read, or there is a table, as of sites with a pjstat of their own.
    """
    records = list(data(text))
    found = []
    for record in records:
        job_id = record.get("JOB_ID", "")
        if JOB_ID.fullmatch(job_id):
            found.append(job_row(record))
        elif "JOB_ID" in record and job_id[:1].isdigit():
            raise UnreadableError("a row begins with no job id", job_id)
    if not records:
        of_table = next(filter(_is_of_a_table, _lines(text)), None)
        if of_table is not None:
            raise UnreadableError("a table, where the records of --data were expected", of_table)
    return tuple(found)


def _is_of_a_table(line: str) -> bool:
    """Whether a line begins with the title of ids, or with an id and has a state further on, in columns or fields."""
    words = re.split(r"[\s,;|]+", line.strip(" \t,;|"))
    return words[0] == "JOB_ID" or (JOB_ID.fullmatch(words[0]) is not None and any(word in STATES for word in words))


def data(text: str) -> Iterator[Mapping[str, str]]:
    """Records of `--data`, by column name.

    Raises:
        UnreadableError: a record is incomplete, or the output was cut off.
    """
    names: List[str] = []
    for line in _lines(text):
        try:
            fields = next(csv.reader([line]), [])
        except csv.Error:  # a banner that holds a NUL or is too long
            continue
        if fields[:1] == ["H"]:
            # With --rscunit and --rscgrp the header has an empty field, and the records do not (guide p. 154).
            names = [name.strip() for name in fields[1:] if name.strip()]
        elif names and fields[:1] == [""]:
            rest = ",".join(fields[len(names) :])  # free text in the last column may hold commas
            if len(fields) <= len(names):
                raise UnreadableError(f"a record has {len(fields) - 1} of {len(names)} fields", line)
            yield dict(zip(names, [field.strip() for field in [*fields[1 : len(names)], rest]]))
    last = text.rsplit("\n", 1)[-1]
    if names and last.startswith((",", "H", '"')):
        raise UnreadableError("the output is cut off after", text[-80:])


def memory_use(statistics: str) -> str:
    """The most memory that a job used and its limit, from its statistics file; "" if the file does not have them."""
    of_job = statistics.partition("Node Statistical Information")[0]

    def item(title: str) -> str:
        # " MAX MEMORY SIZE (USE)     : 12.5 MiB (13152256)", without the bytes
        found = re.search(rf"^[ \t]*{re.escape(title)}[ \t]*:([^(<\n]*)", of_job, re.MULTILINE)
        return found[1].strip() if found else ""

    used, limit = item("MAX MEMORY SIZE (USE)"), item("MEMORY SIZE (LIMIT)")
    if not used:
        return ""
    return f"memory: {used} used of {limit} allowed" if limit else f"memory: {used} used"


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


def job_row(record: Mapping[str, str]) -> JobRow:
    """The job of a record that has a JOB_ID."""
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
    )


def _number(text: str) -> Optional[int]:
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else None


def _seconds(text: str) -> Optional[int]:
    match = _ELAPSE.match(text.strip())
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]) if match else None
