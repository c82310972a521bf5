"""The settings of a session, read from options and configuration into one validated value."""

from __future__ import annotations

import contextlib
import math
import os
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Sequence, Tuple

import pytest

import pytest_pjm
from pjm.elapse import elapse_seconds
from pjm.errors import BadInput
from pjm.job.rank import FILES, GATES
from pjm.marks.mark import FUGAKU_LIMITS, Defaults, group_name, read_limits
from pjm.plan.packing import Site
from pjm.sessions.pace import EMULATED, RATE

SHORT_GRACE = 3.0  # seconds: fugaku_grace where jobs, or ranks without jobs, run on this machine
_HOST = re.compile(r"[\w.@:%\[\]+][\w.@:%\[\]+-]{0,250}", re.ASCII)  # no option of ssh, no blanks


@dataclass(frozen=True)
class Settings:
    """How jobs are packed, submitted and followed.

    Attributes:
        workdir: folder of the sessions, absolute.
        scheduler: name of the batch system.
        emulate: whether jobs run in the emulator.
        python: the command that starts the interpreter of the jobs.
        mpiexec: the command that starts the ranks of a test; () for the batch system's.
        ranks_gate: how ranks keep in step: one of `pjm.job.rank.GATES`.
        prologue: lines of shell before pytest.
        retries: submissions of a test after the first.
        queue_timeout, run_timeout: seconds; None for no limit.
        poll: shortest and longest seconds between questions to the batch system.
        tail: seconds between reads of the files of running jobs.
        file_operations: how many a second the client may need, on average.
        grace: seconds to wait for results and jobs that should exist.
        backoff: seconds before the first retry.
        budget: node-hours; None for no limit.
        site: limits and settings of the packing.
        defaults: defaults and limits of the marks.
        submit_options: options for every command that submits.
        here: whether every compute node is this machine.
        host: the login node that is reached by ssh, [USER@]HOST; None for this machine.
        remote: the folder there.
    """

    workdir: Path
    emulate: bool
    python: Tuple[str, ...]
    prologue: Tuple[str, ...]
    retries: int
    queue_timeout: Optional[float]
    run_timeout: Optional[float]
    poll: Tuple[float, float]
    tail: float
    file_operations: float
    grace: float
    backoff: float
    budget: Optional[float]
    site: Site
    defaults: Defaults
    submit_options: Tuple[str, ...]
    mpiexec: Tuple[str, ...] = ()
    ranks_gate: str = FILES
    scheduler: str = "pjm"
    here: bool = False
    host: Optional[str] = None
    remote: str = ""


def settings(config: pytest.Config, scheduler: str = "pjm") -> Settings:
    """Read the settings of one session.

    Raises:
        BadInput: a value is invalid.
    """
    given = {name: pytest_pjm.given(config, name) for name, _, _ in pytest_pjm.BOTH}
    emulate = bool(config.getoption("fugaku_emulate"))
    fugaku = scheduler == "pjm"
    low, high = _range(given["poll"] or ("0.05-0.5" if emulate else "10-60"))
    budget = config.getoption("fugaku_budget")
    if budget is not None and not (math.isfinite(budget) and budget >= 0):
        raise BadInput(f"--fugaku-budget is {budget}", "it is a number of node-hours", "say for example 12.5")
    host, remote = login_node(config)
    per_job = pytest_pjm.configured(config, "tests_per_job")
    return Settings(
        workdir=pytest_pjm.workdir(config),
        emulate=emulate,
        python=_command(given["python"], "fugaku_python") if given["python"] else (sys.executable,),
        prologue=tuple(pytest_pjm.configured(config, "prologue")),
        retries=_whole(given["retries"], "fugaku_retries", 2, 0),
        queue_timeout=_timeout(given["queue_timeout"], "fugaku_queue_timeout"),
        run_timeout=_timeout(given["run_timeout"], "fugaku_run_timeout"),
        poll=(low, high),
        tail=min(low, 2.0),
        file_operations=EMULATED if emulate or host else RATE,  # with a host, the files are those of this machine
        grace=_number(pytest_pjm.configured(config, "grace"), "fugaku_grace", SHORT_GRACE if emulate else 120.0),
        backoff=_number(pytest_pjm.configured(config, "backoff"), "fugaku_backoff", 0.1 if emulate else 30.0),
        budget=budget,
        site=Site(
            group=given["group"] or None,
            gfscache=given["gfscache"] or None,
            bulk_limit=_whole(pytest_pjm.configured(config, "bulk_limit"), "fugaku_bulk_limit", 2000, 1),
            tests_per_job=_whole(per_job, "fugaku_tests_per_job", 20, 1) if per_job else None,
            unknown_jobs=_whole(pytest_pjm.configured(config, "unknown_jobs"), "fugaku_unknown_jobs", 4, 1),
            start_up=_number(pytest_pjm.configured(config, "start_up"), "fugaku_start_up", 60.0),
        ),
        defaults=defaults(config, scheduler),
        submit_options=tuple(
            pytest_pjm.configured(config, "submit_options")
            or (pytest_pjm.configured(config, "pjsub_options") if fugaku else ())
        ),
        mpiexec=mpiexec_command(given["mpiexec"]),
        ranks_gate=_one_of(pytest_pjm.configured(config, "ranks_gate"), "fugaku_ranks_gate", GATES),
        scheduler=scheduler,
        host=host,
        remote=remote,
    )


def login_node(config: pytest.Config) -> Tuple[Optional[str], str]:
    """The login node that is reached by ssh, None for this machine, and the folder there.

    Raises:
        BadInput: one of them is missing or no such name, or what has to be given with them is not.
    """
    host, remote = pytest_pjm.given(config, "host"), pytest_pjm.given(config, "remote")
    if host is None:
        return None, ""
    if not _HOST.fullmatch(host):
        raise BadInput(f"fugaku_host is {host!r}", "it is HOST or USER@HOST, as ssh takes it", "say for example login")
    if (
        not remote
        or not remote.isprintable()
        or remote.startswith("$")
        or (remote.startswith("~") and not remote.startswith("~/"))
    ):
        raise BadInput(
            f"fugaku_host is {host}, and fugaku_remote is {remote!r}" if remote else f"fugaku_host is {host}",
            "a folder there is needed for the checkout and for what jobs write, and compute nodes have to see it",
            "say for example fugaku_remote = ~/projects/this-one",
        )
    if not pytest_pjm.given(config, "python"):
        raise BadInput(
            f"fugaku_host is {host}, and there is no fugaku_python",
            "the Python of this machine does not exist there",
            "name the Python of the compute nodes, with the project's packages: fugaku_python = COMMAND",
        )
    return host, remote


def defaults(config: pytest.Config, scheduler: Optional[str] = None) -> Defaults:
    """Read the defaults and limits of the marks. `scheduler` is the setting's if it is None.

    Raises:
        BadInput: a value is invalid.
    """
    fugaku = (scheduler or pytest_pjm.given(config, "scheduler") or "pjm") == "pjm"
    limits = read_limits(FUGAKU_LIMITS if fugaku else (), "Fugaku's limits")
    limits.update(read_limits(pytest_pjm.configured(config, "limits"), "the option fugaku_limits"))
    return Defaults(
        elapse=elapse_seconds(
            pytest_pjm.given(config, "elapse") or 1800,
            "the option fugaku_elapse",
            "fugaku_elapse = 00:30:00",
        ),
        rscgrp=group_name(pytest_pjm.given(config, "rscgrp"), "the option fugaku_rscgrp is ", "fugaku_rscgrp = small"),
        limits=limits,
    )


def _command(text: str, name: str) -> Tuple[str, ...]:
    """The words of a command, which are quoted as in a shell."""
    try:
        words, trouble = tuple(shlex.split(text)), ""
    except ValueError as error:
        words, trouble = (), str(error).lower()
    # Not `Path.exists`, which fails on a long command.
    if words != (text,) and os.path.exists(text):  # noqa: PTH110
        why = "it is a command, and blanks divide its words" if words else "it is a command, quoted as in a shell"
        raise BadInput(f"{name} is {text!r}", why, f"say: {name} = {shlex.quote(text)}")
    if trouble:
        raise BadInput(f"{name} is {text!r}", f"it is a command, and has {trouble}", "close the quotes")
    return words


def mpiexec_command(text: Optional[str]) -> Tuple[str, ...]:
    """The command that starts ranks, with "{ranks}" for their number; () if `text` is None.

    Raises:
        BadInput: its quotes are not closed.
    """
    words = _command(text, "fugaku_mpiexec") if text else ()
    return words if not words or any("{ranks}" in word for word in words) else (*words, "-n", "{ranks}")


def _one_of(text: Optional[str], name: str, names: Sequence[str]) -> str:
    if text not in (None, "", *names):
        raise BadInput(f"{name} is {text!r}", f"it is one of: {', '.join(names)}", f"say for example {names[0]}")
    return text or names[0]


def _number(text: Optional[str], name: str, default: float) -> float:
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (math.isfinite(value) and value >= 0):
        raise BadInput(f"{name} is {text!r}", "it is a number, at least 0", f"say for example {name} = {default:g}")
    return value


def _whole(text: Optional[str], name: str, default: int, least: int) -> int:
    if not text:
        return default
    if not text.isdecimal() or int(text) < least:
        raise BadInput(
            f"{name} is {text!r}", f"it is a whole number, at least {least}", f"say for example {name} = {default}"
        )
    return int(text)


def _timeout(text: Optional[str], name: str) -> Optional[float]:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
        with contextlib.suppress(BadInput):
            seconds = float(elapse_seconds(text, name))
    if not (math.isfinite(seconds) and seconds >= 0):
        raise BadInput(f"{name} is {text!r}", "it is a time, or 0 for no limit", f"say for example {name} = 12:00:00")
    return seconds or None


def _range(text: str) -> Tuple[float, float]:
    words = text.split("-")
    try:
        low, high = float(words[0]), float(words[-1])
    except ValueError:
        low, high = 0.0, 0.0
    if len(words) > 2 or not 0 < low <= high or not math.isfinite(high):
        raise BadInput(f"fugaku_poll is {text!r}", "it is one number of seconds, or two: from-to", "say: 10-60")
    return low, high
