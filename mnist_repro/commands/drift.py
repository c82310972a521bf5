"""One table from the runs of several environments: recipe by TensorFlow version, with the cause where it is known.

Make the runs in each environment, in folders of their own, then name the folders.

Examples:
  mnist-repro reproduce --all --arithmetic framework --out runs-2.2.0        (in the environment with TensorFlow 2.2.0)
  mnist-repro reproduce --all --arithmetic framework --out runs-newest       (in the one with the newest)
  mnist-repro drift runs-2.2.0 runs-newest
"""

from __future__ import annotations

import argparse

from mnist_repro.commands.options import add_data, add_runs
from mnist_repro.exit_codes import ExitCode

DESCRIPTION = "runs of several TensorFlows in one table, with the cause of each difference"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_runs(parser)
    add_data(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Read the runs, compare, print."""
    from mnist_repro import drift_table
    from mnist_repro.data.dataset import describe
    from mnist_repro.data.locate import load
    from mnist_repro.display import table

    found = drift_table.find_runs(arguments.runs)
    dataset = load(arguments.data)
    print(describe(dataset), flush=True)
    groups = drift_table.group(found, dataset)
    print(table(drift_table.HEADER, drift_table.rows(groups)))
    for line in drift_table.causes(groups):
        print(f"\n{line}")
    return ExitCode.PASSED
