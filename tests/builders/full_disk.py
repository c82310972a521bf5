"""A process whose disk fills up, step by step: before each command, so many bytes are what a file may have.

The limit is that of the system (RLIMIT_FSIZE), met by every library alike. As a script, this is that process.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import List, Sequence, Tuple

from tests.builders.command_line import Ended, environment, run
from tests.builders.processes import PATIENCE

NO_LIMIT = -1
Step = Tuple[int, Sequence[object]]


def run_with_limits(steps: Sequence[Step]) -> Tuple[int, List[Ended]]:
    """Run commands one after another in one process of their own: its exit code, and how each ended."""
    plain = [(limit, [str(argument) for argument in arguments]) for limit, arguments in steps]
    process = subprocess.run(
        [sys.executable, str(Path(__file__)), json.dumps(plain)],
        # The script imports the same modules of the tests as we do.
        env={**environment(), "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    return process.returncode, [Ended(*fields) for fields in json.loads(process.stdout or "[]")]


def main() -> None:
    ended = []
    for limit, arguments in json.loads(sys.argv[1]):
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit if limit != NO_LIMIT else hard, hard))
        found = run(*arguments)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        ended.append((found.code, found.out, found.err))
    # At once: it is known that HDF5, when it has met a full disk, may crash before Python flushes.
    print(json.dumps(ended), flush=True)


if __name__ == "__main__":
    main()
