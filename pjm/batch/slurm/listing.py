"""Parses the output of squeue and sacct, which are asked for the same columns, and of `scontrol show config`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator, List, Optional, Tuple

from pjm.batch.scheduler import UnreadableError

JOB_ID = re.compile(r"\d{1,10}(?:_\d{1,7})?", re.ASCII)

# squeue(1) --Format: the suffix is the delimiter. sacct(1) --format. The name comes last: it may hold the delimiter.
QUEUE = ",".join(
    f"{field}:|"
    for field in ("JobArrayID", "State", "exit_code", "StartTime", "TimeUsed", "TimeLimit", "Reason", "Name")
)
HISTORY = "JobID,State,ExitCode,Start,ElapsedRaw,TimelimitRaw,Reason,JobName"
_COLUMNS = 8
_CLOCK = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d\d)", re.ASCII)
_PENDING_ARRAY = re.compile(r"(\d{1,10})_\[([\d,:-]+)(?:%\d+)?\]", re.ASCII)
_SETTING = re.compile(r"^(\w+)\s*=\s(.*?)\s*$", re.ASCII | re.MULTILINE)
_USUAL_ARRAY = 1001  # slurm.conf(5), MaxArraySize


@dataclass(frozen=True)
class JobRow:
    """One job, or one job of an array, as squeue or sacct list it.

    Attributes:
        job_id: `123` or `123_4`.
        state: one word, such as CANCELLED.
        exit_code: of the script.
        ended_by: the signal that ended the script; 0 for none.
        started: seconds since the epoch; of a job that waits, the expected start; None if not reported.
        elapsed: seconds.
        limit: seconds; None if unlimited or not reported.
        reason: why it waits, or has ended; "" if there is none.
        name: of the job.
    """

    job_id: str
    state: str = ""
    exit_code: int = 0
    ended_by: int = 0
    started: Optional[float] = None
    elapsed: float = 0.0
    limit: Optional[float] = None
    reason: str = ""
    name: str = ""


def jobs(text: str) -> Iterator[JobRow]:
    """The jobs that squeue or sacct list. Lines that begin with no digit are banners.

    Raises:
        UnreadableError: there is a row of a job that cannot be read.
    """
    for line in text.splitlines():
        if not line[:1].isdigit():
            continue
        cells = line.split("|", _COLUMNS - 1)
        if len(cells) != _COLUMNS:
            raise UnreadableError(f"a row has {len(cells)} of {_COLUMNS} columns", line)
        job_id, state, code, started, elapsed, limit, reason, name = map(str.strip, cells)
        if not state:
            raise UnreadableError(f"job {job_id} has no state", line)
        exit_code, ended_by = _exit(code, line)
        for each in _parts(job_id):
            yield JobRow(
                job_id=each,
                state=state.split()[0].rstrip("+"),  # sacct: "CANCELLED by 1000"
                exit_code=exit_code,
                ended_by=ended_by,
                started=float(started) if re.fullmatch(r"[0-9]{1,12}", started) else None,
                elapsed=_seconds(elapsed, 1) or 0.0,
                limit=_seconds(limit, 60),
                reason="" if reason in ("None", "(null)") else reason,
                name=name[:-1] if name.endswith("|") else name,
            )


def _parts(job_id: str) -> List[str]:
    """The jobs that a row stands for: several in a row of sacct about jobs of an array that have not begun, 7_[0-3]."""
    array = _PENDING_ARRAY.fullmatch(job_id)
    if array is None:
        if "[" in job_id:
            raise UnreadableError("a row names jobs of an array in a way that cannot be read", job_id)
        return [job_id]
    numbers: List[int] = []
    for span in array[2].split(","):
        ends, _, step = span.partition(":")
        first, _, last = ends.partition("-")
        numbers += range(int(first), int(last or first) + 1, int(step or 1))
    return [f"{array[1]}_{number}" for number in numbers]


def _exit(text: str, line: str) -> Tuple[int, int]:
    """Exit code and signal. sacct: "7:0". squeue: a number as of wait(2), 1792."""
    numbers = [int(word) for word in text.split(":") if re.fullmatch(r"[0-9]{1,10}", word)]
    if len(numbers) == 2:
        return numbers[0], numbers[1]
    if len(numbers) != 1:
        raise UnreadableError("a row has no exit code", line)
    return numbers[0] >> 8 & 0xFF, numbers[0] & 0x7F


def _seconds(text: str, unit: int) -> Optional[float]:
    """Seconds of days-hours:minutes:seconds, or of a number of units; None of UNLIMITED and the like."""
    if re.fullmatch(r"[0-9]{1,12}", text):
        return float(int(text) * unit)
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
    return float(days * 86400 + hours * 3600 + minutes * 60 + seconds)


@dataclass(frozen=True)
class Configuration:
    """How a cluster is configured, as far as it matters here.

    Attributes:
        accounting: whether sacct can be asked about jobs that have ended.
        remembers: seconds for which the queue shows a job that has ended; None for ever.
        array: most jobs of an array; 1 if there are no arrays.
    """

    accounting: bool = True
    remembers: Optional[float] = 300.0
    array: int = _USUAL_ARRAY


def configuration(text: str) -> Configuration:
    """Read the output of `scontrol show config`; slurm.conf(5).

    Raises:
        UnreadableError: a setting that matters is missing.
    """
    settings = dict(_SETTING.findall(text))
    storage, age = settings.get("AccountingStorageType"), re.match(r"\d+", settings.get("MinJobAge", ""))
    if storage is None or age is None:
        name = "MinJobAge" if storage is not None else "AccountingStorageType"
        raise UnreadableError(f"`scontrol show config` names no {name}", text.strip())
    array = settings.get("MaxArraySize", "")
    return Configuration(
        accounting=storage.endswith("/slurmdbd"),
        remembers=float(age[0]) or None,  # slurm.conf(5): 0 prevents any purging
        array=max(1, int(array)) if array.isdecimal() else _USUAL_ARRAY,
    )


def most_memory(text: str) -> str:
    """The most memory that the steps of a job used, from sacct's column MaxRSS: "205.3 MiB"; "" if it has none."""
    sizes = re.findall(r"^([0-9.]{1,20})([KMGT]?)\|?$", text, re.ASCII | re.MULTILINE)
    used = max((float(number) * 1024.0 ** " KMGT".index(unit or " ") for number, unit in sizes), default=0.0)
    return f"{used / 1024**2:.1f} MiB" if used else ""
