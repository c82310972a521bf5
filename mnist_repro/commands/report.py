"""Makes one page about runs: verdicts, curves, mistakes, drift, jobs, and the history of baselines.

It is made from every run.json in the named folders and from baselines, and from a gate report and the jobs of the
newest session if these exist. Nothing is trained, nothing is downloaded. The page loads nothing: send it as it is.

Files that cannot be read are named and left out. The page is then made from the rest, and the exit code is 2.
The exit code is 0 even if a verdict does not pass, because you asked for the page.

Examples:
  mnist-repro reproduce --all --seeds 3, then: mnist-repro report      the page is report/index.html
  mnist-repro report runs-2.2.0 runs-newest --out drift                 two TensorFlows side by side
  mnist-repro report --gate gate --jobs .pjm/20260102-030405-0a1b       with that gate report and those jobs
"""

from __future__ import annotations

import argparse
import sys

from mnist_repro.commands.options import add_baselines, add_data, add_out, add_runs, named_place, require_there
from mnist_repro.errors import ExitCode

DESCRIPTION = "one page for people that shows the results of runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_runs(parser)
    add_out(parser, "report", "page")
    add_baselines(parser, "to judge the runs by (default: %(default)s)")
    parser.add_argument(
        "--gate",
        type=named_place,
        metavar="FILE|DIR",
        help="a gate.json (default: the one next to the runs or in gate, if it exists)",
    )
    parser.add_argument(
        "--jobs",
        type=named_place,
        metavar="FILE|DIR",
        help="jobs: the folder of a session, or one with sessions: the newest is taken "
        "(default: .pjm, here or next to the runs, if it exists)",
    )
    add_data(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Read the runs and the other inputs, write the page, and name the files that were left out."""
    from mnist_repro.display import counted, doing
    from mnist_repro.files.atomic import require_writable
    from mnist_repro.report.document import PageInputs, collect, read_gate, read_jobs
    from mnist_repro.report.page.figures import require_drawing
    from mnist_repro.report.page.page import require_ours, write
    from mnist_repro.runs.found import find_runs
    from mnist_repro.runs.problems import Problems
    from mnist_repro.wheel.finished import require_finished

    require_drawing()
    require_there(arguments.baselines)
    require_writable(arguments.out, "--out DIR")
    require_ours(arguments.out)
    problems = Problems()
    with doing(f"reading the runs in {', '.join(map(str, arguments.runs))}"):
        runs = find_runs(arguments.runs, problems)
        require_finished(arguments.runs, runs, problems)
    gate = read_gate(arguments.gate, arguments.runs, problems)
    jobs = read_jobs(arguments.jobs, arguments.runs, problems)
    if not (runs or gate or jobs):
        # A page of nothing must not replace one of something.
        raise problems.found[0]
    sources = PageInputs(
        runs=runs,
        places=[str(place) for place in arguments.runs],
        baselines=arguments.baselines,
        gate=gate,
        jobs=jobs,
        data=arguments.data,
    )
    with doing(f"judging {counted(len(runs), 'run')}, and looking for drift"):
        document = collect(sources, problems)
    with doing("drawing the page"):
        page = write(document, arguments.out)
    print(f"{page}: {counted(len(runs), 'run')}", flush=True)
    for problem in problems.found:
        sys.stderr.write(f"mnist-repro: left out: {problem}\n")
    return ExitCode.BAD_INPUT if problems.found else ExitCode.PASSED
