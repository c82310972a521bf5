"""The command line `gate-baselines`: shows and changes a project's baselines, and judges a commit for `git bisect`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import List, Optional

import mnist_repro
from mnist_repro.errors import ExitCode
from mnist_repro.gate.baselines.folder import BASELINES
from mnist_repro.program import run_command, run_script

NAME = "gate-baselines"
_EPILOG = """\
exit codes: 0 done · 1 what is proposed differs from what is stored · 2 bad input; bisect: those of `git bisect run`

`pytest --gate-record` leaves proposals beside the stored baselines; `diff` compares them, `accept` stores them.
Where CI is set, nothing is changed.

examples:
  gate-baselines list
  gate-baselines diff digits-sgd
  gate-baselines accept digits-sgd --reason "first recording"
  gate-baselines accept digits-sgd --from gate.json --reason "measured in CI"
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog=NAME,
        description="Shows and changes the baselines with which gates compare.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"{NAME} {mnist_repro.__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for name, summary, names in (
        ("list", "names, kinds, and what is proposed", "*"),
        ("show", "what is stored: values, margins with reasons, history", "+"),
        ("diff", "what is proposed beside what is stored", "*"),
        ("accept", "store what is proposed, or what CI measured", "*"),
        ("rename", "give a baseline another name", ""),
        ("remove", "remove baselines whose gates are gone", "+"),
    ):
        command = commands.add_parser(name, help=summary, description=summary.capitalize() + ".", allow_abbrev=False)
        if names:
            command.add_argument("names", nargs=names, metavar="NAME", help="which (default: all)")
        else:
            command.add_argument("names", nargs=2, metavar="NAME", help="the name, and the new one")
        command.add_argument("--baselines", type=Path, default=BASELINES, metavar="DIR", help="default: %(default)s")
        if name in ("accept", "rename", "remove"):
            command.add_argument("--reason", default="", metavar="TEXT", help="why; it stays in the history; required")
        if name == "accept":
            command.add_argument(
                "--from", dest="report", type=Path, metavar="gate.json", help="what a session measured"
            )
        command.set_defaults(run=_run, command=name)
    _add_bisect(commands)
    return top


def _add_bisect(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "bisect",
        help="for git bisect run: run pytest, and end with 0 (good), 1 (bad) or 125 (cannot be tested)",
        description=(
            "Runs COMMAND with --gate-report at its end, and ends with 0 if every comparison passes, with 1 if one "
            "shows a difference, else with 125, by which git skips the commit; with 128 if COMMAND cannot be started."
        ),
        epilog="example:\n  git bisect run gate-baselines bisect python -m pytest tests/regression",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("arguments", nargs=argparse.REMAINDER, metavar="COMMAND", help="a command that starts pytest")
    command.set_defaults(run=_bisect)


def _bisect(arguments: argparse.Namespace) -> int:
    # Imported here: --help works without the packages of the extra `gate`.
    from mnist_repro.gate import bisect

    return bisect.run(arguments)


def _run(arguments: argparse.Namespace) -> ExitCode:
    # Imported here: --help works without the packages of the extra `gate`.
    from mnist_repro.gate.baselines.commands import ACTIONS

    return ACTIONS[arguments.command](arguments)


def main(arguments: Optional[List[str]] = None) -> int:
    """Run one command and return its exit code."""
    return run_command(NAME, parser, arguments)


def entry() -> None:
    """Run the command line as the console script does."""
    run_script(main)
