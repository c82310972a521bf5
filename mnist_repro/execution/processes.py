"""How a process of our own is started: what it imports comes from where this process imports from."""

from __future__ import annotations

import sys
from typing import List


def command(module: str) -> List[str]:
    """The command that runs ``main()`` of a module of this package.

    It imports from where this process does, and from nowhere else: with ``python -m``, a file json.py in the folder
    that the user happens to be in would take the place of Python's own.
    """
    program = f"import sys; sys.path[:] = sys.argv[1:]; from mnist_repro.{module} import main; main()"
    return [sys.executable, "-c", program, *sys.path]
