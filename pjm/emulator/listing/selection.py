"""Selects and sorts the jobs that pjstat shows. Source: Command Reference, 67-73."""

from __future__ import annotations

import re
import time
from typing import Callable, List, Mapping, Optional, Sequence, Tuple

from pjm.emulator.listing.columns import known
from pjm.emulator.machine import times
from pjm.emulator.machine.context import Context, units_and_groups
from pjm.emulator.machine.ids import Wanted
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.store import WHOLE, Job
from pjm.emulator.running.statistics import ALONE, Parts, Row

DAY = 86400.0
MOST_DAYS = 365
Options = Mapping[str, str]  # of pjstat, by name, with their values


def rows(context: Context, ids: Sequence[Wanted], given: Options) -> List[Row]:
    """The jobs to show, of these ids, or all if there are none.

    Raises:
        Refusal: a resource unit or group does not exist, or the period or the direction of a sort cannot be read.
    """
    now = time.time()
    units, groups = units_and_groups(context, given)
    jobs = [
        job
        for job in _view(context, ids, given, now)
        if _is_named(job, ids, "expand" in given)
        and (not units or job.rscunit in units)
        and (not groups or job.rscgrp in groups)
    ]
    counts = {job.jid: Parts(*context.store.count_subs(job.jid)) for job in jobs if job.is_parent}
    listed = [Row(job, now, job.user != context.user, counts.get(job.jid, ALONE)) for job in jobs]
    return _sorted([row for row in listed if _passes(row, given)], given)


def is_statistical(given: Options) -> bool:
    """Whether statistics are asked for, with whose items `--choose`, `--filter` and `--sort` know more."""
    return "stats" in given or "STATS" in given


def _view(context: Context, ids: Sequence[Wanted], given: Options, now: float) -> List[Job]:
    subs = "expand" in given or any(target.subs for target in ids)
    user = None if "all" in given else context.user
    ended = period(given["history"], context.settings.history_days, now) if "history" in given else None
    return context.store.view(now, user, subs, [target.jids for target in ids], ended)


def period(text: str, days: int, now: float) -> Tuple[float, float]:
    """Start and end of `day=N`, `start=...`, `start=...,end=...` or `start=...,period=N`.

    Raises:
        Refusal: the text cannot be read.
    """
    given = dict(part.partition("=")[::2] for part in text.split(",") if part)
    for key in ("day", "period"):
        if key in given and not (re.fullmatch(r"[1-9]\d{0,2}", given[key]) and int(given[key]) <= MOST_DAYS):
            raise Refusal("04", f"-H {text}")
    moments = {key: times.day(given[key]) for key in ("start", "end") if key in given}
    if None in moments.values() or not set(given) <= {"day", "start", "end", "period"}:
        raise Refusal("04", f"-H {text}")
    start = moments.get("start")
    if start is None:
        return now - DAY * int(given.get("day", days)), now + 1
    if "period" in given:
        return start, start + DAY * int(given["period"])
    return start, moments.get("end") or now + 1


def _is_named(job: Job, ids: Sequence[Wanted], expand: bool) -> bool:
    if not ids:
        return expand or job.sub == WHOLE
    for target in ids:
        within = target.subs is None and target.jids[0] <= job.jid <= target.jids[1]
        if target.names(job) or (expand and within):
            return True
    return False


def _passes(row: Row, given: Options) -> bool:
    for part in _split(given.get("filter", ""), ","):
        item, _, values = part.partition("=")
        column = known(is_statistical(given)).get(item.strip().lower())
        # An unknown item matches nothing.
        if column is None or not any(_matches(column.item.of(row), value) for value in _split(values, "+")):
            return False
    return True


def _split(text: str, sign: str) -> List[str]:
    return re.split(rf"(?<!\\){re.escape(sign)}", text) if text else []


def _matches(text: str, pattern: str) -> bool:
    limits = re.fullmatch(r"(\d*)-(\d*)", pattern)
    if limits and pattern != "-":
        number = re.match(r"\d+", text)
        low, high = limits.groups()
        return number is not None and (int(low or 0) <= int(number.group()) <= int(high or 1 << 62))
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {".": ".", "*": ".*"}
    expression = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _sorted(listed: List[Row], given: Options) -> List[Row]:
    for part in reversed([part for part in given.get("sort", "").split(",") if part]):
        item, _, direction = part.partition(":")
        column = known(is_statistical(given)).get(item.strip().lower())
        if column is None:
            continue
        if direction not in ("", "A", "D"):
            raise Refusal("04", f"--sort {given['sort']}")
        # Ids are sorted by number, not as text: 12[2] before 12[10].
        key = (lambda row: row.job.key) if column.item.key == "jid" else _key(column.item.of)
        listed = sorted(listed, key=key, reverse=direction == "D")
    return listed


def _key(read: Callable[[Row], str]) -> Callable[[Row], Tuple[int, int, str]]:
    def key(row: Row) -> Tuple[int, int, str]:
        text = read(row)
        number: Optional[re.Match[str]] = re.match(r"\d+", text)
        return (0, int(number.group()), text) if number else (1, 0, text)

    return key
