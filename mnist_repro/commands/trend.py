"""One page over many sessions of the gate: each metric over commits, its margin, the verdicts, and what drifts.

It reads every gate.json below the folders named, such as the artifacts of CI, each session once. A metric that moves
slowly inside its margin is named before it crosses it, on the page and in the terminal. Nothing is trained. The page
loads nothing: send it as it is.

What cannot be read is named and left out. The exit code is 0 even if a metric drifts: the command was asked for the
page. It is 2 if no gate.json could be read.

Examples:
  mnist-repro trend artifacts                     the page is trend/index.html
  mnist-repro trend nightly old/gate.json --out nightly-trend
"""

from __future__ import annotations

import argparse
import sys

from mnist_repro.commands.options import add_baselines, add_out, named_place, require_there
from mnist_repro.errors import ExitCode

DESCRIPTION = "one page that shows each metric of the gate over many sessions, and names what drifts"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "places",
        nargs="+",
        metavar="FOLDER|FILE",
        type=named_place,
        help="folders with gate.json files, at any depth, or such files",
    )
    add_out(parser, "trend", "page")
    add_baselines(parser, "whose history says who accepted what, and why (default: %(default)s, if it is there)")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Read the sessions, write the page, and print what drifts."""
    from mnist_repro.display import counted, doing, folded
    from mnist_repro.errors import escaped
    from mnist_repro.files.atomic import replacing, require_writable
    from mnist_repro.report.page.figures import require_drawing
    from mnist_repro.report.page.page import PAGE, require_ours
    from mnist_repro.runs.problems import Problems
    from mnist_repro.trend.accepted import History
    from mnist_repro.trend.page import MOST_PROBLEMS, answer, render, shown_of
    from mnist_repro.trend.sessions import read_sessions

    require_drawing(["jinja2"])
    require_there(arguments.baselines)
    require_writable(arguments.out, "--out DIR")
    require_ours(arguments.out)
    problems = Problems()
    with doing(f"reading the gate reports in {', '.join(map(str, arguments.places))}"):
        sessions, copies = read_sessions(arguments.places, problems)
    history = History(arguments.baselines if arguments.baselines.is_dir() else None, problems)
    with doing(f"looking for drift in {counted(len(sessions), 'session')}"):
        shown = shown_of(sessions, history)
    page = arguments.out / PAGE
    with doing("drawing the page"), replacing(page) as unfinished:
        # A lone surrogate, which comes for example from a file name that is not UTF-8, cannot be encoded.
        unfinished.write_text(render(sessions, copies, shown, history), encoding="utf-8", errors="backslashreplace")
    for each in shown:
        if each.drift:
            print(folded(escaped(each.sentence)))
    print(f"{page}: {answer(sessions, shown)}", flush=True)
    for problem in problems.found[:MOST_PROBLEMS]:
        sys.stderr.write(f"mnist-repro: left out: {problem}\n")
    if len(problems.found) > MOST_PROBLEMS:
        sys.stderr.write(f"mnist-repro: left out: {len(problems.found) - MOST_PROBLEMS:,} more\n")
    return ExitCode.PASSED
