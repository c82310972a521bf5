"""One rank of a test: which one this process is, how it keeps in step with the others, and the value of `mpi`."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, List, Mapping, Optional, Sequence, Type

from pjm.counted import counted
from pjm.errors import BadInput
from pjm.job import events
from pjm.job.assignment import EVENTS, Assignment
from pjm.job.captured_output import OUTPUT
from pjm.job.events import EventLog, SureLog, Tail

LAUNCH = "PYTEST_PJM_LAUNCH"  # the folder of one start of mpiexec; its name ends with the time of the start
GATE = "gate.jsonl"
TESTS = "tests.json"  # in the same folder: the tests that this start is for
# The first is that of PMIx, which Open MPI and Fujitsu's MPI use; the last one also a Slurm job without ranks has.
NUMBERS = ("PMIX_RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID")
FILES, MPI4PY, MPIEXEC = GATES = ("files", "mpi4py", "mpiexec")
SIZES = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE")  # Fujitsu's MPI and PMIx alone may say nothing
_LONGEST_PAUSE = 0.05  # seconds between looks at the gate, for each four ranks


@dataclass(frozen=True)
class Mpi:
    """The value of the fixture `mpi`: the place of this process among the ranks of its test.

    Attributes:
        rank: its number, from 0.
        size: how many there are; 1 where a test has no ranks.
    """

    rank: int = 0
    size: int = 1

    @property
    def comm(self) -> Any:
        """mpi4py's `COMM_WORLD`.

        Raises:
            BadInput: mpi4py is not installed, or belongs to another MPI than the mpiexec that started the ranks.
        """
        try:
            mpi: Any = import_module("mpi4py.MPI")
        except ImportError as error:
            raise BadInput(
                "mpi.comm needs mpi4py",
                str(error),
                "install it where the tests run, with the MPI of their mpiexec: python -m pip install mpi4py",
            ) from error
        if mpi.COMM_WORLD.size != self.size:
            raise BadInput(
                f"mpi4py sees {counted(mpi.COMM_WORLD.size, 'rank')}, and mpiexec has started {self.size}",
                f"it belongs to another MPI: {mpi.Get_library_version().splitlines()[0]}",
                "have both from one MPI: fugaku_mpiexec names the command",
            )
        return mpi.COMM_WORLD


def number(variables: Mapping[str, str], own: bool = True) -> Optional[int]:
    """The number of this process among those that an mpiexec has started; None if none has.

    Args:
        variables: the environment.
        own: whether this process was started as a rank. Else it asks whether somebody has started it as one.
    """
    found = (variables.get(name) for name in (NUMBERS if own else NUMBERS[:-1]))
    return next((int(text) for text in found if text is not None and text.isdecimal()), None)


def rank_folder(launch: Path, rank: int) -> Path:
    """The folder of one rank; `launch` is the folder of its start of mpiexec."""
    return launch / f"rank-{rank}"


class Gate:
    """Keeps the processes of a test together. This one is for a test without ranks."""

    def agree(self, found: Sequence[str]) -> Sequence[str]:
        """Say which tests this process has found. Return those that it shall run."""
        return found

    def pass_through(self, test: str) -> None:
        """Return when all processes are ready for this test."""


@dataclass
class Rank:
    """One rank of a start of mpiexec.

    Attributes:
        mpi: its number, and how many there are.
        assignment: what the share has to do; the events are those of the rank.
        launch: the folder of this start of mpiexec.
    """

    mpi: Mpi
    assignment: Assignment
    launch: Path

    @property
    def started(self) -> int:
        """When mpiexec was started, milliseconds since the epoch: a number that all ranks of a test have in common."""
        return int(self.launch.name.rpartition("-")[2])

    @property
    def tests(self) -> List[str]:
        """The tests that this start of mpiexec is for."""
        tests: List[str] = json.loads((self.launch / TESTS).read_text(encoding="ascii"))["tests"]
        return tests

    def gate(self, log: SureLog, tests: Sequence[str]) -> Gate:
        """The gate before each of the tests."""
        return _GATES[self.assignment.gate](self, log, tests)

    def keep_output_apart(self) -> None:
        """Print into a file of this rank, unless it is the first: the job's own output has that of the first."""
        if self.mpi.rank:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            file = os.open(str(self.assignment.events.with_name(OUTPUT)), flags, 0o600)
            os.dup2(file, 1)
            os.dup2(file, 2)
            os.close(file)

    def watch_the_end(self) -> None:
        """Start a process that notes the end of this one, however it comes.

        mpiexec does not tell which rank died first, and some deaths it does not see, such as `os._exit(0)` before MPI
        has begun. To be called before there are threads, and before MPI begins.
        """
        read_end, write_end = os.pipe()
        if os.fork():
            os.close(read_end)
            # A child of this process, which may live longer, must not keep it open.
            os.register_at_fork(after_in_child=lambda: os.close(write_end))
            return
        try:
            os.setsid()  # mpiexec may kill the group of a rank
            os.close(write_end)
            for stream in (0, 1, 2):  # mpiexec waits until nobody has them open
                os.close(stream)
            os.read(read_end, 1)
            EventLog(self.assignment.events).write(events.GONE, time=time.time())
        finally:
            os._exit(0)


def this_rank(assignment: Assignment, variables: Mapping[str, str]) -> Rank:
    """The rank that this process is.

    Raises:
        BadInput: mpiexec has not said, or has started more or fewer ranks than the test asks for.
    """
    size, rank = assignment.ranks or 1, number(variables)
    fix = "have fugaku_mpiexec name the mpiexec of Open MPI, MPICH or Fujitsu, with -n {ranks}, or srun"
    if rank is None:
        why = f"its environment has none of {', '.join(NUMBERS)}"
        raise BadInput("this process cannot tell which rank it is", why, fix)
    if rank >= size:
        what = f"this process is rank {rank}, and the test asks for ranks={size}"
        raise BadInput(what, "mpiexec has started more ranks than requested", fix)
    started = next((variables[name] for name in SIZES if variables.get(name, "").isdecimal()), str(size))
    if started != str(size):
        what = f"mpiexec has started {counted(int(started), 'rank')}, and the test asks for ranks={size}"
        raise BadInput(what, "each rank would wait for the missing ones", fix)
    launch = Path(variables[LAUNCH])
    events_of_rank = rank_folder(launch, rank) / EVENTS
    return Rank(Mpi(rank, size), replace(assignment, events=events_of_rank), launch)


class _OneTest(Gate):
    """No waiting: each test has an mpiexec of its own."""

    def __init__(self, rank: Rank, log: SureLog, tests: Sequence[str]) -> None:
        self._log = log

    def agree(self, found: Sequence[str]) -> Sequence[str]:
        self._log.write(events.COLLECTED, tests=list(found))
        return found

    def pass_through(self, test: str) -> None:
        self._log.write(events.READY, test=test)


class _FilesGate(_OneTest):
    """Waits for the process that started mpiexec, by a file."""

    def __init__(self, rank: Rank, log: SureLog, tests: Sequence[str]) -> None:
        super().__init__(rank, log, tests)
        self._tail = Tail(rank.launch / GATE, patience=10)
        self._size = rank.mpi.size

    def agree(self, found: Sequence[str]) -> Sequence[str]:
        super().agree(found)
        tests: List[str] = self._wait(events.AGREED)["tests"]
        return tests

    def pass_through(self, test: str) -> None:
        super().pass_through(test)
        while self._wait(events.GO)["test"] != test:
            pass

    def _wait(self, kind: str) -> events.Event:
        pause, longest = 0.001, _LONGEST_PAUSE * max(1.0, self._size / 4)
        while True:
            for event in self._tail.read():
                if event["event"] == kind:
                    return event
            time.sleep(pause)
            pause = min(2 * pause, longest)


class _MpiGate(_OneTest):
    """Waits for the other ranks by MPI, for file systems that show what another node writes too late."""

    def __init__(self, rank: Rank, log: SureLog, tests: Sequence[str]) -> None:
        super().__init__(rank, log, tests)
        self._tests = tests
        self._comm = rank.mpi.comm.Dup()  # the tests may use the other one in any way

    def agree(self, found: Sequence[str]) -> Sequence[str]:
        super().agree(found)
        mpi: Any = import_module("mpi4py.MPI")
        here = set(found)
        everywhere = bytearray(test in here for test in self._tests)
        self._comm.Allreduce(mpi.IN_PLACE, [everywhere, mpi.UNSIGNED_CHAR], op=mpi.MIN)
        return [test for test, by_all in zip(self._tests, everywhere) if by_all]

    def pass_through(self, test: str) -> None:
        super().pass_through(test)
        self._comm.Barrier()


_GATES: Mapping[str, Type[_OneTest]] = {FILES: _FilesGate, MPI4PY: _MpiGate, MPIEXEC: _OneTest}
