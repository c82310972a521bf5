"""Accepts a submission: checks the limits, gives out ids, saves the script, and puts the jobs into the database."""

from __future__ import annotations

import grp
import os
import time
from typing import Dict, List, NamedTuple, Optional, Tuple

from pjm.emulator.commands.request import LARGEST_STEP, Merged, Wanted, bulk_range
from pjm.emulator.machine import faults, times
from pjm.emulator.machine.context import Context, own_group
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.store import WHOLE, Job
from pjm.emulator.running.job_environment import FREE_TEXTS

NOBODYS_GROUP = 59999
# The umask of the caller. Reading it means setting it for a moment, so it is read once, before any file is written.
_MASK = os.umask(0o077)
os.umask(_MASK)


class New(NamedTuple):
    """A job that is about to be accepted.

    Attributes:
        name: name of the job.
        folder: folder in which it was submitted and will run.
        text: content of the script.
        options: options of script and command line, merged.
        wanted: its resources.
    """

    name: str
    folder: str
    text: bytes
    options: Merged
    wanted: Wanted


def accept(context: Context, new: New, parent: Optional[int] = None) -> Tuple[str, ...]:
    """Put a job into the database.

    ``parent`` is the number of the step job that this command has begun.

    Returns:
        The id to print; for a bulk job, the ids of the sub jobs follow.

    Raises:
        Refusal: the group is missing, a limit of acceptance is reached, or the step job does not exist.
    """
    group = _group(new.options.single)
    if not group and context.settings.require_group:
        raise Refusal("71", NOBODYS_GROUP)
    group = group or own_group()
    with context.store.changing():
        if new.options.has("step"):
            jobs = _step(context, new, group, parent)
        elif new.options.has("bulk"):
            jobs = _bulk(context, new, group)
        else:
            jobs = [_job(context, new, group, _next(context), WHOLE, "NM")]
        _within_limits(context, jobs, group)
        for job in jobs:
            job.faults = faults.of_job(context.faults, job, context.store)
            _postpone(job)
        script = _put_aside(context, new, jobs[-1])
        for job in jobs:
            if job.spec:
                job.spec["script"] = script
        context.store.put(jobs)
    parts = [job for job in jobs if not job.is_parent]
    return (parts[0].id,) if jobs[0].model != "BU" else (str(jobs[0].jid), *(job.id for job in parts))


def _group(single: Dict[str, str]) -> str:
    """The group to charge; "" if none was given. A name need not be a group of this machine, a number must be."""
    number = single.get("gid")
    if number is None:
        return single.get("group", "")
    try:
        return grp.getgrgid(int(number)).gr_name
    except ValueError as error:
        raise Refusal("04", f"--gid {number}") from error
    except (KeyError, OverflowError) as error:
        raise Refusal("41") from error


def _next(context: Context) -> int:
    return context.store.next("jid", context.settings.first_id)


def _bulk(context: Context, new: New, group: str) -> List[Job]:
    first, last = bulk_range(new.options)
    whole = _job(context, new, group, _next(context), WHOLE, "BU")
    whole.due = None
    return [whole, *(_job(context, new, group, whole.jid, number, "BU") for number in range(first, last + 1))]


def _step(context: Context, new: New, group: str, parent: Optional[int]) -> List[Job]:
    sparam = new.options.keyed.get("sparam", {})
    whole = _existing(context, sparam, parent)
    changed: List[Job] = []
    if whole is None:
        whole = _job(context, new, group, _next(context), WHOLE, "ST")
        whole.nodes, whole.elapse, whole.due = None, None, None
        changed.append(whole)
    numbers = [job.sub for job in context.store.subs(whole.jid)]
    number = int(sparam["sn"]) if "sn" in sparam else max(numbers, default=-1) + 1
    if numbers and number <= max(numbers):
        # A requested number holds for the first of several scripts only.
        if parent is None or "sn" not in sparam:
            raise Refusal("04", f"--sparam sn={number}")
        number = max(numbers) + 1
    if number > LARGEST_STEP:
        raise Refusal("60")
    step = _job(context, new, group, whole.jid, number, "ST")
    step.name = sparam.get("jnam", step.name)
    whole.name = whole.name if not changed else step.name
    step.spec["needs"] = list(new.options.dependencies)
    if not changed and whole.state not in ("RUN", "QUE"):
        whole.move("QUE")
        changed.append(whole)
    return [*changed, step]


def _existing(context: Context, sparam: Dict[str, str], parent: Optional[int]) -> Optional[Job]:
    if parent is not None:
        return context.store.get(parent)
    mine = {"model": "ST", "sub": WHOLE, "user": context.user}
    if "jid" in sparam:
        jobs = context.store.unfinished(**mine, jid=int(sparam["jid"]))
        if not jobs:
            raise Refusal("12", sparam["jid"])
        return jobs[0]
    jobs = context.store.unfinished(**mine, name=sparam["jnam"]) if "jnam" in sparam else []
    return jobs[-1] if jobs else None


def _job(context: Context, new: New, group: str, jid: int, sub: int, model: str) -> Job:
    now = time.time()
    settings, wanted, single = context.settings, new.wanted, new.options.single
    return Job(
        jid,
        sub,
        model,
        new.name,
        context.user,
        group,
        accepted=now,
        due=now + settings.accept,
        visible=now + settings.late,
        history=settings.history_delay,
        linger=settings.linger,
        nodes=wanted.nodes,
        elapse=wanted.elapse,
        rscunit=wanted.rscunit,
        rscgrp=wanted.rscgrp,
        priority=int(single.get("priority", 127)),
        spec=_spec(context, new) if sub == WHOLE or model == "ST" else {},
    )


def _spec(context: Context, new: New) -> Dict[str, object]:
    settings, options, wanted = context.settings, new.options, new.wanted
    return {
        **wanted._asdict(),
        "cwd": new.folder,
        "out": options.single.get("out"),
        "err": options.single.get("err"),
        "join": options.has("join"),
        "stats": "S" if options.has("STATS") else "s" if options.has("stats") else "",
        "spath": options.single.get("spath"),
        "env": options.keyed.get("env", {}),
        "exported": dict(os.environ) if options.has("export") else None,
        "submitter": {
            name: os.environ.get(name, "") for name in ("HOME", "LANG", "LOGNAME", "MAIL", "PATH", "SHELL", "TZ")
        },
        "host": os.uname().nodename,
        "umask": _MASK,
        "mpi": options.keyed.get("mpi", {}),
        "llio": options.keyed.get("llio", {}),
        "norestart": options.has("norestart"),
        "at-text": options.single.get("at"),
        "at": times.day(options.single["at"]) if options.has("at") else None,
        "prefix": options.single.get("prefix", "#PJM"),
        **{name: options.single.get(name) for name in ("mail", "mail-list", "net-route")},
        **{name: options.single.get(name) or os.environ.get(variable) for name, variable in FREE_TEXTS.items()},
        "start": settings.start,
        "end": settings.end,
        "second": settings.second,
        "kill_after": settings.kill_after,
    }


def _within_limits(context: Context, jobs: List[Job], group: str) -> None:
    settings, store = context.settings, context.store
    # The step job to which a step is appended is there, and is counted with the others.
    new = sum(job.sub == WHOLE and store.get(job.jid) is None for job in jobs)
    for whose, most in (({"user": context.user}, settings.accept_user), ({"group": group}, settings.accept_jobs)):
        if most and new + store.count_unfinished(False, **whose) > most:
            raise Refusal("72", "ru-accept")
    for model, most in (("BU", settings.accept_bulk), ("ST", settings.accept_step)):
        new = sum(job.model == model and job.sub != WHOLE for job in jobs)
        if most and new and new + store.count_unfinished(True, group=group, model=model) > most:
            raise Refusal("72", f"ru-accept-{'bulk' if model == 'BU' else 'step'}subjob")


def _postpone(job: Job) -> None:
    """Apply the faults that delay when the views show a job."""
    for rule in job.faults:
        seconds = rule.get("seconds", 1.0)
        if rule["fault"] == "late":
            job.visible += seconds
        elif rule["fault"] == "gap":
            job.history += seconds


def _put_aside(context: Context, new: New, job: Job) -> str:
    target = context.folder.spool / (f"{job.jid}.{job.sub}.sh" if job.model == "ST" else f"{job.jid}.sh")
    try:
        target.write_bytes(new.text)
        target.chmod(0o600)
    except OSError as error:
        raise Refusal("28", str(target)) from error
    return str(target)
