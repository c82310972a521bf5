"""`mnist-repro baseline accept`, killed at each change of a file, and done again: no sample is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import List, Tuple

import pytest

from mnist_repro.gate.baselines import files as baseline_files
from tests.builders.baseline_command import REASON, baseline, stored
from tests.builders.command_line import environment
from tests.builders.made_up_baselines import SPREAD, samples, subset, values
from tests.builders.processes import PATIENCE

WHEEL = "wheel-softmax"
# In the n-th folder the command is killed before its n-th change of a file. One process with many children: that of the
# command imports a lot.
ACCEPT_AND_DIE = """
import os, pathlib, signal, sys
from mnist_repro import cli
from mnist_repro.commands import baseline
*arguments, folders = sys.argv[1:]
def dying(change):
    def wrapped(*arguments, **options):
        global left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return change(*arguments, **options)
    return wrapped
for name in ("replace", "unlink", "write_text"):
    setattr(pathlib.Path, name, dying(getattr(pathlib.Path, name)))
for left, folder in enumerate(folders.split(os.pathsep)):
    if not os.fork():
        os._exit(cli.main([*arguments, folder]))
    status = os.wait()[1]
    print(-os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status), file=sys.stderr)
"""


def every_sample(folder: Path) -> List[Tuple[int, Tuple[float, ...]]]:
    """What is stored or was stored before, by seed."""
    entry = stored(folder)
    rows = [(seed, tuple(row.values())) for seed, row in entry.samples.items()]
    for change in entry.history:
        rows += [(seed, tuple(row)) for seed, row in change.replaced.get("samples", {}).items()]
    return rows


@pytest.mark.usefixtures("outside_ci")
def test_accepting_may_be_killed_anywhere_and_done_again(tmp_path: Path) -> None:
    folder = tmp_path / "baselines"
    baseline_files.write(folder, subset())
    baseline_files.write(folder, subset(samples([0.25, 0.5], history=())), proposed=True)
    before = [(seed, tuple(values(loss).values())) for seed, loss in enumerate(SPREAD)]
    copies = [tmp_path / str(number) / "baselines" for number in range(6)]
    for copy in copies:
        shutil.copytree(str(folder), str(copy))
    command = ["baseline", "accept", WHEEL, "--rung", "subset", "--reason", REASON, "--baselines"]
    ended = subprocess.run(
        [sys.executable, "-c", ACCEPT_AND_DIE, *command, os.pathsep.join(map(str, copies))],
        env=environment({"CI": ""}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        check=True,
        text=True,
    )

    # Before the private folder's .gitignore is written, and before it takes its place; likewise with the new file; and
    # before the proposal is removed.
    assert [*[-signal.SIGKILL] * 5, 0] == [int(status) for status in ended.stderr.split()]
    for copy in copies:
        assert set(before) <= set(every_sample(copy))
    for copy in copies[:-1]:
        assert 0 == baseline("accept", copy, WHEEL, "--reason", REASON, "--rung", "subset").code
    for copy in copies:
        assert {0: values(0.25), 1: values(0.5)} == stored(copy).samples
        assert ["first recording", REASON] == [change.reason for change in stored(copy).history]
