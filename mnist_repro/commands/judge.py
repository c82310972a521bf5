"""Judges existing runs: compares them with those stored in --baselines, and writes gate.json and gate.md.

The runs may come from `train` and `reproduce` on another machine, or from a project that WHEEL ran. Nothing is trained.
If runs have the published budget, the stored runs are compared with the published figures as well.
The exit code is 1 if a verdict does not pass, and 2 if a run cannot be read or a component of WHEEL has not finished.

Examples:
  mnist-repro judge runs                          every run.json in that folder, at any depth
  mnist-repro judge mnist.wheel --out verdict     the runs that WHEEL fetched; the report is verdict/gate.md
"""

from __future__ import annotations

import argparse
import datetime
import sys

from mnist_repro.commands.options import add_baselines, add_out, add_runs, require_there
from mnist_repro.errors import ExitCode

DESCRIPTION = "judge runs that exist; leaves gate.json and gate.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_runs(parser)
    add_out(parser, "gate", "report")
    add_baselines(parser, "stored runs to compare with (default: %(default)s)")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Judge the runs, write the report, and print the verdicts."""
    from mnist_repro.files.atomic import require_writable
    from mnist_repro.gate.markdown import summary, write
    from mnist_repro.gate.text import failure
    from mnist_repro.harness.judged_runs import gate_report
    from mnist_repro.runs.found import find_runs, sort
    from mnist_repro.runs.problems import Problems
    from mnist_repro.wheel.finished import require_finished

    require_there(arguments.baselines)
    require_writable(arguments.out, "--out DIR")
    started = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    problems = Problems()
    found = find_runs(arguments.runs, problems)
    require_finished(arguments.runs, found, problems)
    report = gate_report(arguments.baselines, sort(found).groups, started, complete=not problems.found)
    write(report, arguments.out)
    for entry in report.blocking:
        if entry.checked is not None:
            print(f"{failure(entry.checked)}\n")
    print("\n".join(summary(report)))
    print(f"gate report: {arguments.out / 'gate.md'}", flush=True)
    for problem in problems.found:
        sys.stderr.write(f"mnist-repro: left out: {problem}\n")
    if problems.found:
        return ExitCode.BAD_INPUT
    return ExitCode.PASSED if report.passes else ExitCode.VERDICT
