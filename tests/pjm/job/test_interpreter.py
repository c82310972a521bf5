"""Another Python is started as this one was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import List, Sequence

import pytest

import pjm
from pjm.job.interpreter import START, command

ROOT = str(Path(pjm.__file__).parent.parent)
SHOW = f"""
import sys
sys.path.insert(0, {ROOT!r})
import json
from pjm.job.interpreter import own_switches
print(json.dumps([list(sys.flags), sorted(set(sys.warnoptions)), sys._xoptions, own_switches()]))
"""


def shown(switches: Sequence[str], **variables: str) -> List[object]:
    """The flags, filters of warnings and -X options of a Python, and what it hands on."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, *switches, "-c", SHOW],
        env={**kept, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        encoding="utf-8",
    )
    found: List[object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ([], []),
        (["-O"], ["-O"]),
        (["-OO", "-B", "-s"], ["-OO", "-B", "-s"]),
        (["-bb"], ["-bb", "-Werror::BytesWarning"]),
        (["-E"], ["-E"]),
        (["-I"], ["-I"]),
        (["-W", "error", "-W", "ignore:a b:UserWarning"], ["-Werror", "-Wignore:a b:UserWarning"]),
        (["-X", "dev"], ["-Wdefault", "-Xdev"]),
        (["-X", "faulthandler", "-X", "tracemalloc=3"], ["-Xfaulthandler", "-Xtracemalloc=3"]),
    ],
)
def test_a_python_started_with_what_another_hands_on_is_like_it(switches: List[str], expected: List[str]) -> None:
    first = shown(switches)
    second = shown(expected)

    assert expected == first[-1]
    assert first[:3] == second[:3]


def test_variables_that_stand_for_switches_count() -> None:
    variables = {"PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "2", "PYTHONDEVMODE": "1"}

    assert ["-OO", "-Wdefault", "-Werror", "-Xdev"] == shown([], **variables)[-1]


def test_switches_stand_before_the_program() -> None:
    python = ("apptainer", "exec", "image.sif", "python3")

    assert (
        "apptainer",
        "exec",
        "image.sif",
        "python3",
        "-O",
        "-Werror",
        "-c",
        START.format(function="main"),
    ) == command(python, ("-O", "-Werror"), "main")
