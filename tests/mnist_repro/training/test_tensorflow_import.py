"""TensorFlow's import, in fresh processes."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import os, sys
from mnist_repro.training.tensorflow_import import quick_and_quiet

with quick_and_quiet():
    os.write(2, b"never mind")
try:
    with quick_and_quiet():
        os.write(2, b"this is why")
        raise ImportError
except ImportError:
    print("matplotlib" in sys.modules)
import matplotlib
with quick_and_quiet():
    import matplotlib as again
print(again is matplotlib)
"""


def test_a_failure_is_heard_and_leaves_nothing_behind_and_a_matplotlib_that_is_there_stays() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)

    assert (b"False\nTrue\n", b"this is why") == (ran.stdout, ran.stderr)
