"""pjstat: which jobs, which columns, which widths."""

from __future__ import annotations

import re
from typing import Callable, Iterator, List

import pytest

from pjm import emulator
from tests.builders.emulated import PATIENCE, WAIT, Emulated, make, until

HEADER = (
    "JOB_ID     JOB_NAME   MD ST  USER     START_DATE      ELAPSE_LIM            "
    "NODE_REQUIRE    VNODE  CORE V_MEM       "
)


USER = {"PJM_EMULATOR_USER": "somebody"}


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    """One node, and jobs of all models; those that are asked about are those of `somebody`."""
    pjm = make(tmp_path_factory.mktemp("waiting"), nodes=1, second=1000)
    pjm.submit("sleep 60000", "-N", "first", "-g", "hp000000", env=USER)
    pjm.submit("true", "-N", "a-name-of-many-letters", "-L", "node=2x3x2,elapse=1:30:00", "-g", "hp000000", env=USER)
    pjm.submit("true", "-N", "many", "--bulk", "--sparam", "1-3", "-g", "hp000000", env=USER)
    pjm.submit("true", "-N", "steps", "--step", "-g", "hp000000", env=USER)
    others = pjm.submit("true", "-N", "others", "-g", "hp000001", env={"PJM_EMULATOR_USER": "else"})
    pjm.wait_for(others, "QUE")
    until(lambda: ["RUN", *["QUE"] * 3] == [row["ST"] for row in pjm.rows("--choose=st", env=USER)])
    yield pjm
    assert emulator.stop(pjm.folder, PATIENCE)


def masked(text: str) -> str:
    """Dates made equal."""
    return re.sub(r"\d\d/\d\d \d\d:\d\d:\d\d", "MM/DD hh:mm:ss", text)


def said(pjm: Emulated, *words: object) -> List[str]:
    """The lines of pjstat."""
    ended = pjm.command("pjstat", *words, env=USER)
    assert (0, "") == (ended.code, ended.err)
    return masked(ended.out).splitlines()


def test_the_default_view(waiting: Emulated) -> None:
    none = "-      -    -           "
    assert [
        HEADER,
        f"48000001   first      NM RUN somebody MM/DD hh:mm:ss  0000:01:00            1               {none}",
        f"48000002   a-name-of- NM QUE somebody -               0001:30:00            12:2x3x2        {none}",
        f"48000003   many       BU QUE somebody -               0000:01:00            1               {none}",
        f"48000004   steps      ST QUE somebody -               -                     -               {none}",
    ] == said(waiting)


VERBOSE = (
    "JOB_ID     JOB_NAME   MD ST  USER     GROUP    START_DATE      ELAPSE_TIM ELAPSE_LIM            NODE_REQUIRE    "
    "VNODE  CORE V_MEM        V_POL E_POL RANK      LST EC  PC  SN PRI ACCEPT         RSC_GRP  REASON          "
)


def test_the_long_view(waiting: Emulated) -> None:
    lines = said(waiting, "-v", 48000002, 48000003)

    middle = "-      -    -            -     -     "
    assert VERBOSE == lines[0]
    assert (
        "48000002   a-name-of- NM QUE somebody hp000000 -               0000:00:00 0001:30:00            "
        f"12:2x3x2        {middle}bychip    ACC 0   0   0  127 MM/DD hh:mm:ss small    -               "
    ) == lines[1]
    assert (
        "48000003   many       BU QUE somebody hp000000 -               0000:00:00 0000:01:00            "
        f"1               {middle}-         ACC -   -   -  127 MM/DD hh:mm:ss small    -               "
    ) == lines[2]


def test_sub_jobs(waiting: Emulated) -> None:
    rows = [line.split()[0] for line in said(waiting, "-E")[1:]]

    bulk, step = [f"48000003{part}" for part in ("", "[1]", "[2]", "[3]")], ["48000004", "48000004_0"]
    assert ["48000001", "48000002", *bulk, *step] == rows
    assert ["48000003[2]", "48000003[3]"] == [line.split()[0] for line in said(waiting, "48000003[2-3]")[1:]]
    assert bulk == [line.split()[0] for line in said(waiting, "-E", "48000003")[1:]]


def test_records_for_programs(waiting: Emulated) -> None:
    assert ["H,JOB_ID,MD", *(f",48000003{part},BU" for part in ("", "[1]", "[2]", "[3]"))] == said(
        waiting, "-E", "--data", "--choose=jid,jmdl", 48000003
    )
    assert ["H;JOB_NAME;JOB_ID", ";a-name-of-many-letters;48000002"] == said(
        waiting, "--data", "--delimiter", ";", "--choose", "nonsense,jnam,jid", "48000002"
    )
    assert ["H,JOB_ID,ACCEPT,RSC_GRP,ST", ",48000002,MM/DD hh:mm:ss,small,QUE"] == said(
        waiting, "-s", "--data", "--choose=jid,adt,rscg,st", "48000002"
    )


def test_chosen_columns_come_in_the_order_of_choice_and_of_duplicates_the_last(waiting: Emulated) -> None:
    assert ["ST  JOB_ID    ", "QUE 48000002  "] == said(waiting, "--choose", "jid,st,nonsense,jid", "48000002")


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ("st=RUN", "1"),
        ("st=RUN+QUE,jmdl=NM", "12"),
        ("jnam=a-name-of-many-letters", "2"),
        ("jnam=*st*", "14"),
        ("jnam=man.", "3"),
        (r"jnam=man\.", ""),
        ("jid=48000002-48000003", "23"),
        ("jid=48000003-", "34"),
        ("jid=-48000001", "1"),
        ("nonsense=1", ""),
    ],
)
def test_filters(waiting: Emulated, filters: str, numbers: str) -> None:
    lines = said(waiting, "--data", "--choose=jid", "--filter", filters)

    assert numbers == "".join(line[-1] for line in lines[1:])


def test_sorting(waiting: Emulated) -> None:
    lines = said(waiting, "--data", "--choose=jid", "--sort", "st:D,jid:D")

    assert "1432" == "".join(line[-1] for line in lines[1:])


def test_ids_that_there_are_not_are_passed_over_and_words_that_are_none_refused(waiting: Emulated) -> None:
    assert [] == said(waiting, "1-100", "7", "48000005", "48000003[9]", "48000003_1")
    ended = waiting.command("pjstat", "48000001", "r1", env=USER)
    assert (1, "", "[ERR.] PJM 0211 pjstat Invalid jobid: r1.\n") == (ended.code, ended.out, ended.err)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-q"], "0201 pjstat Unknown option or no option argument: -q."),
        (["--version"], "0201 pjstat Unknown option or no option argument: --version."),
        (["-v", "-s"], "0202 pjstat Invalid combination: '-v' and '-s'."),
        (["-H", "day=0"], "0204 pjstat Invalid option argument: -H day=0."),
    ],
)
def test_what_is_refused(waiting: Emulated, words: List[str], message: str) -> None:
    ended = waiting.command("pjstat", *words)

    assert (1, f"[ERR.] PJM {message}") == (ended.code, ended.err.splitlines()[0])


def test_others_jobs_are_seen_only_with_all_and_then_masked(waiting: Emulated) -> None:
    lines = said(waiting, "-A", "48000005")

    assert "48000005   ********   NM QUE ********" == lines[1][:37]
    assert [] == said(waiting, "48000005")


def test_the_summary_alone_and_before_the_table(waiting: Emulated) -> None:
    summary = [
        "  ACCEPT QUEUED RUNING RUNOUT   HOLD  ERROR REJECT   EXIT CANCEL  TOTAL",
        "       0      3      1      0      0      0      0      0      0      4",
        "s      0      4      0      0      0      0      0      0      0      4",
    ]

    assert summary == said(waiting, "--summary")
    assert [*summary, HEADER] == said(waiting, "--with-summary")[:4]


def test_limits(waiting: Emulated) -> None:
    lines = said(waiting, "--limit")

    assert ["System Resource Information:", "RSCUNIT: rscunit_ft01", "USER: somebody"] == lines[:3]
    assert " LIMIT-NAME                    LIMIT  ALLOC" == lines[3]
    assert " ru-accept                 unlimited      4" == lines[4]
    group = lines.index("GROUP: hp000000")
    assert " ru-accept                      1000      4" == lines[group + 2]
    assert " ru-accept-bulksubjob           2000      3" == lines[group + 4]
    assert " ru-use-node               unlimited      1" == lines[group + 8]
    assert "ALL:" == lines[group + 14]


def test_what_has_ended_is_in_the_history_and_only_there(pjm: Emulated) -> None:
    job = pjm.submit("exit 2")
    (row,) = pjm.ended(job)

    assert 2 == row.ec
    assert [] == pjm.rows(job)
    assert 1 == len(pjm.rows("-H", "day=365", job)) == len(pjm.rows("-H", "start=20200101", job))
    assert [] == pjm.rows("-H", "start=20200101,period=3", job) == pjm.rows("-H", "start=20200101,end=20200102", job)


def test_finished_sub_jobs_stay_until_the_whole_job_has_ended(pjm: Emulated) -> None:
    job = pjm.submit("test $PJM_BULKNUM = 1 || sleep 600", "--bulk", "--sparam", "1-2")
    pjm.wait_for(f"{job}[1]", "EXT")

    assert [] == pjm.rows("-H", "-E", job)
    assert ["RUN", "EXT", "RUN"] == [row["ST"] for row in pjm.rows("-E", job)]


def test_a_planned_start_is_in_parentheses(making: Callable[..., Emulated]) -> None:
    pjm = making(start=600)
    job = pjm.submit("true")
    pjm.wait_for(job, "RNA")

    assert re.fullmatch(r"\(\d\d/\d\d \d\d:\d\d\)", pjm.rows("--choose=sdt", job)[0]["START_DATE"])


def test_ended_jobs_may_linger_and_be_in_no_view_for_a_while(making: Callable[..., Emulated]) -> None:
    pjm = making(linger=600)
    lingering = pjm.submit("true")
    pjm.wait_for(lingering, "EXT")
    assert ["EXT"] == [row["ST"] for row in pjm.rows(lingering)]
    pjm = making(linger=0, history_delay=600)
    between = pjm.submit("true")
    pjm.command("pjwait", between)

    assert [] == pjm.rows(between) == pjm.rows("-H", between)


def test_a_table_without_rows_may_have_a_header(making: Callable[..., Emulated]) -> None:
    pjm = making(header_only=True)

    assert f"{HEADER}\n" == pjm.command("pjstat", "7").out
    assert "H,JOB_ID\n" == pjm.command("pjstat", "--data", "--choose=jid").out


def test_a_range_of_elapse_limits_is_shown(pjm: Emulated) -> None:
    job = pjm.submit(WAIT, "-L", "elapse=60-120")

    assert "0000:01:00-0000:02:00" == pjm.rows("--choose=elpl", job)[0]["ELAPSE_LIM"]


@pytest.mark.parametrize(("days", "code"), [("365", 0), ("366", 1), ("0", 1)])
def test_history_goes_back_a_year(asked: Emulated, days: str, code: int) -> None:
    assert code == asked.command("pjstat", "-H", f"day={days}").code


def test_a_day_is_a_day(pjm: Emulated) -> None:
    job = pjm.submit("true", "--at", "20990102")
    (row,) = pjm.rows("--choose", "sdt", job)
    ended = pjm.submit("true")
    pjm.ended(ended)

    assert "(01/02 00:00)@" == row["START_DATE"]
    assert [] == pjm.rows("-H", "start=20990102", ended)
    assert [ended] == [row["JOB_ID"] for row in pjm.rows("-H", "start=20200101", ended)]
    assert 1 == pjm.command("pjstat", "-H", "start=2020011").code
