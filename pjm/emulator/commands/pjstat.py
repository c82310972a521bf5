"""The command pjstat, which shows jobs. Source: Command Reference, pages 66-81."""

from __future__ import annotations

from typing import Dict, List, Sequence

from pjm.emulator.commands.getopt import FLAG, MAYBE, VALUE, asked, options
from pjm.emulator.listing import summary
from pjm.emulator.listing.columns import (
    BY_ITEM,
    DEFAULT,
    EXPANDED_ID,
    PATTERN,
    VERBOSE,
    Column,
    chosen,
    data,
    items_of,
    table,
)
from pjm.emulator.listing.selection import is_statistical, rows
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.ids import wanted
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.running import statistics
from pjm.emulator.running.statistics import Row

USAGE = "pjstat [options] [jobid ...]"
_FLAGS = """
all -A --all; expand -E --expand; verbose -v --verbose; stats -s --stats; STATS -S --STATS; data --data;
summary --summary; with-summary --with-summary; limit --limit; rsc --rsc; nodes -X; shape --shape
"""
_WITH_VALUE = """
pattern --pattern; choose --choose; filter --filter; sort --sort; delimiter --delimiter; user --user; group --group
"""
KNOWN = {
    **options(_FLAGS, FLAG),
    **options(_WITH_VALUE, VALUE),
    **options("history -H --history", MAYBE, r"(day|start|end|period)=.*"),
    **options("rscunit --rscunit --ru; rscgrp --rscgrp --rg", MAYBE, r"[A-Za-z][\w,-]*"),
}


def run(context: Context, words: Sequence[str]) -> int:
    """Answer what the command line asks."""
    given, names = asked(words, KNOWN, USAGE)
    _check(given)
    if "limit" in given:
        _print(summary.limits(context, given))
        return 0
    if "rsc" in given:
        _print(summary.resources("shape" in given))
        return 0
    ids = [wanted(name) for name in names]
    if "summary" in given:
        _print(summary.summary(context, ids, given))
        return 0
    jobs = rows(context, ids, given)
    if "with-summary" in given:
        _print(summary.summary(context, ids, given))
    _print(_listed(given, jobs, context.settings.header_only))
    return 0


def run_empty(words: Sequence[str], header: bool) -> int:
    """Answer as if there were no jobs: a fault on demand."""
    given, names = asked(words, KNOWN, USAGE)
    for name in names:
        wanted(name)
    _print(_listed(given, [], header))
    return 0


def _check(given: Dict[str, str]) -> None:
    shapes = [name for name in ("verbose", "stats", "STATS") if name in given]
    if len(shapes) > 1:
        spelt = {"verbose": "-v", "stats": "-s", "STATS": "-S"}
        raise Refusal("02", f"'{spelt[shapes[0]]}' and '{spelt[shapes[1]]}'")
    if given.get("pattern", "1") != "1":
        raise Refusal("04", f"--pattern {given['pattern']}")
    delimiter = given.get("delimiter", ",")
    if not delimiter or delimiter.startswith("-"):
        raise Refusal("04", f"--delimiter {delimiter}")
    if "choose" in given:
        chosen(given["choose"], is_statistical(given))


def _listed(given: Dict[str, str], jobs: List[Row], header: bool) -> List[str]:
    if not jobs and not header:
        return []
    if is_statistical(given) and "data" not in given:
        return _blocks(jobs, "STATS" in given, given.get("choose"))
    columns = _columns(given)
    grouped = [name for name in ("rscunit", "rscgrp") if name in given]
    if "data" in given:
        delimiter = given.get("delimiter", ",")
        # The empty field, in the header only, is the manual's: End-user's Guide, page 154.
        units = [
            [*(name.upper() for name in grouped), ""],
            *([getattr(row.job, name) for name in grouped] for row in jobs),
        ]
        records = [line.split(delimiter, 1) for line in data(columns, jobs, delimiter)]
        return [
            delimiter.join([first, *(unit if grouped else ()), rest]) for (first, rest), unit in zip(records, units)
        ]
    if "expand" in given:
        columns = [EXPANDED_ID if column.item.key == "jid" else column for column in columns]
    if not grouped or not jobs:
        return table(columns, jobs)
    lines: List[str] = []
    for names in sorted({tuple(getattr(row.job, name) for name in grouped) for row in jobs}):
        lines += [f"[ {name.upper()}: {text} ]" for name, text in zip(grouped, names)]
        lines += table(columns, [row for row in jobs if tuple(getattr(row.job, name) for name in grouped) == names])
    return lines


def _columns(given: Dict[str, str]) -> List[Column]:
    statistical = is_statistical(given)
    if "choose" in given:
        return chosen(given["choose"], statistical)
    if "pattern" in given and "verbose" in given:
        return [BY_ITEM[item] for item in PATTERN]
    return [BY_ITEM[item] for item in (VERBOSE if "verbose" in given or statistical else DEFAULT)]


def _blocks(jobs: List[Row], per_node: bool, choose: str | None) -> List[str]:
    lines: List[str] = []
    for row in jobs:
        lines += [*statistics.shown(row, per_node, None if choose is None else items_of(choose)), ""]
    return lines[:-1]


def _print(lines: Sequence[str]) -> None:
    if lines:
        print("\n".join(lines))
