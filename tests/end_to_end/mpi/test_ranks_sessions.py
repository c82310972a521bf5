"""Sessions with ranks: what ends them early, what they hang in, how they are resumed, and how ranks are started."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path

import pytest

from tests.builders.processes import until
from tests.end_to_end.mpi.conftest import Make, Way

TOGETHER = """
def together(mpi):
    assert list(range(4)) == mpi.comm.allgather(mpi.rank)
"""
THREE = f"""{TOGETHER}
def test_a(mpi): together(mpi)
def test_b(mpi):
{{}}
def test_c(mpi): together(mpi)
"""


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("    if mpi.rank == 2: pytest.exit('enough', 7)\n    mpi.comm.Barrier()", 7, "enough"),
        ("    if mpi.rank == 2: request.session.shouldstop = 'that will do'", 2, "that will do"),
    ],
    ids=["pytest.exit", "shouldstop"],
)
def test_a_rank_that_ends_the_session_ends_it(way: Way, body: str, code: int, words: str) -> None:
    way.write(THREE.format(body).replace("test_b(mpi)", "test_b(mpi, request)"))
    ran = way.run()

    outcomes = way.outcomes()
    assert (code, words) == (ran.code, words if words in ran.out else ran.out)
    assert ("passed", False) == (outcomes["a"].verdict, "c" in outcomes), ran.out


def test_after_a_failure_in_one_rank_nothing_else_is_reported_with_x_and_lf_runs_it_alone(way: Way) -> None:
    way.write(THREE.format("    assert mpi.rank != 3"))
    ran = way.run("-x")
    again = way.run("--lf")

    assert {"passed": 1, "failed": 1} == ran.counts(), ran.out
    assert {"failed": 1} == {name: n for name, n in again.counts().items() if name != "deselected"}, again.out


@pytest.mark.parametrize("gate", ["mpi4py", "mpiexec"])
def test_other_gates_keep_ranks_in_step_too(make: Make, gate: str) -> None:
    way = make("emulator")
    way.write(THREE.format("    if mpi.rank == 1: raise ValueError('only here')\n    mpi.comm.Barrier()"))
    ran = way.run("-o", f"fugaku_ranks_gate={gate}")

    verdicts = {name: outcome.verdict for name, outcome in way.outcomes().items()}
    assert {"a": "passed", "b": "failed", "c": "passed"} == verdicts, ran.out
    assert "rank 1 of 4: ValueError: only here" in way.outcomes()["b"].message


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("mpiexec --no-such-option", "no-such-option"),
        ("mpiexec -n 2", "mpiexec has started 2 ranks, and the test asks for ranks=4"),
        ("env -u PMIX_RANK -u OMPI_COMM_WORLD_RANK", "this process cannot tell which rank it is"),
    ],
)
def test_an_mpiexec_that_cannot_be_used_is_explained(make: Make, tmp_path: Path, command: str, said: str) -> None:
    way = make("emulator")
    way.write(THREE.format("    pass"))
    script = tmp_path / "start"
    script.write_text(f'#!/bin/sh\nshift\nexec {command} "$@"\n')
    script.chmod(0o755)
    ran = way.run(f"--fugaku-mpiexec={shlex.quote(str(script))} {{ranks}}")

    assert ["error"] * 3 == [outcome.verdict for outcome in way.outcomes().values()], ran.out
    assert said in ran.out


def test_an_mpiexec_that_does_not_exist_is_explained(make: Make) -> None:
    way = make("emulator")
    way.write(THREE.format("    pass"))
    ran = way.run("--fugaku-mpiexec=no-such-mpiexec")

    assert ["error"] * 3 == [outcome.verdict for outcome in way.outcomes().values()], ran.out
    assert "no-such-mpiexec: No such file or directory: fugaku_mpiexec names what starts ranks" in ran.out


def test_an_mpi4py_of_another_mpi_is_explained(make: Make) -> None:
    way = make("here")
    # As an mpi4py that was built with another MPI: each process is alone in its world.
    (way.project.path / "conftest.py").write_text("from mpi4py import MPI\nMPI.COMM_WORLD = MPI.COMM_SELF\n")
    way.write("def test_a(mpi): mpi.comm.Barrier()")
    way.run()

    assert "mpi4py sees 1 rank, and mpiexec has started 4" in way.outcomes()["a"].message


def test_a_node_that_breaks_is_no_failure_of_a_test_with_ranks(make: Make) -> None:
    way = make("emulator")
    way.project.emulate([{"fault": "end", "pc": 20, "times": 1}])
    way.write(THREE.format("    together(mpi)"))
    ran = way.run("--fugaku-retries=1")

    assert {"passed": 3} == ran.counts(), ran.out


def test_a_client_that_is_killed_is_resumed_and_no_job_runs_twice(make: Make) -> None:
    way = make("emulator")
    body = "    open(f'begun.{mpi.rank}', 'a').write('!')\n    while not os.path.exists('go'): time.sleep(0.05)"
    way.write(THREE.format(body))
    client = way.project.start("--fugaku", "--fugaku-emulate")
    until(lambda: len(list(way.project.path.glob("begun.*"))) == 4)
    client.send_signal(signal.SIGKILL)
    client.communicate()
    (way.project.path / "go").touch()
    ran = way.run("--fugaku-resume")

    assert {"passed": 3} == ran.counts(), ran.out
    assert ["!"] * 4 == [path.read_text() for path in way.project.path.glob("begun.*")]
    assert 1 == len(way.project.submissions())


def test_a_client_that_detaches_is_resumed(make: Make) -> None:
    way = make("emulator")
    way.write(THREE.format("    time.sleep(1)"))
    left = way.project.run("--fugaku", "--fugaku-emulate", "--fugaku-detach")
    ran = way.run("--fugaku-resume")

    assert {"passed": 3} == ran.counts(), left.out + ran.out


def test_fifty_empty_tests_have_one_mpiexec(way: Way) -> None:
    way.write('@pytest.mark.parametrize("number", range(50))\ndef test_empty(number): pass\n')
    ran = way.run("-o", "fugaku_tests_per_job=100")

    assert {"passed": 50} == ran.counts(), ran.out
    assert "mpiexec" not in ran.out


def test_a_rank_that_leaves_before_mpi_has_begun_is_named(way: Way) -> None:
    way.write("def test_a(mpi):\n    if mpi.rank == 1: os._exit(0)\ndef test_b(mpi): assert 4 == mpi.size")
    ran = way.run()

    outcomes = way.outcomes()
    assert ("failed", "passed") == (outcomes["a"].verdict, outcomes["b"].verdict), ran.out
    assert "rank 1 of 4 died in it" in outcomes["a"].message
