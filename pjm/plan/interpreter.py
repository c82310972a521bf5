"""The switches that this Python was started with, such as -O and -W, to start another Python in the same way."""

from __future__ import annotations

import sys
from typing import Tuple

# Fields of `sys.flags` and the letters of their switches. Left out: -u, -i and -c, which are about a terminal or a
# program, and -P, which Python 3.8 does not have and which makes no difference to the worker.
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
    """The switches of this process, from its command line or from variables such as PYTHONWARNINGS."""
    switches = [f"-{letter * getattr(sys.flags, name)}" for name, letter in _LETTERS if getattr(sys.flags, name)]
    if sys.flags.isolated:
        switches.append("-I")
    else:
        switches += ["-E"] * bool(sys.flags.ignore_environment) + ["-s"] * bool(sys.flags.no_user_site)
    switches += [f"-W{option}" for option in sys.warnoptions]
    options = dict(sys._xoptions)
    if sys.flags.dev_mode:
        options["dev"] = True
    switches += [f"-X{name}" if value is True else f"-X{name}={value}" for name, value in options.items()]
    return tuple(switches)


def without_environment(switches: Tuple[str, ...]) -> bool:
    """Whether a Python with these switches ignores PYTHONPATH."""
    return any(switch in _WITHOUT_ENVIRONMENT for switch in switches)
