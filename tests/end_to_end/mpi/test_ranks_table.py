"""What ranks do × what is reported, in each way: nothing is blamed on a neighbour, and nothing passes wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Mapping, Tuple

import pytest

from tests.end_to_end.mpi.conftest import WAYS, Make, Outcome

# After each row, all ranks communicate. A rank that is still in the row, or is ahead, makes that fail or hang.
HEADER = """
import warnings

@pytest.fixture
def setup_fails(mpi):
    assert mpi.rank != 3, "no setup"

@pytest.fixture
def teardown_fails(mpi):
    yield
    assert mpi.rank != 2, "no teardown"

def together(mpi):
    assert list(range(4)) == mpi.comm.allgather(mpi.rank)
"""
NEIGHBOUR = """
{marks}
def test_{name}({fixtures}):
    rank, comm = mpi.rank, mpi.comm
{body}

def test_after_{name}(mpi):
    together(mpi)
"""


@dataclass(frozen=True)
class Row:
    """One test, and what is reported of it.

    Attributes:
        body: of the test.
        verdict: what becomes of it.
        message: what its line of the summary holds.
        says: what its report has besides.
        marks: of the test.
        fixtures: which it uses.
    """

    body: str
    verdict: str = "passed"
    message: str = ""
    says: Tuple[str, ...] = ()
    marks: str = ""
    fixtures: str = "mpi"


ENDED = "had not ended the test 3 s later: mpiexec was ended"
ALL_ROWS: Mapping[str, Row] = {
    "passes": Row("together(mpi)"),
    "raises_in_one": Row(
        "if rank == 1:\n    raise ValueError('only here')",
        "failed",
        "rank 1 of 4: ValueError: only here",
        ("ranks 0, 2, 3 passed",),
    ),
    "raises_and_others_wait": Row(
        "if rank == 1:\n    raise ValueError('only here')\nprint('waits', rank)\ncomm.Barrier()",
        "failed",
        "rank 1 of 4: ValueError: only here",
        (f"ranks 0, 2, 3 {ENDED}", "Captured stdout call (rank 2)", "waits 2"),
    ),
    "raises_differently": Row(
        "comm.Barrier()\nif rank == 0:\n    {}['zero']\nif rank == 2:\n    time.sleep(0.5)\n    int('two')",
        "failed",
        "rank 0 of 4: KeyError: 'zero'",
        ("rank 2 failed otherwise: ", "invalid literal for int() with base 10: 'two'", "ranks 1, 3 passed"),
    ),
    "asserts_in_all": Row("assert rank < 0", "failed", "of 4: assert "),
    "fails_alike_in_all": Row("assert 1 == 2", "failed", "all 4 ranks: assert 1 == 2"),
    "skips_in_some": Row("if rank > 1:\n    pytest.skip('too far')", "passed", "", ("rank 2 skipped", "too far")),
    "skips_in_all": Row("pytest.skip('not today')", "skipped", "not today"),
    "has_a_subtest_that_fails_in_one": Row(
        "with subtests.test(msg='part'):\n    assert rank != 2",
        "failed and failed",  # as without ranks: the subtest, and the test that has it
        "rank 2 of 4: contains 1 failed subtest",
        fixtures="mpi, subtests",
    ),
    "xfails_in_one": Row(
        "assert rank != 1", "skipped", "a known fault", marks='@pytest.mark.xfail(reason="a known fault")'
    ),
    "xfails_strictly_in_one": Row(
        "assert rank != 1", "skipped", "a known fault", marks='@pytest.mark.xfail(reason="a known fault", strict=True)'
    ),
    "xpasses_strictly": Row(
        "pass", "failed", "XPASS(strict)", marks='@pytest.mark.xfail(reason="a known fault", strict=True)'
    ),
    "fails_in_setup_of_one": Row("pass", "error", "rank 3 of 4", ("no setup",), fixtures="mpi, setup_fails"),
    "fails_in_setup_and_others_wait": Row(
        "comm.Barrier()", "error", "rank 3 of 4", ("no setup",), fixtures="mpi, setup_fails"
    ),
    "fails_in_teardown_of_one": Row("pass", "error", "rank 2 of 4", ("no teardown",), fixtures="mpi, teardown_fails"),
    "aborts": Row("if rank == 2:\n    comm.Abort(3)\ncomm.Barrier()", "failed", "rank 2 of 4 died in it"),
    "is_ended_by_sigsegv": Row(
        "print('last words', rank)\nif rank == 2:\n    os.kill(os.getpid(), signal.SIGSEGV)\ncomm.Barrier()",
        "failed",
        "rank 2 of 4 died in it",
        ("SIGSEGV", "last words 2"),
    ),
    "is_ended_by_sigkill": Row(
        "if rank == 3:\n    os.kill(os.getpid(), signal.SIGKILL)\ncomm.Barrier()", "failed", "rank 3 of 4 died in it"
    ),
    "leaves_and_others_wait": Row("if rank == 1:\n    os._exit(0)\ncomm.Barrier()", "failed", "rank 1 of 4 died in it"),
    "leaves": Row("if rank == 1:\n    os._exit(0)", "failed", "rank 1 of 4 died in it"),
    "sys_exits": Row("if rank == 1:\n    sys.exit(3)", "failed", "rank 1 of 4: SystemExit: 3"),
    "prints": Row(
        "print('alike')\nprint(f'I am {rank}', file=sys.stderr)",
        "passed",
        "",
        ("alike", *(f"I am {rank}" for rank in range(4))),
    ),
    "warns": Row("warnings.warn('everywhere')\nif rank == 2:\n    warnings.warn('only in two')"),
    "records": Row("record_property('rank', rank)", fixtures="mpi, record_property"),
    "leaves_artifacts": Row(
        "folder = comm.bcast(str(artifacts.folder))\nassert folder == str(artifacts.folder)\n"
        "(artifacts.folder / f'{rank}.txt').write_text(str(rank))\ncomm.Barrier()\n"
        "assert 4 == len(list(artifacts.folder.iterdir()))",
        fixtures="mpi, artifacts",
    ),
}
# pytest has subtests since version 9.
ROWS = {name: row for name, row in ALL_ROWS.items() if hasattr(pytest, "Subtests") or "subtests" not in row.fixtures}
# Ranks that do not collect the same, in files of their own; the client is none of them.
RANK = 'RANK = int(os.environ.get("OMPI_COMM_WORLD_RANK", "0"))\n'
DIFFERS = f"""{RANK}
@pytest.mark.parametrize("number", [RANK, 7])
def test_differs(number): pass
"""
NO_MODULE = f"""{RANK}
if RANK == 2:
    import no_such_module
def test_is_not_imported(): pass
"""
COLLECTED: Mapping[str, Row] = {
    "differs[0]": Row(
        "",
        "error",
        "ranks 1, 2, 3 did not collect it, and rank 0 did: all ranks have to collect the same tests",
    ),
    "differs[7]": Row(""),
    "is_not_imported": Row("", "error", "rank 2 did not collect it", ("No module named 'no_such_module'",)),
}


def text() -> str:
    tests = [
        NEIGHBOUR.format(
            name=name,
            marks=row.marks,
            fixtures=row.fixtures,
            body="\n".join(f"    {line}" for line in row.body.split("\n")),
        )
        for name, row in ROWS.items()
    ]
    return "".join([HEADER, *tests])


@dataclass
class Table:
    """All rows as they came in one way."""

    outcomes: Dict[str, Outcome]
    out: str
    path: Path


@pytest.fixture(scope="module", params=WAYS)
def table(request: pytest.FixtureRequest, make: Make) -> Table:
    """All rows, in one session."""
    way = make(request.param)
    way.write(text())
    way.write(DIFFERS, "test_other.py")
    way.write(NO_MODULE, "test_third.py")
    ran = way.run("-v")
    return Table(way.outcomes(), ran.out, way.project.path)


@pytest.mark.parametrize("name", [*ROWS, *COLLECTED])
def test_a_test_that(table: Table, name: str) -> None:
    row, outcome = {**ROWS, **COLLECTED}[name], table.outcomes[name]

    assert (row.verdict, row.message) == (outcome.verdict, row.message if row.message in outcome.message else outcome)
    shown = table.out.partition(f" test_{name} ___")[2].partition("\n____")[0]
    assert [] == [words for words in row.says if words not in outcome.text + shown], table.out


@pytest.mark.parametrize("name", ROWS)
def test_the_next_test_passes_after_one_that(table: Table, name: str) -> None:
    assert ("passed", "") == table.outcomes[f"after_{name}"][:2], table.out


def test_a_warning_of_all_ranks_is_shown_once(table: Table) -> None:
    assert (1, 1) == (table.out.count("UserWarning: everywhere"), table.out.count("UserWarning: only in two"))
