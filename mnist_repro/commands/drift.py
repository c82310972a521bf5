"""Makes one table from the runs of several environments: recipe by TensorFlow version, with the cause if it is known.

Make the runs of each environment in a separate folder, then name the folders.
Of two runs of one seed and platform, the one that finished last is taken, and a note says so.

Files that cannot be read are named and left out. The table is then made from the rest, and the exit code is 2.
The exit code is 0 even if a figure is not reproduced, because you asked for the table.

Examples:
  mnist-repro reproduce --all --arithmetic framework --out runs-2.2.0        (in the environment with TensorFlow 2.2.0)
  mnist-repro reproduce --all --arithmetic framework --out runs-newest       (in the one with the newest)
  mnist-repro drift runs-2.2.0 runs-newest
"""

from __future__ import annotations

import argparse
import sys

from mnist_repro.commands.options import add_baselines, add_data, add_runs, load_data, require_there
from mnist_repro.errors import ExitCode

DESCRIPTION = "runs of several versions of TensorFlow in one table, with the causes of differences"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_runs(parser)
    add_data(parser)
    add_baselines(parser, "stored runs, whose spread is used (default: %(default)s, if it is there)")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Read the runs, compare them, print the table, and name the files that were left out."""
    from mnist_repro.display import folded, table
    from mnist_repro.reproduction import table as drift_table
    from mnist_repro.runs import baselines
    from mnist_repro.runs.found import find_runs, sort
    from mnist_repro.runs.problems import Problems

    problems = Problems()
    grouped = sort(find_runs(arguments.runs, problems))
    dataset = load_data(arguments)
    require_there(arguments.baselines)
    runs = [[each.run for each in together] for together in grouped.groups]
    stored = {each[0].recipe: baselines.read(arguments.baselines, each[0].recipe, "full") for each in runs}
    groups = drift_table.judge(runs, dataset, stored=stored)
    print(table(drift_table.HEADER, drift_table.rows(groups)))
    # Notes have paths, which stay whole.
    for line in (*drift_table.notes(grouped), *map(folded, drift_table.causes(groups))):
        print(f"\n{line}")
    sys.stdout.flush()
    for problem in problems.found:
        sys.stderr.write(f"mnist-repro: left out: {problem}\n")
    return ExitCode.BAD_INPUT if problems.found else ExitCode.PASSED
