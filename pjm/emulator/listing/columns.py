"""The columns of pjstat: item, header, width and content. Source: Command Reference, 67-79."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Sequence, Tuple

from pjm.emulator.machine import times
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.running import statistics
from pjm.emulator.running.statistics import MASKED, Item, Row, allocated, elapsed, required


class Column(NamedTuple):
    """One column of pjstat's output.

    Attributes:
        item: what it shows, with its name for `--choose`.
        header: its title.
        width: the width to which cells are padded and cut.
    """

    item: Item
    header: str
    width: int


def _start(row: Row) -> str:
    job = row.job
    if job.started is not None:
        return times.date(job.started)
    if job.state == "RNA" and job.planned is not None:
        return times.planned(job.planned)
    at = row.job.spec.get("at")
    return f"{times.planned(at)}@" if at is not None and not job.has_ended else "-"


def _elapse_limit(row: Row) -> str:
    least = row.job.spec.get("least")
    if least is not None and row.job.elapse is not None:
        return f"{times.duration(least)}-{times.duration(row.job.elapse)}"
    return times.duration(row.job.elapse)


# Item, header and width. The first 24 are those of -v; the others are in no default layout, only in --pattern and
# --choose.
_LAYOUT = """
jid JOB_ID 10; jnam JOB_NAME 10; jmdl MD 2; st ST 3; usr USER 8; grp GROUP 8; sdt START_DATE 15; elp ELAPSE_TIM 10;
elpl ELAPSE_LIM 21; nnumr NODE_REQUIRE 15; vnnuma VNODE 6; vcnuma CORE 4; vmema V_MEM 12; vpol V_POL 5; epol E_POL 5;
rankm RANK 9; lst LST 3; ec EC 3; pc PC 3; sn SN 2; pri PRI 3; adt ACCEPT 14; rscg RSC_GRP 8; ermsg REASON 16;
snum SUB_JOB_NUM 11; nnuma NODE_ALLOC 15; rscu RSC_UNIT 12; vnid VNODE_ID 10
"""
# What a table shows otherwise than statistics do.
_ITEMS = (
    Item("sdt", "", _start),
    Item("elp", "", lambda row: times.duration(elapsed(row))),
    Item("elpl", "", _elapse_limit),
    Item("nnumr", "", required),
    Item("rankm", "", lambda row: "bynode" if "rank-map-bynode" in row.job.spec.get("mpi", {}) else "bychip", "BU ST"),
    Item("adt", "", lambda row: times.date(row.job.accepted)),
    Item("snum", "", lambda row: str(row.parts.total) if row.job.is_parent else "-"),
    Item("nnuma", "", allocated),
    *(Item(key, "", lambda _: "-") for key in ("vnnuma", "vcnuma", "vmema", "vpol", "epol", "vnid")),
)
_BY_KEY = {**statistics.BY_KEY, **{item.key: item for item in _ITEMS}}
COLUMNS: Tuple[Column, ...] = tuple(
    Column(_BY_KEY[key], header, int(width)) for key, header, width in map(str.split, _LAYOUT.split(";"))
)
# The width with -E, from the End-user's Guide, page 150.
EXPANDED_ID = Column(_BY_KEY["jid"], "JOB_ID", 24)
BY_ITEM: Dict[str, Column] = {column.item.key: column for column in COLUMNS}
DEFAULT = ("jid", "jnam", "jmdl", "st", "usr", "sdt", "elpl", "nnumr", "vnnuma", "vcnuma", "vmema")
VERBOSE = tuple(column.item.key for column in COLUMNS[:24])
# `-v --pattern=1`, Command Reference page 75.
PATTERN = (*VERBOSE, "snum", "nnuma", "rscu")
# With -s and -S also the items of the statistics. Their headers are not documented: titles, in one word.
STATISTICAL: Dict[str, Column] = {
    **{
        key: Column(item, item.title.replace(" ", "_"), max(15, len(item.title)))
        for key, item in statistics.BY_KEY.items()
    },
    **BY_ITEM,
}


def known(statistical: bool) -> Dict[str, Column]:
    """The columns that `--choose`, `--filter` and `--sort` know, with or without -s and -S."""
    return STATISTICAL if statistical else BY_ITEM


def chosen(text: str, statistical: bool) -> List[Column]:
    """The columns of `--choose`. Unknown items are dropped; if an item is repeated, the last one is kept.

    Raises:
        Refusal: no item is known.
    """
    columns = [known(statistical)[item] for item in items_of(text) if item in known(statistical)]
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
    text = column.item.of(row)
    # An id is never cut, because a part of an id is useless.
    return f"{text if column.item.key == 'jid' else text[: column.width]:<{column.width}}"


def data(columns: Sequence[Column], rows: Sequence[Row], delimiter: str) -> List[str]:
    """The records of `--data`. The header record begins with H, the others begin with an empty field."""
    texts = [[(column.item.of(row), column.width) for column in columns] for row in rows]
    records = [[_field(text[:width] if text == MASKED else text, delimiter) for text, width in row] for row in texts]
    header = ["H", *(column.header for column in columns)]
    return [delimiter.join(fields) for fields in [header, *(["", *record] for record in records)]]


def _field(text: str, delimiter: str) -> str:
    return '"{}"'.format(text.replace('"', '""')) if delimiter in text or text[:1] == '"' else text
