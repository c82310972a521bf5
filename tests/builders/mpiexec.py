"""An mpiexec without MPI: it starts processes that know their number, and ends all if one fails."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_TEXT = """\
import os, signal, subprocess, sys, time

_, count, *command = sys.argv
count = int(count)
{before}
ranks = [
    subprocess.Popen(command, env={{**os.environ, {name!r}: str(rank), "OMPI_COMM_WORLD_SIZE": str(count)}})
    for rank in range(count)
]

def end(code):
    for rank in ranks:
        if rank.poll() is None:
            rank.kill()
    for rank in ranks:
        rank.wait()
    sys.exit(code)

signal.signal(signal.SIGTERM, lambda *_: end(143))
while any(rank.poll() is None for rank in ranks):
    for rank in ranks:
        if rank.poll():
            end(rank.returncode if rank.returncode > 0 else 128 - rank.returncode)
    time.sleep(0.01)
"""


def write_mpiexec(folder: Path, before: str = "", name: str = "PMIX_RANK") -> Path:
    """Write the command `mpiexec -n N COMMAND`, or `mpiexec N COMMAND`.

    Args:
        folder: where.
        before: statements that it runs before it starts `count` ranks.
        name: the variable that tells a rank its number.
    """
    program = folder / "mpiexec.py"
    program.write_text(_TEXT.format(before=before, name=name))
    shell = folder / "mpiexec"
    shell.write_text(f'#!/bin/sh\n[ "$1" != -n ] || shift\nexec {sys.executable} {program} "$@"\n')
    os.chmod(str(shell), 0o755)  # noqa: PTH101, S103 - a command
    return shell
