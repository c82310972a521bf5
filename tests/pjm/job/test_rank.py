"""A rank knows its number, waits for the others at the gate, and leaves word of its end."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Dict, List, Mapping, Optional

import pytest

from pjm.errors import BadInput
from pjm.job import events
from pjm.job.assignment import EVENTS, Assignment
from pjm.job.captured_output import OUTPUT
from pjm.job.events import EventLog, SureLog, Tail
from pjm.job.rank import FILES, GATE, LAUNCH, MPI4PY, MPIEXEC, Gate, Mpi, Rank, number, rank_folder, this_rank
from tests.builders.processes import until

TESTS = ["a", "b"]


def assignment(folder: Path, gate: str = FILES) -> Assignment:
    return Assignment(
        (), (), (), (), folder, folder / EVENTS, {}, False, "xunit1", 3.0, ranks=4, ranks_per_node=4, gate=gate
    )


def seat(folder: Path, gate: str = FILES, **variables: str) -> Rank:
    launch = folder / "ranks-1796057477000"
    rank = this_rank(assignment(folder, gate), {LAUNCH: str(launch), "PMIX_RANK": "1", **variables})
    rank.assignment.events.parent.mkdir(parents=True)
    return rank


@pytest.mark.parametrize(
    ("variables", "own", "expected"),
    [
        ({}, True, None),
        ({"PMIX_RANK": "3", "SLURM_PROCID": "0"}, True, 3),
        ({"OMPI_COMM_WORLD_RANK": "2"}, True, 2),
        ({"PMI_RANK": "1"}, False, 1),
        ({"SLURM_PROCID": "7"}, True, 7),
        ({"SLURM_PROCID": "0"}, False, None),  # as in a job of Slurm without ranks
        ({"PMIX_RANK": "", "PMI_RANK": "2"}, True, 2),
        ({"PMIX_RANK": "-1"}, True, None),
    ],
    ids=str,
)
def test_a_number_is_in_the_environment(variables: Dict[str, str], own: bool, expected: Optional[int]) -> None:
    assert expected == number(variables, own)


def test_a_rank_has_a_folder_and_events_of_its_own_and_the_time_in_common(tmp_path: Path) -> None:
    rank = seat(tmp_path, OMPI_COMM_WORLD_SIZE="4")

    assert (Mpi(1, 4), 1796057477000) == (rank.mpi, rank.started)
    assert tmp_path / "ranks-1796057477000" / "rank-1" / EVENTS == rank.assignment.events


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        ({}, "this process cannot tell which rank it is"),
        ({"PMIX_RANK": "4"}, "this process is rank 4, and the test asks for ranks=4"),
        ({"PMIX_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"}, "mpiexec has started 2 ranks, and the test asks for ranks=4"),
        ({"PMI_RANK": "0", "PMI_SIZE": "1"}, "mpiexec has started 1 rank, and the test asks for ranks=4"),
    ],
    ids=str,
)
def test_a_rank_that_cannot_be_one_is_refused(tmp_path: Path, variables: Mapping[str, str], what: str) -> None:
    with pytest.raises(BadInput) as refusal:
        this_rank(assignment(tmp_path), {LAUNCH: str(tmp_path / "ranks-1"), **variables})

    assert what == refusal.value.what
    assert "fugaku_mpiexec" in refusal.value.fix


def test_without_mpi4py_there_is_no_communicator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py.MPI", None)

    with pytest.raises(BadInput, match=r"mpi\.comm needs mpi4py"):
        assert Mpi().comm


def test_an_mpi4py_of_another_mpi_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("mpi4py.MPI")
    vars(module).update(COMM_WORLD=SimpleNamespace(size=1), Get_library_version=lambda: "MPICH 4.0\nand more")
    monkeypatch.setitem(sys.modules, "mpi4py", ModuleType("mpi4py"))
    monkeypatch.setitem(sys.modules, "mpi4py.MPI", module)

    assert 1 == Mpi().comm.size
    with pytest.raises(BadInput, match="mpi4py sees 1 rank, and mpiexec has started 4") as refusal:
        assert Mpi(0, 4).comm
    assert "it belongs to another MPI: MPICH 4.0" == refusal.value.why


def test_a_test_without_ranks_waits_for_nobody() -> None:
    gate = Gate()

    gate.pass_through("a")
    assert TESTS == gate.agree(TESTS)


def written(rank: Rank) -> List[events.Event]:
    return Tail(rank.assignment.events).read()


def test_at_the_gate_of_files_a_rank_waits_until_its_test_may_begin(tmp_path: Path) -> None:
    rank = seat(tmp_path)
    gate, opened = rank.gate(SureLog(rank.assignment.events), TESTS), EventLog(rank.launch / GATE)
    opened.write(events.AGREED, tests=["b"])
    assert ["b"] == gate.agree(TESTS)

    through = threading.Thread(target=gate.pass_through, args=("b",), daemon=True)
    through.start()
    until(lambda: [event for event in written(rank) if event["event"] == "ready"])
    opened.write(events.GO, test="another")
    through.join(0.2)
    assert through.is_alive()
    opened.write(events.GO, test="b")
    until(lambda: not through.is_alive())
    assert [{"event": "collected", "tests": TESTS}, {"event": "ready", "test": "b"}] == written(rank)


def test_at_the_gate_of_mpi4py_ranks_agree_by_mpi_on_what_all_have_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    class Communicator:
        size = 4

        def Dup(self) -> Communicator:  # noqa: N802 - as in mpi4py
            return self

        def Allreduce(self, _: object, buffer: List[bytearray], op: str) -> None:  # noqa: N802 - as in mpi4py
            calls.append((bytes(buffer[0]), op))
            buffer[0][0] = 0  # another rank has not found the first

        def Barrier(self) -> None:  # noqa: N802 - as in mpi4py
            calls.append((b"", "barrier"))

    module = ModuleType("mpi4py.MPI")
    vars(module).update(COMM_WORLD=Communicator(), IN_PLACE=None, UNSIGNED_CHAR=None, MIN="min")
    monkeypatch.setitem(sys.modules, "mpi4py", ModuleType("mpi4py"))
    monkeypatch.setitem(sys.modules, "mpi4py.MPI", module)
    rank = seat(tmp_path, MPI4PY)
    gate = rank.gate(SureLog(rank.assignment.events), ["a", "b", "c"])

    assert ["b"] == gate.agree(["a", "b"])
    gate.pass_through("b")
    assert [(b"\1\1\0", "min"), (b"", "barrier")] == calls
    assert ["collected", "ready"] == [event["event"] for event in written(rank)]


def test_with_an_mpiexec_for_each_test_a_rank_only_says_that_it_is_ready(tmp_path: Path) -> None:
    rank = seat(tmp_path, MPIEXEC)
    gate = rank.gate(SureLog(rank.assignment.events), TESTS)

    assert TESTS == gate.agree(TESTS)
    gate.pass_through("a")
    assert ["collected", "ready"] == [event["event"] for event in written(rank)]


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 9)", "sys.exit(3)"])
def test_the_end_of_a_rank_is_noted_however_it_comes(tmp_path: Path, end: str) -> None:
    rank = seat(tmp_path)
    child = os.fork()
    if not child:
        try:
            rank.watch_the_end()
            exec(end)  # noqa: S102 - one of the above
        finally:
            os._exit(1)
    os.waitpid(child, 0)

    (gone,) = until(lambda: written(rank))
    assert ("gone", float) == (gone["event"], type(gone["time"]))


@pytest.mark.parametrize(("number_", "printed"), [("0", None), ("1", "to 1\nto 2\n")])
def test_all_ranks_but_the_first_print_into_a_file_of_their_own(
    tmp_path: Path, number_: str, printed: Optional[str]
) -> None:
    rank = seat(tmp_path, PMIX_RANK=number_)
    child = os.fork()
    if not child:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        rank.keep_output_apart()
        os.write(1, b"to 1\n")
        os.write(2, b"to 2\n")
        os._exit(0)
    os.waitpid(child, 0)

    file = rank_folder(rank.launch, int(number_)) / OUTPUT
    assert printed == (file.read_text(encoding="utf-8") if file.exists() else None)
