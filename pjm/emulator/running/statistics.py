"""Job statistics in `.stats` files and `pjstat -s`. Source: Command Reference, 99-100; End-user's Guide, 171-172."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import List, Mapping, Optional, Sequence, Tuple

from pjm.emulator.machine.store import ENDED, Job
from pjm.emulator.machine.times import LONGEST, full_date
from pjm.emulator.running.job_environment import file_of, login_shell

WIDTH = 26
SHOWN_WIDTH = 28
"""In pjstat: End-user's Guide, page 171."""
Spec = Mapping[str, object]
Item = Tuple[str, str, str]


@dataclass(frozen=True)
class Parts:
    """The sub jobs of a job.

    Attributes:
        ended, total: how many have ended, and how many there are.
        first, last: first and last number; None if there are no sub jobs.
    """

    ended: int = 0
    total: int = 0
    first: Optional[int] = None
    last: Optional[int] = None


ALONE = Parts()


def write(job: Job, spec: Spec, parts: Parts = ALONE) -> None:
    """Write the statistics file of an ended job, if the job asked for one."""
    kind = str(spec.get("stats", ""))
    if not kind:
        return
    # If the file cannot be written, it is missing, as with PJM.
    content = text(job, spec, kind == "S", parts)
    with contextlib.suppress(OSError):
        file_of(job, spec, "stats").write_bytes(content.encode("utf-8", "surrogateescape"))


def text(job: Job, spec: Spec, per_node: bool, parts: Parts = ALONE) -> str:
    """The text of a statistics file."""
    lines = ["Job Statistical Information", *(line(name, value) for _, name, value in items(job, spec, parts))]
    if per_node and not job.is_parent:
        lines += ["-" * 50, "Node Statistical Information", *(line(name, value) for name, value in _node(job))]
    return "\n".join(lines) + "\n"


def shown(job: Job, spec: Spec, per_node: bool, parts: Parts, chosen: Optional[Sequence[str]]) -> List[str]:
    """The lines that pjstat shows; only the ``chosen`` items, in their order, unless that is None."""
    all_items = items(job, spec, parts)
    if chosen is not None:
        known = {item[0]: item for item in all_items}
        all_items = [known[item] for item in chosen if item in known]
    lines = ["[Job Statistical Information]", *(line(name, value, SHOWN_WIDTH) for _, name, value in all_items)]
    if per_node and not job.is_parent and chosen is None:
        lines.append("[Node Statistical Information]")
        lines += [line(name, value, SHOWN_WIDTH) for name, value in _node(job)]
    return lines


def items(job: Job, spec: Spec, parts: Parts = ALONE) -> List[Item]:
    """The items of a job, each with its name for `--choose`, its title and its value."""
    given = spec.get("given", ())
    defaulted = "" if isinstance(given, list) and "elapse" in given else " <DEFAULT>"
    return [
        ("jid", "JOB ID", job.id),
        ("host", "HOST NAME", str(spec.get("host", "-"))),
        ("jnam", "JOB NAME", job.name),
        ("jtyp", "JOB TYPE", "BATCH"),
        ("jmdl", "JOB MODEL", job.model),
        ("usr", "USER", job.user),
        ("grp", "GROUP", job.group),
        ("rscu", "RESOURCE UNIT", job.rscunit),
        ("rscg", "RESOURCE GROUP", job.rscgrp),
        ("apri", "APRIORITY", "127"),
        ("pri", "PRIORITY", str(job.priority)),
        ("sh", "SHELL", login_shell()),
        ("rnum", "RETRY NUM", str(job.retry)),
        ("snum", "SUB JOB NUM", f"{parts.ended}/{parts.total}" if job.is_parent else "-"),
        ("sbn", "START BULKNO", _bulk_number(job, parts.first)),
        ("ebn", "END BULKNO", _bulk_number(job, parts.last)),
        ("prmdt", "MAIL SEND FLAG", _mail(str(spec.get("mail") or ""))),
        ("adr", "MAIL ADDRESS(ES)", str(spec.get("mail-list") or "-")),
        ("sde", "STEP DEPENDENCY", _needs(spec)),
        ("mask", "FILE MASK", f"{int(str(spec.get('umask', 0o022))):04o}"),
        ("fs", "FILE SYSTEM NAME", str(spec.get("fs") or "-")),
        ("app", "APPLICATION NAME", str(spec.get("appname") or "-")),
        ("cmt", "COMMENT", str(spec.get("comment") or "-")),
        ("std", "STANDARD OUT FILE", "-" if job.is_parent else str(file_of(job, spec, "out"))),
        ("stde", "STANDARD ERR FILE", "-" if job.is_parent else str(file_of(job, spec, "err"))),
        ("infop", "INFORMATION FILE", str(file_of(job, spec, "stats")) if spec.get("stats") else "-"),
        ("cwd", "PJSUB DIRECTORY", str(spec.get("cwd", "-"))),
        ("lst", "LAST STATE", job.last_state),
        ("st", "STATE", job.state),
        ("adt", "ACCEPT DATE", full_date(job.accepted)),
        ("qdt", "QUEUED DATE", full_date(job.queued)),
        ("edt", "EXIT DATE", full_date(job.ended)),
        ("ddt", "JOB DELETE DATE", full_date(job.deleted)),
        ("sdt", "JOB START DATE", full_date(job.started)),
        ("holnm", "HOLD NUM", str(job.held)),
        ("lhusr", "LAST HOLD USER", job.user if job.held else "-"),
        *_codes(job),
        ("elpl", "ELAPSE TIME (LIMIT)", _limit(job.elapse) + ("" if job.elapse is None else defaulted)),
        ("elp", "ELAPSE TIME (USE)", _used(job, spec)),
        ("uctmut", "USER CPU TIME (USE)", _milliseconds(job, "user")),
        ("sctmut", "SYSTEM CPU TIME (USE)", _milliseconds(job, "system")),
        ("cnumut", "CPU TIME (TOTAL)", _milliseconds(job, "user", "system")),
        ("msza", "MEMORY SIZE (LIMIT)", "unlimited" if spec.get("memory") is None else str(spec["memory"])),
        ("mmszu", "MAX MEMORY SIZE (USE)", _memory(job)),
        ("nnumr", "NODE NUM (REQUIRE)", _require(job, spec)),
        ("nnuma", "NODE NUM (ALLOC)", "-" if job.started is None else str(job.nodes)),
        ("nnumu", "NODE NUM (USE)", "-" if job.started is None else str(job.nodes)),
        ("nidlu", "NODE ID (USE)", "-" if job.started is None else "0x01010001"),
    ]


def _bulk_number(job: Job, number: Optional[int]) -> str:
    return "-" if number is None or job.model != "BU" else str(number)


def _mail(flags: str) -> str:
    """Mail flags in PJM's form, such as `b-r-`."""
    return "".join(letter if letter in flags else "-" for letter in "bers")


def _needs(spec: Spec) -> str:
    needs = spec.get("needs")
    return " ".join(str(need) for need in needs) if isinstance(needs, list) and needs else "-"


def _codes(job: Job) -> List[Item]:
    values = ("-", "-", "-") if job.is_parent else (str(job.ec), str(job.sn), str(job.pc))
    names = (("ec", "EXIT CODE"), ("sn", "SIGNAL NO"), ("pc", "PJM CODE"))
    codes = [(key, name, value) for (key, name), value in zip(names, values)]
    return [*codes, ("ermsg", "REASON", job.reason or "-")]


def elapsed(job: Job, spec: Spec, now: float) -> Optional[float]:
    """PJM's seconds for which a job has run; None before its start."""
    if job.started is None:
        return None
    ended = job.usage.get("ended") or (job.ended if job.state in ENDED else None)
    return max(0.0, (float(str(ended)) if ended else now) - job.started) / float(str(spec.get("second", 1.0)))


def _limit(seconds: Optional[int]) -> str:
    if seconds is None or seconds >= LONGEST:
        return "-" if seconds is None else "unlimited"
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d} ({seconds})"


def _used(job: Job, spec: Spec) -> str:
    if job.ended is None:
        return "-"
    seconds = elapsed(job, spec, job.ended)
    return "-" if seconds is None else _limit(int(seconds))


def _milliseconds(job: Job, *names: str) -> str:
    known = all(name in job.usage for name in names)
    return f"{sum(float(str(job.usage[name])) for name in names) * 1000:.0f} ms" if known else "-"


def _memory(job: Job) -> str:
    return (
        f"{int(str(job.usage['memory'])) / 1024**2:.1f} MiB ({job.usage['memory']})" if "memory" in job.usage else "-"
    )


def _require(job: Job, spec: Spec) -> str:
    if job.nodes is None:
        return "-"
    return f"{job.nodes}:{spec['shape']}" if spec.get("shape") else str(job.nodes)


def _node(job: Job) -> List[Tuple[str, str]]:
    if job.started is None:
        return []
    return [("NODE ID", "0x01010001"), ("RANK NO", "0"), ("NODE AVAILABLE", "ONLINE")]


def line(name: str, value: str, width: int = WIDTH) -> str:
    """The line of one item."""
    return f" {name:<{width}}: {value}"
