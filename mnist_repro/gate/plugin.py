"""The pytest plugin of the gate: its options, and the session's report. Hooks only.

It is loaded wherever the package is installed, so that it imports what it needs when it needs it. PYTEST_DONT_REWRITE:
other plugins import it first, and pytest would warn when it is loaded.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Union

import pytest

if TYPE_CHECKING:
    from mnist_repro.gate.fixture import Gate, Session

AUTO = "auto"
MOST_SEEDS = 10_000
# The name of the session's plugin, by which other plugins find it.
SESSION = "mnist_repro.gate_session"
_SHARED: pytest.StashKey[Session] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the setting of the gate."""
    group = parser.getgroup(
        "gate", "numbers compared with stored ones, by the fixture `gate`; first: pytest --gate-record"
    )
    group.addoption(
        "--gate-seeds",
        type=seeds_or_auto,
        metavar="N|auto",
        default=AUTO,
        help="seeds of each measurement; auto: 5, and 10 if 5 are inconclusive (default: auto)",
    )
    group.addoption(
        "--gate-record",
        action="store_true",
        help="measure new baselines and leave proposals next to the stored ones; judge nothing",
    )
    group.addoption(
        "--gate-report",
        type=_folder,
        metavar="DIR",
        help="write gate.json and gate.md into this folder, and append gate.md to $GITHUB_STEP_SUMMARY",
    )
    parser.addini(
        "gate_baselines",
        "folder of the baselines, relative to the root folder (default: baselines)",
        default="baselines",
    )
    parser.addini("gate_record_seeds", "seeds that --gate-record makes (default: 16)", default="16")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Collect the session's comparisons, except in xdist's workers, which send their reports to the main process."""
    from mnist_repro.gate.session.gate_session import GateSession

    option = config.option
    if option.gate_record:
        _require_recordable()
        _record_seeds(config)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(GateSession(config), SESSION)


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Skip a test that has recorded. It is called after the test's own function, if that did not fail."""
    if item.config.option.gate_record:
        from mnist_repro.gate.session.reports import RECORDED

        if any(name == RECORDED for name, _ in item.user_properties):
            pytest.skip("recorded, not judged")


@pytest.fixture
def gate(request: pytest.FixtureRequest) -> Gate:
    """Compares what a test measured with its baseline: `gate.check`, `gate.fingerprint`, `gate.cases`."""
    from mnist_repro.program import PACKAGES, missing

    try:
        from mnist_repro.gate.fixture import Gate, Session
        from mnist_repro.gate.session.reports import ANY_NAME, WANTED
        from mnist_repro.gate.statistics import AUTO_SEEDS
    except ModuleNotFoundError as error:
        if error.name not in PACKAGES:
            raise
        pytest.fail(str(missing(error.name)), pytrace=False)

    config, option = request.config, request.config.option
    session = config.stash.get(_SHARED, None)
    if session is None:
        seeds = AUTO_SEEDS if option.gate_seeds == AUTO else (option.gate_seeds,)
        record = 0
        if option.gate_record:
            record = _record_seeds(config) if option.gate_seeds == AUTO else option.gate_seeds
        baselines = config.rootpath / config.getini("gate_baselines")
        session = Session(config.rootpath, baselines, seeds, record, start=config.invocation_params.dir)
        config.stash[_SHARED] = session
    properties = request.node.user_properties
    # A test that takes the gate and never compares anything must appear in the gate report too.
    properties.append((WANTED, ANY_NAME))
    return Gate(session, request.node.nodeid, lambda name, value: properties.append((name, value)))


def _require_recordable() -> None:
    from mnist_repro.errors import BadInput
    from mnist_repro.gate.baselines.folder import require_writable_baselines

    try:
        require_writable_baselines("--gate-record")
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error


def _record_seeds(config: pytest.Config) -> int:
    text = str(config.getini("gate_record_seeds"))
    if not text.isdecimal() or not 1 <= int(text) <= MOST_SEEDS:
        raise pytest.UsageError(
            f"gate_record_seeds = {text}\n  why: it is a number of seeds, 10 or more\n  next: gate_record_seeds = 16"
        )
    return int(text)


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
