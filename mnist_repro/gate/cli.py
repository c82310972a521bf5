"""The command line `gate-baselines`: shows and changes a project's baselines, and judges a commit for `git bisect`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import List, Optional

import mnist_repro
from mnist_repro.errors import ExitCode
from mnist_repro.gate.baselines.folder import BASELINES
from mnist_repro.program import run_command, run_script

NAME = "gate-baselines"
# The exit code that ends the search of `git bisect run`.
STOP = 128
_EPILOG = """\
exit codes: 0 done · 1 of diff: a proposal differs from what is stored · 2 bad input; of bisect: see its --help

`pytest --gate-record` leaves proposals next to the stored baselines; `diff` compares them, `accept` stores them.
If CI is set, nothing is changed.

examples:
  gate-baselines list
  gate-baselines diff digits-sgd
  gate-baselines accept digits-sgd --reason "first recording"
  gate-baselines accept digits-sgd --from gate.json --reason "measured in CI"
"""
_COMMANDS = (
    ("list", "list baselines and proposals", "*", "gate-baselines list"),
    ("show", "show stored values, margins with their reasons, and the history", "+", "gate-baselines show digits-sgd"),
    ("diff", "compare proposals with what is stored", "*", "gate-baselines diff digits-sgd"),
    ("accept", "store proposals, or what CI measured", "*", 'gate-baselines accept --reason "first recording"'),
    ("rename", "give a baseline another name", "", 'gate-baselines rename digits digits-sgd --reason "two solvers"'),
    ("remove", "remove baselines of removed gates", "+", 'gate-baselines remove digits --reason "gate removed"'),
)


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
    for name, summary, names, example in _COMMANDS:
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=f"example: {example}",
            allow_abbrev=False,
        )
        about = {"*": "baselines (default: all)", "+": "baselines", "": "the old name, then the new one"}[names]
        command.add_argument("names", nargs=names or 2, metavar="NAME", help=about)
        folder = "folder of the baselines (default: %(default)s)"
        command.add_argument("--baselines", type=Path, default=BASELINES, metavar="DIR", help=folder)
        if name in ("accept", "rename", "remove"):
            command.add_argument("--reason", default="", metavar="TEXT", help="why, for the history; required")
        if name == "accept":
            measured = "store what this session measured, such as one in CI"
            command.add_argument("--from", dest="report", type=Path, metavar="gate.json", help=measured)
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
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] != ["bisect"]:
        return run_command(NAME, parser, arguments)
    try:
        code = run_command(NAME, parser, arguments)
    except SystemExit as ended:
        code = ExitCode.BAD_INPUT if ended.code else ExitCode.PASSED
    # For git, 2 is an answer about this commit: "bad".
    return STOP if code == ExitCode.BAD_INPUT else code


def entry() -> None:
    """Run the command line as the console script does."""
    run_script(main)
