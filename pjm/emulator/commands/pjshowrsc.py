"""The command pjshowrsc, which shows how many nodes are free. Source: Command Reference, 53-61; Fugaku user guide."""

from __future__ import annotations

from typing import List, Sequence

from pjm.emulator.commands.getopt import FLAG, MAYBE, VALUE, asked, options
from pjm.emulator.machine.context import Context, units_and_groups
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.resources import CORES, MEMORY

CLUSTER = "fugaku-comp"
KNOWN = {
    **options("rscunit --rscunit --ru; rscgrp --rscgrp --rg", MAYBE, r"[A-Za-z][\w,-]*"),
    **options("level -v", MAYBE, "[0-3]"),
    **options("group -g; cluster -c; delimiter --delimiter", VALUE),
    **options("custom --custom-resource -C; list -l; data --data", FLAG),
}


def run(context: Context, words: Sequence[str]) -> int:
    """Show the emulated nodes: all of them are in every resource group."""
    given, others = asked(words, KNOWN, "pjshowrsc [-g group] [--ru [rscunit]] [--rg [rscgrp]] [-l | -v 2] [--data]")
    if others or given.get("level", "2") != "2":
        raise Refusal("04", others[0] if others else f"-v {given['level']} (emulator)")
    settings = context.settings
    _, groups = units_and_groups(context, given)
    used = min(settings.nodes, sum(job.nodes or 1 for job in context.store.on_nodes()))
    nodes = (settings.nodes, settings.nodes - used, used)
    head = [f"[ CLST: {CLUSTER} ]", f"[ RSCUNIT: {settings.rscunit} ]"]
    rows: List[List[str]] = []
    if "custom" in given or "level" in given:
        head.append("CUSTOM_RESOURCE")
        rows, first, widths = [["RSCNAME", "TOTAL", "FREE", "ALLOC"], *_custom(context)], "<32", (10, 10, 10)
    elif "list" in given:
        cores, memory = ([str(number * CORES) for number in nodes], [f"{n * MEMORY // 1024**3}Gi" for n in nodes])
        rows = [["RSC", "TOTAL", "FREE", "ALLOC"], ["node", *map(str, nodes)], ["cpu", *cores], ["mem", *memory]]
        first, widths = ">8", (9, 8, 8)
    else:
        by_group = "rscgrp" in given
        shown = (groups or sorted(settings.groups)) if by_group else [settings.rscunit]
        rows = [["", "TOTAL", "FREE", "ALLOC"], *([name, *map(str, nodes)] for name in shown)]
        first, widths = "<15", (7, 7, 7)
        head = [*(head if by_group else head[:1]), f"{'RSCGRP' if by_group else 'RSCUNIT':<17}NODE"]
    if "data" in given:
        print("\n".join(given.get("delimiter", ",").join(["" if n else "H", *row]) for n, row in enumerate(rows)))
        return 0
    lines = [f"{name:{first}}" + "".join(f"{c:>{w}}" for c, w in zip(cells, widths)) for name, *cells in rows]
    print("\n".join([*head, *lines]))
    return 0


def _custom(context: Context) -> List[List[str]]:
    """Each value of a custom resource, and how many jobs have it. Resources that are numbers have no total here."""
    taken = [tuple(pair) for job in context.store.on_nodes() for pair in job.spec.get("custom", ())]
    names = {(name, value): f"{name}/{value}" for name, values in context.settings.custom.items() for value in values}
    return [[text, "unlimited", "unlimited", str(taken.count(pair))] for pair, text in names.items()]
