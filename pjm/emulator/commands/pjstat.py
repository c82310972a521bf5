"""The command pjstat, which shows jobs. Source: Command Reference, pages 66-81."""

from __future__ import annotations

from typing import Dict, List, Sequence

from pjm.emulator.commands.getopt import FLAG, MAYBE, VALUE, Option, scan
from pjm.emulator.listing import summary
from pjm.emulator.listing.columns import (
    BY_ITEM,
    DEFAULT,
    EXPANDED_ID,
    PATTERN,
    VERBOSE,
    Column,
    Row,
    chosen,
    data,
    table,
)
from pjm.emulator.listing.selection import Question, parse_ids, period, rows
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.running import statistics

USAGE = "Usage: pjstat [options] [jobid ...]"
_FLAGS = {
    "all": ("-A", "--all"),
    "expand": ("-E", "--expand"),
    "verbose": ("-v", "--verbose"),
    "stats": ("-s", "--stats"),
    "STATS": ("-S", "--STATS"),
    "data": ("--data",),
    "summary": ("--summary",),
    "with-summary": ("--with-summary",),
    "limit": ("--limit",),
    "rsc": ("--rsc",),
    "nodes": ("-X",),
    "shape": ("--shape",),
    "help": ("--help",),
}
_VALUES = ("--pattern", "--choose", "--filter", "--sort", "--delimiter", "--user", "--group")
KNOWN = {
    **{spelling: Option(name, FLAG) for name, spellings in _FLAGS.items() for spelling in spellings},
    **{spelling: Option(spelling[2:], VALUE) for spelling in _VALUES},
    **{spelling: Option("history", MAYBE, r"(day|start|end|period)=.*") for spelling in ("-H", "--history")},
    **{f"--{name}": Option(name, MAYBE, r"[A-Za-z][\w-]*") for name in ("rscunit", "rscgrp")},
}


def run(context: Context, words: Sequence[str]) -> int:
    """Answer what the command line asks."""
    given, names = scan(words, KNOWN)
    options = dict(given)
    if "help" in options:
        print(USAGE)
        return 0
    _check(options)
    if "limit" in options:
        _print(summary.limits(context, "rscgrp" in options))
        return 0
    if "rsc" in options:
        _print(summary.resources(context))
        return 0
    question = Question(
        parse_ids(names),
        "expand" in options,
        "all" in options,
        "history" in options,
        options.get("history", ""),
        options.get("filter", ""),
        options.get("sort", ""),
    )
    # Checked before the jobs are read, because a wrong period is an error even if there are no jobs.
    period(question.period, 1, 0.0)
    if "summary" in options:
        _print(summary.summary(context, question))
        return 0
    jobs = rows(context, question)
    if "with-summary" in options:
        _print(summary.summary(context, question))
    _print(_listed(options, jobs, context.settings.header_only))
    return 0


def run_empty(words: Sequence[str], header: bool) -> int:
    """Answer as if there were no jobs: a fault on demand."""
    given, names = scan(words, KNOWN)
    parse_ids(names)
    _print(_listed(dict(given), [], header))
    return 0


def _check(options: Dict[str, str]) -> None:
    shapes = [name for name in ("verbose", "stats", "STATS") if name in options]
    if len(shapes) > 1:
        spelt = {"verbose": "-v", "stats": "-s", "STATS": "-S"}
        raise Refusal("02", f"'{spelt[shapes[0]]}' and '{spelt[shapes[1]]}'")
    if options.get("pattern", "1") != "1":
        raise Refusal("04", f"--pattern {options['pattern']}")


def _listed(options: Dict[str, str], jobs: List[Row], header: bool) -> List[str]:
    statistical = "stats" in options or "STATS" in options
    if not jobs and not header:
        return []
    if statistical and "data" not in options:
        return _blocks(jobs, "STATS" in options, options.get("choose"))
    columns = _columns(options, statistical)
    if "data" in options:
        return data(columns, jobs, options.get("delimiter", ","))
    if "expand" in options:
        columns = [EXPANDED_ID if column.item == "jid" else column for column in columns]
    return table(columns, jobs)


def _columns(options: Dict[str, str], statistical: bool) -> List[Column]:
    if "choose" in options:
        return chosen(options["choose"], statistical)
    if "pattern" in options and "verbose" in options:
        return [BY_ITEM[item] for item in PATTERN]
    return [BY_ITEM[item] for item in (VERBOSE if "verbose" in options or statistical else DEFAULT)]


def _blocks(jobs: List[Row], per_node: bool, choose: str | None) -> List[str]:
    lines: List[str] = []
    items = None if choose is None else [item.strip().lower() for item in choose.split(",")]
    for row in jobs:
        lines += [*statistics.shown(row.job, row.spec, per_node, row.parts, items), ""]
    return lines[:-1]


def _print(lines: Sequence[str]) -> None:
    if lines:
        print("\n".join(lines))
