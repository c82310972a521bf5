"""How the Pythons of a job are started, with the code of their command line and their switches, and how they end."""

from __future__ import annotations

import sys
from typing import NamedTuple, Sequence, Tuple

from pjm.job.assignment import PATH

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
# Not `-m`: Python would look for modules in the project's folder before the standard library and our package.
START = (
    "import os, sys; sys.path[:] = [each for each in sys.path if each and each != os.getcwd()]; "
    "from pjm.job.worker import {function}; sys.exit({function}())"
)
# Put before START if Python ignores PYTHONPATH, which names the folder of our code.
FIND = f"import os, sys; sys.path.insert(0, os.environ['{PATH}']); "


class Ended(NamedTuple):
    """How a process, or an mpiexec, that ran tests has ended.

    Attributes:
        code: its exit code.
        how: the same in words, for the test that was running.
        printed: what that test had printed, as pairs of title and text.
        unended: where threads were when a Python that did not end was given up; "" if it ended.
    """

    code: int
    how: str
    printed: Sequence[Tuple[str, str]] = ()
    unended: str = ""


def command(python: Sequence[str], switches: Tuple[str, ...], function: str) -> Tuple[str, ...]:
    """The command that runs a function of `pjm.job.worker`, with the command `python` that starts an interpreter."""
    without_environment = any(switch in _WITHOUT_ENVIRONMENT for switch in switches)
    code = START.format(function=function)
    return (*python, *switches, "-c", FIND + code if without_environment else code)


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
