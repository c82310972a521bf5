"""The summaries of pjstat: --summary, --limit, --rsc. Source: Command Reference, 65-68; Fugaku user guide, node use."""

from __future__ import annotations

import grp
import pwd
from typing import Callable, Dict, List, Sequence

from pjm.emulator.listing.selection import Options, rows
from pjm.emulator.machine.context import Context, one_group, own_group
from pjm.emulator.machine.ids import Wanted
from pjm.emulator.machine.resources import CORES
from pjm.emulator.machine.store import ON_NODES, WHOLE, Job

# The states of Fugaku's pjstat, which has no SUSPND. The spelling RUNING is PJM's.
_STATES = (
    "ACCEPT ACC; QUEUED QUE; RUNING RNA RNP RUN RNE; RUNOUT RNO; HOLD HLD; ERROR ERR; REJECT RJT; EXIT EXT; CANCEL CCL"
)
STATES = {name: states for name, *states in (entry.split() for entry in _STATES.split(";"))}
_LIMITS = (
    "accept accept-allsubjob accept-bulksubjob accept-stepsubjob run-job run-bulksubjob use-node interact-accept "
    "interact-run-job interact-use-node use-core interact-use-core"
)


def summary(context: Context, ids: Sequence[Wanted], given: Options) -> List[str]:
    """The lines of `--summary`: how many jobs, and sub jobs, are in each state."""
    jobs = [row.job for row in rows(context, ids, {**given, "expand": ""})]
    header = "  " + " ".join(f"{name:>6}" for name in STATES) + f" {'TOTAL':>6}"
    wholes = [job for job in jobs if job.sub == WHOLE]
    parts = [job for job in jobs if job.sub != WHOLE]
    return [header, _counted(" ", wholes), _counted("s", parts)]


def _counted(first: str, jobs: Sequence[Job]) -> str:
    numbers = [sum(job.state in states for job in jobs) for states in STATES.values()]
    return " ".join([first, *(f"{number:>6}" for number in [*numbers, len(jobs)])])


def limits(context: Context, given: Options) -> List[str]:
    """The lines of `--limit`: the limits of a user, of a group and of all, and how much of each is used.

    The columns are those of Fugaku, recorded in 2026.

    Raises:
        Refusal: there is no such resource unit or resource group.
    """
    settings, store, unit = context.settings, context.store, context.settings.rscunit
    of_group = one_group(context, given)
    lines, prefix, within = [" System Resource Information:", f" RSCUNIT: {unit}"], "ru", {"rscunit": unit}
    if "rscgrp" in given:
        # The blank before the colon is the manual's: End-user's Guide, page 67.
        lines, prefix, within = [*lines, f" RSCGRP : {of_group}"], "rg", {**within, "rscgrp": of_group}
    user = _name(given.get("user", context.user), lambda number: pwd.getpwuid(number).pw_name)
    theirs = store.unfinished(**within, user=user)
    own = theirs[0].group if theirs else own_group()
    group = _name(given.get("group", own), lambda number: grp.getgrgid(number).gr_name)
    of_groups = {
        "accept": settings.accept_jobs,
        "accept-bulksubjob": settings.accept_bulk,
        "accept-stepsubjob": settings.accept_step,
    }
    lines += [f" USER: {user}", *_section(prefix, {"accept": settings.accept_user}, theirs)]
    lines += [f" GROUP: {group}", *_section(prefix, of_groups, store.unfinished(**within, group=group))]
    return [*lines, " ALL:", *_section(prefix, {}, store.unfinished(**within))]


def _name(text: str, lookup: Callable[[int], str]) -> str:
    """The name of a user or group that may be given by number."""
    try:
        return lookup(int(text)) if text.isdecimal() else text
    except (KeyError, OverflowError):
        return text


def _section(prefix: str, given: Dict[str, int], jobs: Sequence[Job]) -> List[str]:
    running = [job for job in jobs if job.state in ON_NODES and not job.is_parent]
    nodes = sum(job.nodes or 0 for job in running)
    used = {
        "accept": sum(job.sub == WHOLE for job in jobs),
        "accept-allsubjob": sum(not job.is_parent for job in jobs),
        "accept-bulksubjob": sum(job.sub != WHOLE and job.model == "BU" for job in jobs),
        "accept-stepsubjob": sum(job.sub != WHOLE and job.model == "ST" for job in jobs),
        "run-job": sum(job.sub == WHOLE and job.state == "RUN" for job in jobs),
        "run-bulksubjob": sum(job.sub != WHOLE and job.model == "BU" and job.state == "RUN" for job in jobs),
        "use-node": nodes,
        "use-core": nodes * CORES,
    }
    rows = [(f"{prefix}-{name}", given.get(name) or "unlimited", used.get(name, 0)) for name in _LIMITS.split()]
    return [f"  {name:<32}{limit!s:>10}{use!s:>14}" for name, limit, use in [("LIMIT-NAME", "LIMIT", "ALLOC"), *rows]]


def resources(shape: bool) -> List[str]:
    """The lines of `--rsc`: a header alone, as public clients found it on Fugaku."""
    columns = [("RSCUNIT", 32), ("RSCUNIT_SIZE", 12), ("RSCGRP", 32), ("RSCGRP_SIZE", 11), ("MAX_SIZE", 11)]
    return [" ".join(f"{name:<{width}}" for name, width in columns[: 5 if shape else 4])]
