"""Ranks that hang and ranks whose job is killed: the test that was running is blamed, and the others run."""

from __future__ import annotations

import pytest

from tests.builders.processes import NEEDED, alive, until
from tests.end_to_end.mpi.conftest import Make, Way, make, mpi_is_here
from tests.end_to_end.mpi.test_ranks_sessions import THREE

__all__ = ["make", "mpi_is_here"]  # fixtures

HANGS = """    open(f"begun.{mpi.rank}", "w").close()
    if mpi.rank == 3:
        time.sleep(3600)
    mpi.comm.Barrier()"""
DEADLOCK = """    open(f"begun.{mpi.rank}", "w").close()
    mpi.comm.recv(source=(mpi.rank + 1) % 4)"""


def blamed(way: Way, out: str, words: str) -> None:
    outcomes = way.outcomes()
    assert {"a": "passed", "c": "passed"} == {name: outcomes[name].verdict for name in "ac"}, out
    assert "failed" == outcomes["b"].verdict.split(" ")[0], out
    assert words in outcomes["b"].message


@pytest.mark.parametrize("body", [HANGS, DEADLOCK], ids=["a rank sleeps", "deadlock"])
def test_ranks_that_hang_are_ended_by_the_elapse_limit(make: Make, body: str) -> None:
    way = make("emulator")
    way.project.emulate(groups={"small": {"elapse_min": 1}})
    way.write(THREE.format(body), mark='pytestmark = pytest.mark.fugaku(ranks=4, elapse="20", rscgrp="small")\n')

    blamed(way, way.run().out, "elapse")


@NEEDED
def test_a_job_that_is_killed_while_ranks_run_leaves_none_of_them(make: Make) -> None:
    way = make("emulator")
    way.project.emulate([{"fault": "kill", "times": 1, "file": "../../../../begun.3"}])
    way.write(THREE.format(HANGS.replace('"w").close()', '"w").write(str(os.getpid()))')))
    ran = way.run()

    outcomes = way.outcomes()
    assert {"a": "passed", "b": "failed", "c": "error"} == {name: outcomes[name].verdict for name in "abc"}, ran.out
    assert "this test was running" in outcomes["b"].message
    assert "this test had not begun" in outcomes["c"].message
    ranks = [path.read_text() for path in way.project.path.glob("begun.*")]
    assert 4 == len(ranks)
    until(lambda: not any(map(alive, ranks)))
