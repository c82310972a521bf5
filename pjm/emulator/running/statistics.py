"""Job statistics in `.stats` files and `pjstat -s`. Source: Command Reference, 99-100 and 134-190 (pjstatsinfo)."""

from __future__ import annotations

import contextlib
import math
import re
from typing import Callable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from pjm.emulator.machine.resources import CORES, MIB, PROCESS_LIMITS, ProcessLimit, size
from pjm.emulator.machine.store import ENDED, Job
from pjm.emulator.machine.times import LONGEST, full_date
from pjm.emulator.running.job_environment import file_of, login_shell

WIDTH = 26
SHOWN_WIDTH = 28
"""In pjstat: End-user's Guide, page 171."""
RULE = "-" * 80
MASKED = "********"
# What others see of a job.
PUBLIC = ("jid", "jmdl", "st", "sdt", "elpl", "nnumr", "vnnuma", "vcnuma", "vmema", "elp", "rscg", "rscu", "pri")
# Characters that would split a line, or hide a part of it: control characters, line separators, marks of direction.
UNSEEN = "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"


class Parts(NamedTuple):
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


class Row(NamedTuple):
    """A job, as pjstat and statistics files show it.

    Attributes:
        job: the job.
        now: the time of the question.
        masked: whether the job belongs to another user than the one who asks.
        parts: its sub jobs.
    """

    job: Job
    now: float
    masked: bool = False
    parts: Parts = ALONE


class Item(NamedTuple):
    """One item of the statistics, or of pjstat's table.

    Attributes:
        key: its name for `--choose`; "" if it has none.
        title: its name in the statistics; "" if it is in tables alone.
        value: returns its value.
        without: the models whose parents have no value: `ST`, or `BU ST`.
        none: what stands for no value.
    """

    key: str
    title: str
    value: Callable[[Row], str]
    without: str = ""
    none: str = "-"

    def of(self, row: Row) -> str:
        """The value for a job, in one line. Others see public items only."""
        if row.masked and self.key not in PUBLIC:
            return MASKED
        if row.job.is_parent and row.job.model in self.without:
            return self.none
        return re.sub(UNSEEN, " ", self.value(row))


def write(row: Row) -> None:
    """Write the statistics file of an ended job, if the job asked for one."""
    kind = str(row.job.spec.get("stats", ""))
    if not kind:
        return
    # If the file cannot be written, it is missing, as with PJM.
    with contextlib.suppress(OSError):
        file_of(row.job, "stats").write_bytes(text(row, kind == "S").encode("utf-8", "surrogateescape"))


def text(row: Row, per_node: bool) -> str:
    """The text of a statistics file."""
    lines = ["Job Statistical Information", *(line(item.title, item.of(row)) for item in ITEMS)]
    for node in _nodes(row) if per_node else ():
        lines += [RULE, "Node Statistical Information", *(line(name, value) for name, value in node)]
    return "\n".join(lines) + "\n"


def shown(row: Row, per_node: bool, chosen: Optional[Sequence[str]]) -> List[str]:
    """The lines that pjstat shows; only the ``chosen`` items, in their order, unless that is None."""
    items = ITEMS if chosen is None else [BY_KEY[key] for key in chosen if key in BY_KEY]
    lines = ["[Job Statistical Information]", *(line(item.title, item.of(row), SHOWN_WIDTH) for item in items)]
    for node in _nodes(row) if per_node and chosen is None and not row.masked else ():
        lines += ["[Node Statistical Information]", *(line(name, value, SHOWN_WIDTH) for name, value in node)]
    return lines


def elapsed(row: Row) -> float:
    """PJM's seconds for which a job has run; 0 before its start."""
    job = row.job
    if job.started is None:
        return 0.0
    ended = job.usage.get("ended") or (job.ended if job.state in ENDED else None)
    return max(0.0, (ended or row.now) - job.started) / _second(row)


def _second(row: Row) -> float:
    """Real seconds that one second of PJM takes."""
    return float(row.job.spec.get("second", 1.0))


def required(row: Row) -> str:
    """The nodes that a job asks for, with their shape: `12:2x3x2`."""
    if row.job.nodes is None:
        return "-"
    return f"{row.job.nodes}:{row.job.spec['shape']}" if row.job.spec.get("shape") else str(row.job.nodes)


def allocated(row: Row) -> str:
    """The nodes that a job has or had, with their shape."""
    return "-" if row.job.started is None else required(row)


def _plain(name: str) -> Callable[[Row], str]:
    return lambda row: str(getattr(row.job, name))


def _given(name: str, none: str = "") -> Callable[[Row], str]:
    return lambda row: str(row.job.spec.get(name) or none)


def _date(name: str) -> Callable[[Row], str]:
    return lambda row: full_date(getattr(row.job, name))


def _default(row: Row, *keys: str) -> str:
    """The mark of a value that the user has not given."""
    return "" if set(keys) & set(row.job.spec.get("given", ())) else " <DEFAULT>"


def _time(seconds: Optional[float]) -> str:
    if seconds is None or seconds >= LONGEST:
        return "-" if seconds is None else "unlimited"
    # Rounded up, and days by themselves only from a day on: Command Reference, page 158.
    whole = math.ceil(round(seconds, 3))
    days, rest = divmod(whole, 86400) if whole > 86400 else (0, whole)
    return f"{f'{days:02d} ' if days else ''}{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d} ({whole})"


def _limit(row: Row) -> str:
    least = row.job.spec.get("least")
    if least is None or row.job.elapse is None:
        return "-" if row.job.elapse is None else _time(row.job.elapse) + _default(row, "elapse")
    (first, low), (last, high) = (_time(seconds).split(" (") for seconds in (least, row.job.elapse))
    return f"{first}-{last} ({low[:-1]}-{high}"


def _bytes(amount: Optional[int], unit: int = MIB) -> str:
    if amount is None:
        return "unlimited"
    return f"{math.ceil(amount / unit * 10) / 10:.1f} {'MiB' if unit == MIB else 'MB'} ({amount})"


def _memory(row: Row) -> str:
    return _bytes(row.job.spec.get("memory"))


def _process_limit(limit: ProcessLimit) -> Callable[[Row], str]:
    def value(row: Row) -> str:
        asked = row.job.spec.get("limits", {}).get(limit.name)
        chosen = str(asked or limit.default)
        if limit.unit and chosen != "unlimited":
            chosen = _bytes(size(chosen, limit.unit != MIB), limit.unit)
        return chosen + ("" if asked else " <DEFAULT>")

    return value


def _mail(row: Row) -> str:
    flags = "" if row.job.model == "BU" and not row.job.is_parent else str(row.job.spec.get("mail") or "")
    return "".join(letter if letter in flags else "-" for letter in ("b", "e", "r", "S" if "S" in flags else "s"))


def _milliseconds(*names: str) -> Callable[[Row], str]:
    def value(row: Row) -> str:
        if not all(name in row.job.usage for name in names):
            return "-"
        return f"{sum(row.job.usage[name] for name in names) * 1000:.0f} ms"

    return value


def _most_memory(row: Row) -> str:
    return _bytes(row.job.usage["memory"]) if "memory" in row.job.usage else "-"


def _started(value: Callable[[Row], str]) -> Callable[[Row], str]:
    return lambda row: "-" if row.job.started is None else value(row)


def _cores(row: Row) -> str:
    return str(CORES * (row.job.nodes or 0))


def _file(kind: str) -> Callable[[Row], str]:
    return lambda row: str(file_of(row.job, kind))


def _each_node(value: Callable[[int], str]) -> Callable[[Row], str]:
    return _started(lambda row: " ".join(value(number) for number in range(row.job.nodes or 0)))


def _bulk_number(name: str) -> Callable[[Row], str]:
    return lambda row: str(getattr(row.parts, name)) if row.job.is_parent and row.job.model == "BU" else "-"


def _node_id(number: int) -> str:
    return f"0x{0x01010001 + number:08X}"


def _coordinate(number: int) -> str:
    """Of the Tofu unit of a node: 12 nodes each; Fugaku has 24 x 23 x 24 units."""
    unit = number // 12
    return f"({unit % 24},{unit // 24 % 23},{unit // 552})"


def _nodes(row: Row) -> Iterator[List[Tuple[str, str]]]:
    for number in range(0 if row.job.started is None or row.job.is_parent else row.job.nodes or 0):
        own = [("VNODE ID", "-"), ("NODE ID", _node_id(number)), ("TOFU COORDINATE", _coordinate(number))]
        place = [("NODE COORDINATE", f"({number},0,0)"), ("RANK NO", str(number)), ("NODE AVAILABLE", "available")]
        cores = [(f"CPU BITMAP ({which})", f"0x{2**CORES - 1:X}") for which in ("ALLOC", "USE")]
        yield [*own, *place, ("ARCHI INFORMATION", "FT"), *cores]


ITEMS: Tuple[Item, ...] = (
    Item("jid", "JOB ID", _plain("id")),
    Item("", "HOST NAME", _given("host", "-"), "ST"),
    Item("jnam", "JOB NAME", _plain("name")),
    Item("jtyp", "JOB TYPE", lambda _: "BATCH"),
    Item("jmdl", "JOB MODEL", _plain("model")),
    Item("rnum", "RETRY NUM", _plain("retry")),
    Item("snum", "SUB JOB NUM", lambda row: f"{row.parts.ended}/{row.parts.total}" if row.job.is_parent else "-"),
    Item("", "START BULKNO", _bulk_number("first")),
    Item("", "END BULKNO", _bulk_number("last")),
    Item("usr", "USER", _plain("user")),
    Item("grp", "GROUP", _plain("group")),
    Item("rscu", "RESOURCE UNIT", _plain("rscunit")),
    Item("rscg", "RESOURCE GROUP", _plain("rscgrp")),
    Item("", "APRIORITY", lambda _: "127", "ST"),
    Item("pri", "PRIORITY", _plain("priority"), "ST"),
    Item("sh", "SHELL", lambda _: login_shell(), "ST", ""),
    Item("mail", "MAIL SEND FLAG", _mail),
    Item("adr", "MAIL ADDRES", _given("mail-list")),
    Item("sde", "STEP DEPENDENCY EXP", lambda row: " ".join(row.job.spec.get("needs", ()))),
    Item("mask", "FILE MASK", lambda row: f"{row.job.spec.get('umask', 0o022):04o}", "ST"),
    Item("std", "STANDARD OUT FILE", _file("out"), "BU ST", ""),
    Item("stde", "STANDARD ERR FILE", _file("err"), "BU ST", ""),
    Item("infop", "INFORMATION FILE", lambda row: _file("stats")(row) if row.job.spec.get("stats") else ""),
    Item("", "PJSUB DIRECTORY", _given("cwd"), "ST", ""),
    Item("", "FILE SYSTEM NAME", _given("fs"), "ST", ""),
    Item("", "APPLICATION NAME", _given("appname"), "ST", ""),
    Item("cmt", "COMMENT", _given("comment"), "ST", ""),
    Item("lst", "LAST STATE", _plain("last_state")),
    Item("st", "STATE", _plain("state")),
    Item("prmdt", "PRM DATE", lambda row: full_date(row.job.started and (row.job.ended or row.now)), "BU ST"),
    Item("adt", "ACCEPT DATE", _date("accepted")),
    Item("qdt", "QUEUED DATE", _date("queued"), "BU ST"),
    Item("exc", "EXIT DATE", _date("ended"), "BU ST"),
    Item("", "JOB DELETE DATE", _date("deleted")),
    Item("sdt", "JOB START DATE", _date("started"), "BU"),
    Item("edt", "JOB END DATE", lambda row: full_date(row.job.started and row.job.ended), "BU ST"),
    Item("thldtm", "HOLD TIME", lambda row: f"{row.job.usage.get('held', 0) / _second(row):.0f}"),
    Item("lhusr", "LAST HOLD USER", lambda row: row.job.user if row.job.held else "-", "BU ST"),
    Item("holnm", "HOLD NUM", _plain("held")),
    Item("ec", "EXIT CODE", _plain("ec"), "BU ST"),
    Item("sn", "SIGNAL NO", _plain("sn"), "BU ST"),
    Item("pc", "PJM CODE", _plain("pc"), "BU ST"),
    Item("ermsg", "REASON", lambda row: row.job.reason or "-"),
    Item("elpl", "ELAPSE TIME (LIMIT)", _limit),
    Item("elp", "ELAPSE TIME (USE)", lambda row: _time(elapsed(row))),
    Item("uctmut", "USER CPU TIME (USE)", _milliseconds("user")),
    Item("sctmut", "SYSTEM CPU TIME (USE)", _milliseconds("system")),
    Item("usctmut", "CPU TIME (TOTAL)", _milliseconds("user", "system")),
    Item("mszl", "MEMORY SIZE (LIMIT)", lambda row: _memory(row) + _default(row, "node-mem"), "ST"),
    Item("msza", "MEMORY SIZE (ALLOC)", _started(_memory), "ST"),
    Item("mmszu", "MAX MEMORY SIZE (USE)", _most_memory, "ST"),
    Item("vmszu", "VNODE MAX MEMORY SIZE (USE)", lambda _: "-"),
    Item("cnumr", "CPU NUM (REQUIRE)", lambda row: _cores(row) + _default(row, "node"), "ST"),
    Item("cnumat", "CPU NUM (ALLOC)", _started(_cores), "ST"),
    Item("cnumut", "CPU NUM (USE)", _started(_cores), "ST"),
    Item("nnumr", "NODE NUM (REQUIRE)", lambda row: required(row) + _default(row, "node"), "ST"),
    Item("nnuma", "NODE NUM (ALLOC)", allocated, "ST"),
    Item("nnumu", "NODE NUM (USE)", _started(lambda row: str(row.job.nodes)), "ST"),
    Item("nnumv", "NODE NUM (UNUSED)", _started(lambda _: "0"), "ST"),
    Item("nidlu", "NODE ID (USE)", _each_node(_node_id), "BU ST"),
    Item("tofulu", "TOFU COORDINATE (USE)", _each_node(_coordinate), "BU ST"),
    *(Item(limit.item, limit.title, _process_limit(limit), "ST") for limit in PROCESS_LIMITS),
)
BY_KEY = {item.key: item for item in ITEMS if item.key}


def line(name: str, value: str, width: int = WIDTH) -> str:
    """The line of one item."""
    return f" {name:<{width}}: {value}"
