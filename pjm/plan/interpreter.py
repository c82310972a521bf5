"""The switches that Python itself was started with, such as -O and -W, for another Python to be started alike."""

from __future__ import annotations

import sys
from typing import Tuple

# Of `sys.flags`, by their letters. Not here: -u, -i and -c, which are about a terminal or a program, and -P, which
# Python 3.8 has not and which changes nothing where the worker is started.
_LETTERS = (
    ("debug", "d"),
    ("optimize", "O"),
    ("dont_write_bytecode", "B"),
    ("no_site", "S"),
    ("verbose", "v"),
    ("bytes_warning", "b"),
)
_WITHOUT_ENVIRONMENT = ("-E", "-I")


def own_switches() -> Tuple[str, ...]:
    """The switches of this process, of the command line or of variables that stand for them, such as PYTHONWARNINGS."""
    found = [f"-{letter * getattr(sys.flags, name)}" for name, letter in _LETTERS if getattr(sys.flags, name)]
    if sys.flags.isolated:
        found.append("-I")
    else:
        found += ["-E"] * bool(sys.flags.ignore_environment) + ["-s"] * bool(sys.flags.no_user_site)
    found += [f"-W{option}" for option in sys.warnoptions]
    given = dict(sys._xoptions)
    if sys.flags.dev_mode:
        given["dev"] = True
    found += [f"-X{name}" if value is True else f"-X{name}={value}" for name, value in given.items()]
    return tuple(found)


def without_environment(switches: Tuple[str, ...]) -> bool:
    """Whether a Python with these switches looks past PYTHONPATH."""
    return any(switch in _WITHOUT_ENVIRONMENT for switch in switches)
