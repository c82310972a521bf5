"""TensorFlow's import, in fresh processes."""

from __future__ import annotations

import subprocess
import sys
from typing import Tuple

WITHOUT_PLOTS = """
import sys
from mnist_repro.training import framework

framework.tensorflow()
print("matplotlib" in sys.modules)
import matplotlib.pyplot
"""
WITH_PLOTS = """
import matplotlib
from mnist_repro.training.tensorflow_import import quick_and_quiet

with quick_and_quiet():
    import matplotlib as again
print(again is matplotlib)
"""
FAILING = """
import os
import sys
from mnist_repro.training.tensorflow_import import quick_and_quiet

with quick_and_quiet():
    os.write(2, b"never mind")
try:
    with quick_and_quiet():
        os.write(2, b"this is why")
        raise ImportError
except ImportError:
    print("matplotlib" in sys.modules)
"""


def run(program: str) -> Tuple[str, str]:
    """What a program prints, and what it writes to standard error."""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return ran.stdout.decode(), ran.stderr.decode()


def test_tensorflow_comes_without_matplotlib_which_can_be_had_later() -> None:
    assert ("False\n", "") == run(WITHOUT_PLOTS)


def test_a_matplotlib_that_is_there_stays() -> None:
    assert ("True\n", "") == run(WITH_PLOTS)


def test_a_failure_is_heard_and_leaves_nothing_behind() -> None:
    assert ("False\n", "this is why") == run(FAILING)
