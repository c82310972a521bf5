"""The commands `run`, `start` and `stop`, for people; tests use `machine.slurm`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.slurm.machine import Machine, clean, missing, slurm


def main() -> int:
    """Run a command with a Slurm of its own, or start one and stay until Ctrl-C; or clean up after a killed one."""
    parser = argparse.ArgumentParser(prog="python -m tests.slurm", description=__doc__)
    parser.add_argument("what", choices=("run", "start", "stop"), help="run: a command, after --")
    parser.add_argument("--folder", type=Path, help="where all its files are (default: a temporary folder)")
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--slots", type=int, default=16, help="processors that each node claims to have")
    parser.add_argument("--accounting", choices=("none", "dbd"), default="none")
    parser.add_argument("--min-job-age", type=int, default=300, metavar="SECONDS")
    parser.add_argument("--cgroup", action="store_true", help="limit the memory of jobs, for root")
    place = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    words, command = sys.argv[1:place], sys.argv[place + 1 :]
    given = parser.parse_args(words)
    if given.what == "stop":
        if given.folder is None:
            parser.error("stop needs --folder")
        print("ended:", *map(str, clean(given.folder)))
        return 0
    machine = Machine(given.nodes, given.slots, given.min_job_age, given.accounting, given.cgroup)
    why = missing(machine)
    if why:
        print(why, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, slurm(given.folder or Path(folder), machine) as running:
        print(f"export PATH={running.commands}:$PATH", file=sys.stderr, flush=True)
        if given.what == "run":
            return subprocess.run(command, env={**os.environ, **running.environment}, check=False).returncode
        try:
            return running.wait()
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
