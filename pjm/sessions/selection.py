"""Compares the tests selected now with those of a resumed session, and the variables that bear on the selection."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Collection, Dict, List, Mapping, Optional

from pjm import suggest
from pjm.errors import BadInput
from pjm.sessions.session import SESSION, corrupt

HASH_SEED = "PYTHONHASHSEED"  # parameters drawn from a set come in the order of their hashes
_SELECTS = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", HASH_SEED)

Differences = Dict[str, Optional[str]]


def variables() -> Dict[str, str]:
    """The variables that may select tests, or give them other parameters, as far as they are set."""
    return {name: os.environ[name] for name in _SELECTS if name in os.environ}


def check_selection(facts: Mapping[str, object], now: Collection[str], folder: Path) -> None:
    """Raise BadInput, naming the differences, unless the tests selected now are those of the session."""
    before = facts.get("tests")
    if not isinstance(before, list):
        raise corrupt(folder / SESSION, "its tests are missing")
    known, selected = set(before), set(now)
    more = [test for test in now if test not in known]
    fewer = [str(test) for test in before if test not in selected]
    if not (more or fewer):
        return
    differing = _differing(facts.get("variables"))
    why = [f"{_some(fewer)} would be left out"] if fewer else []
    why += [f"{_some(more)} would be submitted as well"] if more else []
    why += [_said(name, value) for name, value in differing.items()]
    typed = suggest.with_variables(suggest.resume(folder), differing)
    raise BadInput(
        f"session {folder.name} has {'tests that are not' if fewer else 'fewer tests than are'} selected now",
        "; ".join(why),
        f"select what it was begun with, with no -k, -m or files: {typed}; or start a new session without "
        "--fugaku-resume",
    )


def _differing(recorded: object) -> Differences:
    """The variables that have changed since the session began, with their values at that time."""
    before: Mapping[str, object] = recorded if isinstance(recorded, dict) else variables()
    now = variables()
    return {
        name: None if before.get(name) is None else str(before[name])
        for name in _SELECTS
        if before.get(name) != now.get(name)
    }


def _said(name: str, before: Optional[str]) -> str:
    was, now = (f"{value!r}" if value is not None else "not set" for value in (before, os.environ.get(name)))
    return f"{name} was {was} and is {now}"


def _some(tests: List[str]) -> str:
    return f"{tests[0]} and {len(tests) - 1} more" if len(tests) > 1 else tests[0]
