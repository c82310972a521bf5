"""The columns of pjstat: item, header, width and content. Source: Command Reference, 67-79."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, List, Sequence, Tuple

from pjm.emulator.machine import times
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.running import statistics
from pjm.emulator.running.statistics import MASKED, PUBLIC, UNSEEN, Row, allocated, code, elapsed, required


@dataclass(frozen=True)
class Column:
    """One column of pjstat's output.

    Attributes:
        item: its name for `--choose`.
        header: its title.
        width: the width to which cells are padded and cut.
        cell: returns the content of a row's cell.
    """

    item: str
    header: str
    width: int
    cell: Callable[[Row], str]


def _start(row: Row) -> str:
    job = row.job
    if job.started is not None:
        return times.date(job.started)
    if job.state == "RNA" and job.planned is not None:
        return times.planned(job.planned)
    at = row.spec.get("at")
    return f"{times.planned(float(str(at)))}@" if at is not None and not job.has_ended else "-"


def _elapse_limit(row: Row) -> str:
    least = row.spec.get("least")
    if least is not None and row.job.elapse is not None:
        return f"{times.duration(float(str(least)))}-{times.duration(row.job.elapse)}"
    return times.duration(row.job.elapse)


def _nothing(_: Row) -> str:
    return "-"


def _ranks(row: Row) -> str:
    if row.job.is_parent:
        return "-"
    mpi = row.spec.get("mpi")
    return "bynode" if isinstance(mpi, dict) and "rank-map-bynode" in mpi else "bychip"


def _plain(name: str) -> Callable[[Row], str]:
    return lambda row: str(getattr(row.job, name))


COLUMNS: Tuple[Column, ...] = (
    Column("jid", "JOB_ID", 10, _plain("id")),
    Column("jnam", "JOB_NAME", 10, _plain("name")),
    Column("jmdl", "MD", 2, _plain("model")),
    Column("st", "ST", 3, _plain("state")),
    Column("usr", "USER", 8, _plain("user")),
    Column("grp", "GROUP", 8, _plain("group")),
    Column("sdt", "START_DATE", 15, _start),
    Column("elp", "ELAPSE_TIM", 10, lambda row: times.duration(elapsed(row))),
    Column("elpl", "ELAPSE_LIM", 21, _elapse_limit),
    Column("nnumr", "NODE_REQUIRE", 15, required),
    Column("vnnuma", "VNODE", 6, _nothing),
    Column("vcnuma", "CORE", 4, _nothing),
    Column("vmema", "V_MEM", 12, _nothing),
    Column("vpol", "V_POL", 5, _nothing),
    Column("epol", "E_POL", 5, _nothing),
    Column("rankm", "RANK", 9, _ranks),
    Column("lst", "LST", 3, _plain("last_state")),
    Column("ec", "EC", 3, code("ec")),
    Column("pc", "PC", 3, code("pc")),
    Column("sn", "SN", 2, code("sn")),
    Column("pri", "PRI", 3, _plain("priority")),
    Column("adt", "ACCEPT", 14, lambda row: times.date(row.job.accepted)),
    Column("rscg", "RSC_GRP", 8, _plain("rscgrp")),
    Column("ermsg", "REASON", 16, lambda row: row.job.reason or "-"),
    # The columns below are in no default layout, only in --pattern and --choose.
    Column("snum", "SUB_JOB_NUM", 11, lambda row: str(row.parts.total) if row.job.is_parent else "-"),
    Column("nnuma", "NODE_ALLOC", 15, allocated),
    Column("rscu", "RSC_UNIT", 12, _plain("rscunit")),
    Column("vnid", "VNODE_ID", 10, _nothing),
)
# The width with -E, from the End-user's Guide, page 150.
EXPANDED_ID = Column("jid", "JOB_ID", 24, _plain("id"))
BY_ITEM: Dict[str, Column] = {column.item: column for column in COLUMNS}
# With -s and -S also the items of the statistics. Their headers are not documented: titles, in one word.
STATISTICAL: Dict[str, Column] = {
    **{
        key: Column(key, item.title.replace(" ", "_"), max(15, len(item.title)), item.of)
        for key, item in statistics.BY_KEY.items()
    },
    **BY_ITEM,
}
DEFAULT = ("jid", "jnam", "jmdl", "st", "usr", "sdt", "elpl", "nnumr", "vnnuma", "vcnuma", "vmema")
VERBOSE = tuple(column.item for column in COLUMNS[:24])
# `-v --pattern=1`, Command Reference page 75.
PATTERN = (*VERBOSE, "snum", "nnuma", "rscu")


def known(statistical: bool) -> Dict[str, Column]:
    """The columns that `--choose`, `--filter` and `--sort` know, with or without -s and -S."""
    return STATISTICAL if statistical else BY_ITEM


def chosen(text: str, statistical: bool) -> List[Column]:
    """The columns of `--choose`. Unknown items are dropped; if an item is repeated, the last one is kept.

    Raises:
        Refusal: no item is known.
    """
    items = items_of(text)
    columns = [known(statistical)[item] for item in items if item in known(statistical)]
    if not columns:
        raise Refusal("04", f"--choose {text}")
    return columns


def items_of(text: str) -> List[str]:
    """The items of `--choose`; if one is repeated, the last one is kept."""
    items = [item.strip().lower() for item in text.split(",")]
    return [item for place, item in enumerate(items) if item not in items[place + 1 :]]


def table(columns: Sequence[Column], rows: Sequence[Row]) -> List[str]:
    """Header and rows, blank-padded to the last column."""
    lines = [" ".join(f"{column.header:<{column.width}}" for column in columns)]
    return lines + [" ".join(_padded(column, row) for column in columns) for row in rows]


def _padded(column: Column, row: Row) -> str:
    text = cell(column, row)
    # An id is never cut, because a part of an id is useless.
    return f"{text if column.item == 'jid' else text[: column.width]:<{column.width}}"


def data(columns: Sequence[Column], rows: Sequence[Row], delimiter: str) -> List[str]:
    """The records of `--data`. The header record begins with H, the others begin with an empty field."""
    lines = [delimiter.join(["H", *(column.header for column in columns)])]
    return lines + [delimiter.join(["", *(_field(cell(column, row), delimiter) for column in columns)]) for row in rows]


def cell(column: Column, row: Row) -> str:
    """The content of a cell, in one line. A job of another user shows public items only."""
    if row.masked and column.item not in PUBLIC:
        return MASKED[: column.width]
    return UNSEEN.sub(" ", column.cell(row))


def _field(text: str, delimiter: str) -> str:
    return '"{}"'.format(text.replace('"', '""')) if delimiter in text or text[:1] == '"' else text
