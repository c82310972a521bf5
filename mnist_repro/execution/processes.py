"""The command line of a worker process, which imports modules from the same folders as this process."""

from __future__ import annotations

import sys
from typing import List


def command(module: str) -> List[str]:
    """The command that runs ``main()`` of a module of this package.

    The process imports from the same folders as this process, and from no others. ``python -m`` would import a file
    json.py in the current folder instead of Python's own module.
    """
    program = f"import sys; sys.path[:] = sys.argv[1:]; from mnist_repro.{module} import main; main()"
    return [sys.executable, "-c", program, *sys.path]
