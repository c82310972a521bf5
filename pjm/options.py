"""What the plugin can be told, on the command line and in pytest's configuration, as one validated value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping, Optional, Tuple

from pjm.errors import BadInput

if TYPE_CHECKING:
    import pytest

    from pjm.packing import Site
    from pjm.request import Defaults

LATEST = "latest"
IMPLY_FUGAKU = ("fugaku_emulate", "fugaku_dry_run", "fugaku_detach", "fugaku_resume")

# name, metavar, what it is. Each is an option --fugaku-NAME, and fugaku_NAME in pytest's configuration.
_BOTH = (
    ("group", "GROUP", "who is charged (pjsub -g)"),
    ("rscgrp", "NAME", "resource group where a mark names none"),
    ("gfscache", "VOLUMES", 'volumes that jobs read, joined with ":", such as /vol0004:/vol0005'),
    ("elapse", "TIME", "elapse limit where a mark has none (default: 00:30:00)"),
    ("python", "PYTHON", "interpreter of the jobs, as it is called on the compute nodes (default: this one)"),
    ("workdir", "DIR", "where sessions are kept; compute nodes must see it (default: .pjm below the root folder)"),
    ("retries", "N", "how often a test is submitted again after a failure of the system (default: 2)"),
    ("queue_timeout", "TIME", "how long a job may wait to start; 0 for ever (default: 0)"),
    ("run_timeout", "TIME", "how long a job may run, besides its elapse limit; 0 for no other limit (default: 0)"),
    ("poll", "S-S", "seconds between questions to the batch system, from-to (default: 10-60; emulated: 0.05-0.5)"),
)
_INI = (
    ("prologue", "linelist", "lines of shell before pytest in each job script, such as export PATH=..."),
    ("limits", "linelist", "what resource groups allow, one a line: small 1-384 72:00:00 (default: Fugaku's)"),
    ("tests_per_job", "string", "tests in a job while nobody knows how long they take (default: 20)"),
    ("bulk_limit", "string", "sub jobs of a bulk job (default: 2000)"),
    ("start_up", "string", "seconds of an elapse limit that are kept free for the start (default: 60)"),
    ("grace", "string", "seconds to wait for results and jobs that ought to be there (default: 120; emulated: 3)"),
    ("backoff", "string", "seconds before the first retry, doubled for each further one (default: 30; emulated: 0.1)"),
    ("pjsub_options", "args", "options for every pjsub, such as --no-check-directory"),
)


def add_options(parser: pytest.Parser) -> None:
    """Add all options."""
    group = parser.getgroup("fugaku", "tests as batch jobs (marked with @pytest.mark.fugaku)")
    group.addoption("--fugaku", action="store_true", help="run marked tests as batch jobs")
    group.addoption("--fugaku-emulate", action="store_true", help="with an emulated PJM on this machine")
    group.addoption("--fugaku-dry-run", action="store_true", help="write and show the job scripts; submit nothing")
    group.addoption("--fugaku-budget", type=float, metavar="NODE_HOURS", help="submit nothing if more were requested")
    group.addoption("--fugaku-detach", action="store_true", help="submit and leave; --fugaku-resume comes back")
    group.addoption(
        "--fugaku-resume",
        nargs="?",
        const=LATEST,
        metavar="ID",
        help="collect the results of a session that was left or died (=ID; default: the latest)",
    )
    for name, metavar, text in _BOTH:
        group.addoption(f"--fugaku-{name.replace('_', '-')}", metavar=metavar, help=text)
        parser.addini(f"fugaku_{name}", text, default=None)
    for name, kind, text in _INI:
        parser.addini(f"fugaku_{name}", text, type=kind, default=[] if kind != "string" else None)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Settings:
    """How jobs are made and watched.

    Attributes:
        workdir: where sessions are kept, absolute.
        emulate: with the emulator.
        python: of the jobs.
        prologue: lines of shell before pytest.
        retries: submissions of a test after the first.
        queue_timeout, run_timeout: seconds; None for none.
        poll: shortest and longest seconds between questions.
        tail: seconds between looks at the files of running jobs.
        grace: seconds to wait for what ought to be there.
        backoff: seconds before the first retry.
        submit_patience: seconds that the batch system may refuse for reasons of its own while no job of ours is open.
        budget: node-hours; None for no limit.
        site: for the packing.
        defaults: for the marks.
        pjsub_options: for every submission.
    """

    workdir: Path
    emulate: bool
    python: str
    prologue: Tuple[str, ...]
    retries: int
    queue_timeout: Optional[float]
    run_timeout: Optional[float]
    poll: Tuple[float, float]
    tail: float
    grace: float
    backoff: float
    submit_patience: float
    budget: Optional[float]
    site: Site
    defaults: Defaults
    pjsub_options: Tuple[str, ...]


def settings(config: pytest.Config) -> Settings:
    """The settings of one session.

    Raises:
        BadInput: a value that cannot be meant.
    """
    from pjm.packing import Site
    from pjm.request import FUGAKU_LIMITS, Defaults, elapse_seconds, read_limits

    given = {name: _given(config, name) for name, _, _ in _BOTH}
    emulate = bool(config.getoption("fugaku_emulate"))
    limits = read_limits(FUGAKU_LIMITS, "Fugaku's limits")
    limits.update(read_limits(config.getini("fugaku_limits"), "the option fugaku_limits"))
    low, high = _range(given["poll"] or ("0.05-0.5" if emulate else "10-60"))
    budget = config.getoption("fugaku_budget")
    if budget is not None and not (math.isfinite(budget) and budget >= 0):
        raise BadInput(f"--fugaku-budget is {budget}", "it is a number of node-hours", "say for example 12.5")
    return Settings(
        workdir=workdir(config),
        emulate=emulate,
        python=given["python"] or _this_python(),
        prologue=tuple(config.getini("fugaku_prologue")),
        retries=_whole(given["retries"], "fugaku_retries", 2, 0),
        queue_timeout=_timeout(given["queue_timeout"], "fugaku_queue_timeout"),
        run_timeout=_timeout(given["run_timeout"], "fugaku_run_timeout"),
        poll=(low, high),
        tail=min(low, 2.0),
        grace=_number(config.getini("fugaku_grace"), "fugaku_grace", 3.0 if emulate else 120.0),
        backoff=_number(config.getini("fugaku_backoff"), "fugaku_backoff", 0.1 if emulate else 30.0),
        submit_patience=600.0,
        budget=budget,
        site=Site(
            group=given["group"] or None,
            gfscache=given["gfscache"] or None,
            bulk_limit=_whole(config.getini("fugaku_bulk_limit"), "fugaku_bulk_limit", 2000, 1),
            tests_per_job=_whole(config.getini("fugaku_tests_per_job"), "fugaku_tests_per_job", 20, 1),
            start_up=_number(config.getini("fugaku_start_up"), "fugaku_start_up", 60.0),
        ),
        defaults=Defaults(
            elapse=elapse_seconds(given["elapse"] or 1800, "the option fugaku_elapse"),
            rscgrp=given["rscgrp"] or None,
            limits=limits,
        ),
        pjsub_options=tuple(config.getini("fugaku_pjsub_options")),
    )


def workdir(config: pytest.Config) -> Path:
    """Where the sessions of this project are kept."""
    given = _given(config, "workdir")
    return (config.rootpath / (Path(given).expanduser() if given else ".pjm")).absolute()


def _given(config: pytest.Config, name: str) -> Optional[str]:
    """The option, else the configuration."""
    option = config.getoption(f"fugaku_{name}", None)
    value = option if option is not None else config.getini(f"fugaku_{name}")
    return None if value in (None, "", []) else str(value)


def _this_python() -> str:
    import sys

    return sys.executable


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
    from pjm.request import elapse_seconds

    if text is None:
        return None
    try:
        return float(text) or None
    except ValueError:
        return float(elapse_seconds(text, f"the option {name}"))


def _range(text: str) -> Tuple[float, float]:
    words = text.split("-")
    try:
        low, high = float(words[0]), float(words[-1])
    except ValueError:
        low, high = 0.0, 0.0
    if len(words) > 2 or not 0 < low <= high or not math.isfinite(high):
        raise BadInput(f"fugaku_poll is {text!r}", "it is one number of seconds, or two: from-to", "say: 10-60")
    return low, high


def names(config: pytest.Config) -> Mapping[str, Any]:
    """The options of this plugin as they were given, for the session's record."""
    return {name: value for name, value in vars(config.option).items() if name.startswith("fugaku") and value}
