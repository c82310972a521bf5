"""The command pjacl, which shows what a user may ask for. Source: End-user's Guide, 56-60; Fugaku guide, Overview."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from pjm.emulator.commands.getopt import FLAG, VALUE, asked, options
from pjm.emulator.machine.context import Context, one_group, own_group
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.resources import LARGEST, NUMERIC, PROCESS_LIMITS
from pjm.emulator.machine.settings import Settings

Line = Tuple[int, List[str]]  # blanks at its start, and its cells
_WITH_VALUE = """
rscunit --rscunit --ru; rscgrp --rscgrp --rg; group -g --gname; user -u --uname; delimiter --delimiter
"""
KNOWN = {**options(_WITH_VALUE, VALUE), **options("data --data", FLAG)}


def run(context: Context, words: Sequence[str]) -> int:
    """Show the limits of one resource group."""
    given, others = asked(words, KNOWN, "pjacl [--ru rscunit] [--rg rscgrp] [-g group] [-u user] [--data]")
    settings = context.settings
    if others:
        raise Refusal("04", others[0])
    rows = [
        (0, ["user", given.get("user", context.user)]),
        (0, ["group", given.get("group", own_group())]),
        (0, ["defines"]),
        (4, ["default rscunit", settings.rscunit]),
        (4, ["default rscgroup", settings.rscgrp]),
        (0, ["pjsub option parameters"]),
        *_parameters(settings, one_group(context, given)),
    ]
    if "data" in given:
        print("\n".join(given.get("delimiter", ",").join(row) for _, row in rows))
        return 0
    print("#\n# JOBACL information\n#\n")
    for indent, (first, *others) in rows:
        print(f"{' ' * indent}{first:<{44 - indent}}{''.join(f'{cell + chr(32):<17}' for cell in others)}".rstrip())
    return 0


def _time(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _parameters(settings: Settings, name: str) -> List[Line]:
    group = settings.groups[name]
    least, most, default = (_time(each) for each in (group.elapse_min, group.elapse_max, group.elapse_default))
    unlimited, virtual = ["1", "unlimited", "unlimited"], ["1", str(LARGEST), "1"]
    numbers = {
        "(elapse=)": [least, most, default],
        "(adaptive elapsed time min)": [least, most, default],
        "(adaptive elapsed time max)": [_time(group.elapse_min + 1), *[_time(group.adaptive_max)] * 2],
        **{f"({key})": ["1", "unlimited", "-"] for key in ("node elapse", "adaptive node elapse min")},
        "(adaptive node elapse max)": ["2", "unlimited", "-"],
        **{f"({key})": ["1", "unlimited", "-"] for key in ("total cores elapse", "total cores")},
        "(node=)": [str(group.nodes_min), str(group.nodes_max), str(group.nodes_default)],
        "(node-mem=)": unlimited,
        **{f"({key}=)": virtual for key in ("vnode", "vnode-core")},
        "(vnode-mem=)": unlimited,
        **{f"(proc-{limit.name}=)": ["-", limit.upper, limit.default] for limit in PROCESS_LIMITS},
        **{
            f"({key}=)": [str(lower), "unlimited" if upper == LARGEST else str(upper), "0"]
            for key, (lower, upper) in NUMERIC.items()
        },
    }
    title = "(--interact -L)" if "batch" in group.denied else "(-L/--rsc-list)"
    selected = {f"({key}=)": [",".join(values), "-"] for key, values in settings.custom.items() if values}
    return [
        (4, [title, "lower", "upper", "default"]),
        *((8, [key, *values]) for key, values in numbers.items()),
        (4, [title, "select", "default"]),
        *((8, [key, *values]) for key, values in selected.items()),
    ]
