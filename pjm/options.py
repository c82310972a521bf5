"""What the plugin can be told, on the command line and in pytest's configuration.

Every start of pytest imports this, so it imports next to nothing.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, List, Optional, Sequence

if TYPE_CHECKING:
    import argparse

    import pytest

MARK = "fugaku"
HELP = (
    "fugaku(nodes=1, elapse='00:30:00', rscgrp=None, env={}, after=None): with --fugaku, run this test in a batch job "
    "on so many nodes, for at most so long, in this resource group, with these environment variables, and after "
    "another test has passed"
)
GROUP = "tests as batch jobs (marked with @pytest.mark.fugaku)"
LATEST = "latest"
IMPLY_FUGAKU = ("fugaku_emulate", "fugaku_dry_run", "fugaku_detach", "fugaku_resume")

# name, metavar, what it is. Each is an option --fugaku-NAME, and fugaku_NAME in pytest's configuration.
BOTH = (
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


def add_settings(parser: pytest.Parser) -> None:
    """Add what pytest's configuration may hold, and the option that everything begins with."""
    group = parser.getgroup("fugaku", GROUP)
    group.addoption("--fugaku", action="store_true", help="run marked tests as batch jobs")
    for name, _, text in BOTH:
        parser.addini(f"fugaku_{name}", text, default=None)
    for name, kind, text in _INI:
        parser.addini(f"fugaku_{name}", text, type=kind, default=[] if kind != "string" else None)  # type: ignore[arg-type]


def spread(arguments: Sequence[str]) -> List[str]:
    """A command line with the lines of a file in place of `@file`, as pytest itself reads it later."""
    found: List[str] = []
    for word in arguments:
        lines = None
        if word.startswith("@"):
            with contextlib.suppress(OSError, ValueError):  # pytest says what is wrong with it
                lines = Path(word[1:]).read_text(encoding=sys.getfilesystemencoding(), errors="surrogateescape")
        found += [word] if lines is None else spread(lines.splitlines())
    return found


def wanted(arguments: Sequence[str]) -> bool:
    """Whether a command line asks for any of the other options: each costs every start of pytest some time."""
    return any(word.startswith(("--fugaku-", "-h", "--help")) for word in arguments)


def add_options(parser: pytest.Parser) -> None:
    """Add the other options."""
    group = parser.getgroup("fugaku", GROUP)
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
    for name, metavar, text in BOTH:
        group.addoption(f"--fugaku-{name.replace('_', '-')}", metavar=metavar, help=text)


def complete(option: argparse.Namespace) -> None:
    """Give options that were not added the values of options that were not given."""
    for name in ("emulate", "dry_run", "budget", "detach", "resume", *(name for name, _, _ in BOTH)):
        if not hasattr(option, f"fugaku_{name}"):
            setattr(option, f"fugaku_{name}", None)
    option.fugaku = bool(option.fugaku or any(getattr(option, name) for name in IMPLY_FUGAKU))


def workdir(config: pytest.Config) -> Path:
    """Where the sessions of this project are kept."""
    folder = given(config, "workdir")
    return (config.rootpath / (Path(folder).expanduser() if folder else ".pjm")).absolute()


def given(config: pytest.Config, name: str) -> Optional[str]:
    """The option, else the configuration."""
    option = config.getoption(f"fugaku_{name}", None)
    value = option if option is not None else config.getini(f"fugaku_{name}")
    return None if value in (None, "", []) else str(value)
