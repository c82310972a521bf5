"""pjstat's layouts as this project understands them, for tests that write what the parser has to read."""

from __future__ import annotations

from typing import List, Mapping, Sequence, Tuple

# Name and width of the columns of `pjstat -v`, version 4.
WIDE: Sequence[Tuple[str, int]] = (
    ("JOB_ID", 10),
    ("JOB_NAME", 10),
    ("MD", 2),
    ("ST", 3),
    ("USER", 8),
    ("GROUP", 8),
    ("START_DATE", 15),
    ("ELAPSE_TIM", 10),
    ("ELAPSE_LIM", 21),
    ("NODE_REQUIRE", 15),
    ("VNODE", 6),
    ("CORE", 4),
    ("V_MEM", 12),
    ("V_POL", 5),
    ("E_POL", 5),
    ("RANK", 9),
    ("LST", 3),
    ("EC", 3),
    ("PC", 3),
    ("SN", 3),
    ("PRI", 3),
    ("ACCEPT", 14),
    ("RSC_GRP", 8),
    ("REASON", 16),
)


def wide(rows: Sequence[Mapping[str, str]], padded: bool = True) -> str:
    """The table of these rows; cells that are not given are "-". A cell that is too wide moves the rest."""
    lines = [" ".join(name.ljust(width) for name, width in WIDE)]
    lines += [" ".join(row.get(name, "-").ljust(width) for name, width in WIDE) for row in rows]
    return "".join(f"{line if padded else line.rstrip()}\n" for line in lines) if rows else ""


def comma(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    """The same as `--data` writes it."""
    lines: List[Sequence[str]] = [["H", *columns]]
    lines += [["", *(row.get(name, "-") for name in columns)] for row in rows]
    return "".join(",".join(line) + "\n" for line in lines)
