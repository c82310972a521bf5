"""The process that starts mpiexec: ranks stay in step, each test has one report, and no rank keeps the others for ever.

The mpiexec is one without MPI, so that all of this runs everywhere.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, List

import pytest

from pjm.job.events import Event
from tests.builders.job_share import JobShare
from tests.builders.mpiexec import write_mpiexec

RANKS = 3
TEXT = """
import os, signal, sys, time
import pytest

HERE = os.path.dirname(__file__)
RANK = int(os.environ.get("PMIX_RANK", "0"))

def here(mpi, name):
    with open(os.path.join(HERE, f"{name}.{mpi.rank}"), "w"):
        pass

def test_is_slow(mpi):
    time.sleep(0.1 * mpi.rank)
    here(mpi, "slow")

def test_begins_after_all(mpi):
    assert [] == [rank for rank in range(mpi.size) if not os.path.exists(os.path.join(HERE, f"slow.{rank}"))]

def test_fails_while_others_wait(mpi):
    print("here is", mpi.rank)
    assert mpi.rank != 1
    time.sleep(600)

def test_passes_1(mpi): assert (3, True) == (mpi.size, mpi.rank in range(3))

@pytest.fixture
def no_setup(mpi):
    assert mpi.rank != 2

def test_has_no_setup(no_setup): pass

def test_is_killed(mpi):
    print("last words of", mpi.rank)
    sys.stdout.flush()
    if mpi.rank == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(600)

def test_passes_2(mpi): pass

def test_leaves(mpi):
    if mpi.rank == 1:
        os._exit(0)

def test_passes_3(mpi): pass

@pytest.mark.parametrize("number", [RANK, 7])
def test_differs(number): pass

def test_exits(mpi):
    if mpi.rank == 2:
        pytest.exit("enough")
    time.sleep(600)
"""
PASS = ["is_slow", "begins_after_all", "passes_1", "passes_2", "passes_3", "differs[7]"]
FAIL = ["fails_while_others_wait", "has_no_setup", "is_killed", "leaves", "differs[0]", "exits"]
IN_ORDER = re.findall(r"def test_(\w+)\(", TEXT)


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> JobShare:
    """The share above, after its run."""
    share = JobShare(tmp_path_factory.mktemp("share"))
    names = [name for each in IN_ORDER for name in (["differs[0]", "differs[7]"] if each == "differs" else [each])]
    write(share, TEXT, [f"test_{name}" for name in names])
    assert 1 == share.run().code
    return share


def write(
    share: JobShare,
    text: str,
    tests: List[str],
    before: str = "",
    gate: str = "files",
    grace: float = 1.0,
    name: str = "PMIX_RANK",
) -> None:
    mpiexec = (str(write_mpiexec(share.folder, before, name)), "{ranks}")
    share.write(text, tests, ranks=RANKS, mpiexec=mpiexec, gate=gate, grace=grace)


def reports(share: JobShare, name: str) -> Dict[str, Event]:
    """The reports of a test, by phase."""
    found = [event["data"] for event in share.events("report")]
    return {data["when"]: data for data in found if data["nodeid"].endswith(f"::test_{name}")}


def test_each_test_has_one_result(share: JobShare) -> None:
    assert {**dict.fromkeys(PASS, True), **dict.fromkeys(FAIL, False)} == share.done()
    begun = [event["test"] for event in share.events("start")]
    assert len(begun) == len(set(begun)) == len(PASS) + len(FAIL) - 1  # one was not found
    assert [] == [event["test"] for event in share.events("report") if len(reports(share, "is_slow")) != 3]
    assert ["end"] == [event["event"] for event in share.events()[-1:]]


def test_a_rank_that_fails_is_reported_and_those_that_wait_for_it_are_ended(share: JobShare) -> None:
    data = reports(share, "fails_while_others_wait")["call"]

    assert str(data["longrepr"]["reprcrash"]["message"]).startswith("rank 1 of 3: ")
    sections = dict(data["sections"])
    note = "ranks 0, 2 had not ended the test 1 s later: mpiexec was ended"
    assert note == sections["ranks"]
    assert "here is 2" == sections["Captured stdout call (rank 2)"]


def test_what_others_did_after_a_setup_that_failed_is_not_counted_as_passed(share: JobShare) -> None:
    outcomes = {when: data["outcome"] for when, data in reports(share, "has_no_setup").items()}

    assert {"setup": "failed", "teardown": "passed"} == outcomes


def test_a_rank_that_dies_is_named(share: JobShare) -> None:
    crashes = {event["test"].partition("::test_")[2]: event for event in share.events("crash")}

    assert {"is_killed", "leaves", "exits"} == crashes.keys()
    assert crashes["is_killed"]["how"].endswith(
        "died in it; mpiexec ended with exit code 137, as for signal 9 (SIGKILL)"
    )
    printed = dict(crashes["is_killed"]["printed"])
    assert "last words of 2" == printed["Captured stdout call (rank 2)"]
    assert crashes["leaves"]["how"] == "rank 1 of 3 died in it; the others waited for it"
    assert "_pytest.outcomes.Exit: enough" == crashes["exits"]["how"]


def test_ranks_that_do_not_collect_a_test_are_named(share: JobShare) -> None:
    (missing,) = share.events("missing")

    assert missing["why"].startswith(
        "ranks 1, 2 did not collect it, and rank 0 did: all ranks have to collect the same tests"
    )


def test_no_files_of_ranks_are_left(share: JobShare) -> None:
    assert [] == list(share.folder.glob("share-0/ranks-*"))


def test_with_a_gate_of_mpiexec_each_test_has_one_of_its_own(tmp_path: Path) -> None:
    share = JobShare(tmp_path)
    write(share, TEXT, ["test_is_slow", "test_begins_after_all", "test_passes_1"], gate="mpiexec")

    assert 0 == share.run().code
    assert dict.fromkeys(["is_slow", "begins_after_all", "passes_1"], True) == share.done()
    assert 3 == len(share.events("begin"))


@pytest.mark.parametrize(
    ("before", "name", "said"),
    [
        ("sys.exit('no such option: -n')", "PMIX_RANK", "no such option: -n"),
        ("", "RANK", "this process cannot tell which rank it is"),
        ("count = 2", "PMIX_RANK", "mpiexec has started 2 ranks, and the test asks for ranks=3"),
        ("count = 4", "PMIX_RANK", "and the test asks for ranks=3"),
    ],
)
def test_an_mpiexec_that_does_not_do_what_it_has_to_ends_the_job_with_its_words(
    tmp_path: Path, before: str, name: str, said: str
) -> None:
    share = JobShare(tmp_path)
    write(share, TEXT, ["test_passes_1"], before, name=name)
    ran = share.run()

    assert (1, {}) == (ran.code, share.done())
    assert said in ran.out


def test_an_mpiexec_that_does_not_exist_is_named(tmp_path: Path) -> None:
    share = JobShare(tmp_path)
    share.write(TEXT, ["test_passes_1"], ranks=2, mpiexec=("no-such-mpiexec", "-n", "{ranks}"))
    ran = share.run()

    assert (1, {}) == (ran.code, share.done())
    assert "pjm: no-such-mpiexec: No such file or directory: fugaku_mpiexec names what starts ranks" in ran.out


def test_ranks_that_never_come_are_waited_for_only_so_long(tmp_path: Path) -> None:
    share = JobShare(tmp_path)
    write(share, TEXT, ["test_passes_1"], "count = 2", grace=0.2)
    program = tmp_path / "mpiexec.py"
    program.write_text(program.read_text().replace("OMPI_COMM_WORLD_SIZE", "SIZE"))  # not every MPI says it
    ran = share.run()

    assert (143, {}) == (ran.code, share.done())
    assert "pjm: rank 2 of 3 did not begin: has mpiexec started all?" in ran.out
