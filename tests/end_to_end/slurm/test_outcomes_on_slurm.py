"""What goes wrong on a real Slurm × what the user sees × whether it is tried again × how often each test ran.

What is expected stands in docs/reference/outcomes.md, in the table of what was tried.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Mapping

import pytest

from tests.builders.processes import PATIENCE, until
from tests.builders.slurm_project import SlurmProject
from tests.end_to_end.slurm.conftest import CONTROLLER, FORGOTTEN, KILLED, LIMITED, Outcome, documented
from tests.slurm.machine import Running, missing

# Notes how often each test begins, and in which job.
HEADER = """
HERE = os.path.dirname(os.path.abspath(__file__))

@pytest.fixture(autouse=True)
def first(request):
    path = os.path.join(HERE, request.node.name[len("test_"):])
    with open(path + ".job", "w") as file:
        file.write(os.environ["SLURM_JOB_ID"])
    with open(path + ".runs", "a") as file:  # last: it is waited for
        file.write("!")
    return os.path.getsize(path + ".runs") == 1

def wait(first, name="never"):
    while first and not os.path.exists(os.path.join(HERE, name)):
        time.sleep(0.1)
"""
WAITS = "wait(first)"
WHOLE = "cpus=16, "  # a node that no other job is on
# Slurm's answers to two submissions, which are told from the others by their options.
SBATCH = """#!/bin/sh
case "$*" in
*--dependency=*) echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2; exit 1;;
*--partition=lost*) "{real}" "$@" > /dev/null
    echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1;;
esac
exec "{real}" "$@"
"""


@dataclass(frozen=True)
class Row:
    """One test in one job, and what is done to that.

    Attributes:
        what: as the page says.
        body: of the test.
        mark: what it asks for.
        act: is called with its job, once that runs.
    """

    what: str
    body: str = "pass"
    mark: str = ""
    act: Callable[[Running, str], object] = lambda slurm, job: None


def node_of(slurm: Running, job: str) -> str:
    return slurm.run("squeue", "-h", "-j", job, "-o", "%N").strip()


def end_time(slurm: Running, job: str) -> None:
    """Slurm looks every half minute who is over the limit."""
    slurm.run("scontrol", "update", f"JobId={job}", "EndTime=now")


def break_node(slurm: Running, job: str) -> None:
    """Kill all of a node, as a loss of power does."""
    slurm.kill(f"slurmd-{node_of(slurm, job)}")
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            mine = f"SLURM_JOB_ID={job}".encode() in (entry / "environ").read_bytes().split(b"\0")
            if mine or (entry / "cmdline").read_bytes().startswith(f"slurmstepd: [{job}.".encode()):
                os.kill(int(entry.name), signal.SIGKILL)
        except OSError:
            continue


def preempt(slurm: Running, job: str) -> None:
    more = ("--partition=small", f"--nodelist={node_of(slurm, job)}", "--cpus-per-task=16", "--time=1")
    slurm.run("sbatch", *more, "--output=/dev/null", "--wrap=true")


REFUSED = "sbatch refuses the second job of a chain"
ROWS: Mapping[str, Row] = {
    "exits": Row("the test's process exits", "os._exit(7)"),
    "crashes": Row("a signal ends the test's process", "os.kill(os.getpid(), signal.SIGSEGV)"),
    "killed": Row(
        "a signal ends the job's script", WAITS, "", lambda slurm, job: slurm.run("scancel", "-b", "-s", "KILL", job)
    ),
    "late": Row("the job runs over its limit: TIMEOUT", WAITS, "", end_time),
    "large": Row("the job needs too much memory: OUT_OF_MEMORY", "bytearray(900_000_000)", 'mem="300M", '),
    "on_a_broken_node": Row("its node dies: NODE_FAIL", WAITS, WHOLE, break_node),
    "preempted": Row("another job takes its node: PREEMPTED", WAITS, f'{WHOLE}rscgrp="spot", ', preempt),
    "cancelled": Row("somebody cancels it: scancel", WAITS, "", lambda slurm, job: slurm.run("scancel", job)),
    "on_a_drained_node": Row("its node is drained before it begins", "pass", 'rscgrp="drained", '),
    "unanswered": Row("the answer of sbatch is lost", "pass", 'rscgrp="lost", '),
    "first": Row(f"{REFUSED}: its first test"),
    "second": Row(f"{REFUSED}: the test that waits for that", "pass", 'after="test_first", '),
}


def text() -> str:
    marks = [f'{row.mark}elapse="00:{30 + number}:00"' for number, row in enumerate(ROWS.values())]
    tests = [
        f"@pytest.mark.fugaku({mark})\ndef test_{name}(first):\n    {row.body}\n"
        for mark, (name, row) in zip(marks, ROWS.items())
    ]
    return "\n\n".join([HEADER, *tests])


@dataclass
class Table:
    """The rows as they came.

    Attributes:
        project: with its tests.
        out: what pytest said.
    """

    project: SlurmProject
    out: str

    def outcome(self, name: str) -> Outcome:
        """What became of one test."""
        verdicts = re.findall(rf"::test_{name} (PASSED|FAILED|ERROR|SKIPPED)", self.out)
        report = self.out.partition(f" test_{name} ___")[2].partition("\n____")[0]
        words = documented()[ROWS[name].what].sees.partition("*")[2].rstrip("*")
        words = f": *{words if words in report else report}*" if report else ""
        tests = [test for record in self.project.live()["jobs"] for test in record["tests"]]
        jobs = sum(1 for test in tests if test.endswith(f"::test_{name}"))
        return Outcome(", ".join(verdicts).lower() + words, "yes" if jobs > 1 else "no", str(self.runs(name)))

    def runs(self, name: str) -> int:
        """How often a test began."""
        file = self.project.path / f"{name}.runs"
        return file.stat().st_size if file.exists() else 0


@pytest.fixture(scope="module")
def table(limited: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    """All rows, in one session."""
    project = SlurmProject(tmp_path_factory.mktemp("rows") / "project", limited)
    project.write(text())
    sbatch = project.commands / "sbatch"
    (project.commands / "noting").write_text(sbatch.read_text())
    (project.commands / "noting").chmod(0o755)
    sbatch.write_text(SBATCH.format(real=project.commands / "noting"))
    *_, last = sorted(set(limited.run("sinfo", "-h", "-N", "-o", "%N").split()))
    for name in ("drained", "lost"):
        nodes = last if name == "drained" else "ALL"
        limited.run("scontrol", "create", f"PartitionName={name}", f"Nodes={nodes}")
    limited.run("scontrol", "update", f"NodeName={last}", "State=DRAIN", "Reason=test")
    with project.start("--fugaku", "--fugaku-emulate", "-v") as client, contextlib.ExitStack() as at_end:
        at_end.callback(client.kill)
        for name, row in ROWS.items():
            if row.body == WAITS:
                until((project.path / f"{name}.runs").exists)
                row.act(limited, (project.path / f"{name}.job").read_text())
        until(lambda: "DRAINED" in limited.run("squeue", "-h", "-p", "drained", "-o", "%r"))
        limited.run("scontrol", "update", f"NodeName={last}", "State=RESUME")
        out, _ = client.communicate(timeout=PATIENCE * 2)
    yield Table(project, out)
    project.stop()


def test_every_row_of_the_page_is_tried() -> None:
    assert {*(row.what for row in ROWS.values()), CONTROLLER, FORGOTTEN, KILLED} == documented().keys()


@pytest.mark.parametrize("name", ROWS)
def test_a_job_that_is(table: Table, name: str) -> None:
    if name == "large" and missing(LIMITED) is not None:
        pytest.skip(str(missing(LIMITED)))

    assert documented()[ROWS[name].what] == table.outcome(name), table.out
