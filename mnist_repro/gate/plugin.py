"""The pytest plugin of the gate: its options, and the session's report. Hooks only.

It is loaded wherever the package is installed, so that it imports what it needs when it needs it. PYTEST_DONT_REWRITE:
other plugins import it first, and pytest would warn when it is loaded.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Union

import pytest

AUTO = "auto"
# The seeds of a measurement, if no option says another number.
SEEDS = 5
MOST_SEEDS = 10_000
# The name of the session's plugin, by which other plugins find it.
SESSION = "mnist_repro.gate_session"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the setting of the gate."""
    group = parser.getgroup("gate", "measurements and their baselines")
    group.addoption(
        "--gate-seeds",
        type=seeds_or_auto,
        metavar="N|auto",
        help="seeds of each measurement; auto: 5, and 10 while that is inconclusive (default: 5)",
    )
    group.addoption(
        "--gate-report",
        type=_folder,
        metavar="DIR",
        help="write gate.json and gate.md there, and append the latter to $GITHUB_STEP_SUMMARY",
    )
    parser.addini("gate_baselines", "folder of the baselines, seen from the root folder", default="baselines")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Collect the session's comparisons, except in xdist's workers, which send their reports to the main process."""
    from mnist_repro.gate.session.gate_session import GateSession

    config.option.gate_seeds = config.option.gate_seeds or SEEDS
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(GateSession(config), SESSION)


def seeds_or_auto(text: str) -> Union[int, str]:
    """The value of ``--gate-seeds``: a number, or ``auto``."""
    if text == AUTO:
        return text
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= MOST_SEEDS:
        raise argparse.ArgumentTypeError(f"{text!r} is neither auto nor a number from 1 to {MOST_SEEDS:,}")
    return number


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("an empty name is no folder")
    return Path(text)
