"""The summaries of pjstat: --summary, --limit, --rsc. Source: Command Reference, 65-68; Fugaku user guide, node use."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

from pjm.emulator.listing.selection import Question, rows
from pjm.emulator.machine.context import Context, own_group
from pjm.emulator.machine.store import ON_NODES, WHOLE, Job

# The states of Fugaku's pjstat, which has no SUSPND. The spelling RUNING is PJM's.
STATES: Tuple[Tuple[str, Tuple[str, ...]], ...] = (
    ("ACCEPT", ("ACC",)),
    ("QUEUED", ("QUE",)),
    ("RUNING", ("RNA", "RNP", "RUN", "RNE")),
    ("RUNOUT", ("RNO",)),
    ("HOLD", ("HLD",)),
    ("ERROR", ("ERR",)),
    ("REJECT", ("RJT",)),
    ("EXIT", ("EXT",)),
    ("CANCEL", ("CCL",)),
)
LIMITS = (
    "accept",
    "accept-allsubjob",
    "accept-bulksubjob",
    "accept-stepsubjob",
    "run-job",
    "run-bulksubjob",
    "use-node",
    "interact-accept",
    "interact-run-job",
    "interact-use-node",
    "use-core",
    "interact-use-core",
)


def summary(context: Context, question: Question) -> List[str]:
    """The lines of `--summary`: how many jobs, and sub jobs, are in each state."""
    question.expand = True
    jobs = [row.job for row in rows(context, question)]
    header = "  " + " ".join(f"{name:>6}" for name, _ in STATES) + f" {'TOTAL':>6}"
    wholes = [job for job in jobs if job.sub == WHOLE]
    parts = [job for job in jobs if job.sub != WHOLE]
    return [header, _counted(" ", wholes), _counted("s", parts)]


def _counted(first: str, jobs: Sequence[Job]) -> str:
    numbers = [sum(job.state in states for job in jobs) for _, states in STATES]
    return " ".join([first, *(f"{number:>6}" for number in [*numbers, len(jobs)])])


def limits(context: Context, of_group: bool) -> List[str]:
    """The lines of `--limit`: the limits of user, group and all users, and how much of each is used."""
    prefix = "rg" if of_group else "ru"
    lines = ["System Resource Information:", f"RSCUNIT: {context.settings.rscunit}"]
    if of_group:
        lines.append(f"RSCGRP: {context.settings.rscgrp}")
    store = context.store
    mine = store.unfinished(user=context.user)
    group = mine[0].group if mine else own_group()
    theirs = store.unfinished(group=group)
    of_groups = {
        "accept": context.settings.accept_jobs,
        "accept-bulksubjob": context.settings.accept_bulk,
        "accept-stepsubjob": context.settings.accept_step,
    }
    lines += [f"USER: {context.user}", *_section(prefix, {"accept": context.settings.accept_user}, mine)]
    lines += [f"GROUP: {group}", *_section(prefix, of_groups, theirs)]
    return [*lines, "ALL:", *_section(prefix, {}, store.unfinished())]


def _section(prefix: str, given: Dict[str, int], jobs: Sequence[Job]) -> List[str]:
    used = {
        "accept": sum(job.sub == WHOLE for job in jobs),
        "accept-allsubjob": sum(job.sub != WHOLE for job in jobs),
        "accept-bulksubjob": sum(job.sub != WHOLE and job.model == "BU" for job in jobs),
        "accept-stepsubjob": sum(job.sub != WHOLE and job.model == "ST" for job in jobs),
        "run-job": sum(job.sub == WHOLE and job.state == "RUN" for job in jobs),
        "run-bulksubjob": sum(job.sub != WHOLE and job.model == "BU" and job.state == "RUN" for job in jobs),
        "use-node": sum(job.nodes or 0 for job in jobs if job.state in ON_NODES and not job.is_parent),
    }
    lines = [" LIMIT-NAME                    LIMIT  ALLOC"]
    for name in LIMITS:
        lines.append(f" {prefix + '-' + name:<22}{given.get(name) or 'unlimited'!s:>13}{used.get(name, 0):>7}")
    return lines


def resources(context: Context) -> List[str]:
    """The lines of `--rsc`: the resource units and groups."""
    lines = [f"{'RSCUNIT':<30} {'RSCGRP':<30} STATUS", f"{context.settings.rscunit:<30} {'-':<30} ENABLE,START"]
    for name, group in sorted(context.settings.groups.items()):
        status = "ENABLE,START" if group.enabled else "DISABLE,STOP"
        lines.append(f"{context.settings.rscunit:<30} {name:<30} {status}")
    return lines
