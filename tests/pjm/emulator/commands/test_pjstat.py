"""pjstat: tables, records, and what it refuses."""

from __future__ import annotations

import csv
import re
from typing import Callable, List

import pytest

from pjm.emulator.commands import pjstat
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.messages import Refusal
from tests.builders.emulated import Emulated

Saying = Callable[..., List[str]]
HEADER = (
    "JOB_ID     JOB_NAME   MD ST  USER     START_DATE      ELAPSE_LIM            "
    "NODE_REQUIRE    VNODE  CORE V_MEM       "
)
VERBOSE = (
    "JOB_ID     JOB_NAME   MD ST  USER     GROUP    START_DATE      ELAPSE_TIM ELAPSE_LIM            NODE_REQUIRE    "
    "VNODE  CORE V_MEM        V_POL E_POL RANK      LST EC  PC  SN PRI ACCEPT         RSC_GRP  REASON          "
)


@pytest.fixture
def said(context: Context, capsys: pytest.CaptureFixture[str]) -> Saying:
    """The lines of pjstat, with all dates made equal."""

    def lines(*words: object) -> List[str]:
        assert 0 == pjstat.run(context, [str(word) for word in words])
        return re.sub(r"\d\d/\d\d \d\d:\d\d:\d\d", "MM/DD hh:mm:ss", capsys.readouterr().out).splitlines()

    return lines


def test_the_default_view(said: Saying) -> None:
    none = "-      -    -           "
    assert [
        HEADER,
        f"48000001   first      NM RUN somebody MM/DD hh:mm:ss  0000:01:00            1               {none}",
        f"48000002   a-name-of- NM QUE somebody -               0001:30:00            12:2x3x2        {none}",
        f"48000003   many       BU QUE somebody -               0000:01:00            1               {none}",
        f"48000004   steps      ST QUE somebody -               -                     -               {none}",
    ] == said()


def test_the_long_view(said: Saying) -> None:
    lines = said("-v", 48000002, 48000003)

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


def test_records_for_programs(said: Saying) -> None:
    assert ["H,JOB_ID,MD", *(f",48000003{part},BU" for part in ("", "[1]", "[2]", "[3]"))] == said(
        "-E", "--data", "--choose=jid,jmdl", 48000003
    )
    assert ["H;JOB_NAME;JOB_ID", ";a-name-of-many-letters;48000002"] == said(
        "--data", "--delimiter", ";", "--choose", "nonsense,jnam,jid", "48000002"
    )
    assert ["H,JOB_ID,ACCEPT,RSC_GRP,ST", ",48000002,MM/DD hh:mm:ss,small,QUE"] == said(
        "-s", "--data", "--choose=jid,adt,rscg,st", "48000002"
    )


# Command Reference, pages 77-79, in the order of the manual: 2.6 of the notes that this project works from.
ITEMS = (
    "jid jnam jtyp jmdl rnum snum usr grp rscu rscg pri sh cmt lst st prmdt ec sn pc ermsg mail adr sde mask std stde "
    "infop adt qdt exc lhusr holnm thldtm sdt edt nnumr cnumr elpl mszl pcl pcfl pcpl pdl prml pmql pofl ppsl ppl psl "
    "pvml nnuma msza cnumat elp nnumv nnumu nidlu tofulu mmszu cnumut uctmut sctmut usctmut vnid vnnuma vcnuma vmema "
    "vmszu vpol epol rankm"
)
# A running job of one node: all its fields, in their places.
FIELDS = {
    "jid": "48000001",
    "jtyp": "BATCH",
    "elp": "hhhh",
    "mail": "----",
    "adr": "",
    "cmt": "",
    "prmdt": "YYYY/MM/DD hh:mm:ss",
    "thldtm": "0",
    "exc": "-",
    "edt": "-",
    "cnumr": "48 <DEFAULT>",
    "cnumat": "48",
    "cnumut": "48",
    "mszl": "unlimited <DEFAULT>",
    "msza": "unlimited",
    "nnumv": "0",
    "nnumu": "1",
    "tofulu": "(0,0,0)",
    "usctmut": "-",
    "vmszu": "-",
    "pcpl": "4096 <DEFAULT>",
}


def test_all_items_of_the_manual_are_complete_and_in_their_places(
    context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ITEMS.split()

    assert 0 == pjstat.run(context, ["-s", "--data", "--choose", ",".join(names), "48000001"])

    header, record = csv.reader(capsys.readouterr().out.splitlines())
    assert (len(names) + 1, len(names) + 1, "H", "") == (len(header), len(record), header[0], record[0])
    assert len(set(header)) == len(header)
    found = dict(zip(names, record[1:]))
    found["prmdt"] = re.sub(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d$", "YYYY/MM/DD hh:mm:ss", found["prmdt"])
    found["elp"] = re.sub(r"^\d+:\d\d:\d\d$", "hhhh", found["elp"])
    assert FIELDS == {name: found[name] for name in FIELDS}


def test_statistical_items_filter_and_sort_with_s_alone(said: Saying) -> None:
    records = said("-s", "--data", "--choose", "jid", "--filter", "jtyp=BATCH", "--sort", "elp:D,jid:D")

    assert ["H,JOB_ID", ",48000001", ",48000004", ",48000003", ",48000002"] == records
    assert [] == said("--data", "--choose", "jid", "--filter", "jtyp=BATCH")


def test_several_jobs_are_several_blocks(said: Saying) -> None:
    lines = said("-s", "--choose", "jid,elp", 48000002, 48000003)

    assert [
        "[Job Statistical Information]",
        " JOB ID                      : 48000002",
        " ELAPSE TIME (USE)           : 00:00:00 (0)",
        "",
        "[Job Statistical Information]",
        " JOB ID                      : 48000003",
        " ELAPSE TIME (USE)           : 00:00:00 (0)",
    ] == lines


def test_statistics_of_anothers_job_are_masked(said: Saying) -> None:
    lines = said("-A", "-s", "--choose", "jid,cmt,st,std", 48000005)

    assert ["48000005", "********", "QUE", "********"] == [line.partition(": ")[2] for line in lines[1:]]


def test_tables_by_resource_unit_and_group(said: Saying) -> None:
    grouped = said("--rscunit", "--rscgrp", "--choose", "jid")

    ids = [f"4800000{number}  " for number in (1, 2, 3, 4)]
    assert ["[ RSCUNIT: rscunit_ft01 ]", "[ RSCGRP: small ]", "JOB_ID    ", *ids] == grouped
    # The header's empty field: End-user's Guide, page 154.
    records = said("--rscunit", "--rscgrp", "--data", "--choose", "jid,st", 48000001)
    assert ["H,RSCUNIT,RSCGRP,,JOB_ID,ST", ",rscunit_ft01,small,48000001,RUN"] == records
    assert [] == said("--rscgrp", "large")


def test_the_summary_alone_and_before_the_table(said: Saying) -> None:
    assert [*said("--summary"), HEADER] == said("--with-summary")[:4]


def test_ids_that_there_are_not_are_passed_over_and_words_that_are_none_refused(said: Saying) -> None:
    assert [] == said("1-100", "7", "48000005", "48000003[9]", "48000003_1")
    with pytest.raises(Refusal) as refused:
        said("48000001", "r1")
    assert ("[ERR.] PJM 0211 pjstat Invalid jobid: r1.",) == refused.value.lines("pjstat")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-q"], "0201 pjstat Unknown option or no option argument: -q."),
        (["--version"], "0201 pjstat Unknown option or no option argument: --version."),
        (["-v", "-s"], "0202 pjstat Invalid combination of options: '-v' and '-s'."),
        (["--delimiter", "-", "--data"], "0204 pjstat Invalid option argument: --delimiter -."),
        (["--delimiter=", "--data"], "0204 pjstat Invalid option argument: --delimiter ."),
        (["--choose", "foo"], "0204 pjstat Invalid option argument: --choose foo."),
        (["-s", "--choose", "foo"], "0204 pjstat Invalid option argument: --choose foo."),
        (["--rscunit", "nowhere"], "0297 pjstat Resource unit does not exist: nowhere."),
        (["--rg=nowhere"], "0298 pjstat Resource group does not exist: nowhere."),
        (["-H", "day=0"], "0204 pjstat Invalid option argument: -H day=0."),
    ],
)
def test_what_is_refused(asked: Emulated, words: List[str], message: str) -> None:
    ended = asked.command("pjstat", *words)

    assert (1, f"[ERR.] PJM {message}") == (ended.code, ended.err.splitlines()[0])


def test_others_jobs_are_seen_only_with_all_and_then_masked(said: Saying) -> None:
    assert "48000005   ********   NM QUE ********" == said("-A", "48000005")[1][:37]
    assert [] == said("48000005")


def test_what_has_ended_is_in_the_history_and_only_there(pjm: Emulated) -> None:
    job = pjm.submit("exit 2")
    (row,) = pjm.ended(job)

    assert 2 == row.ec
    assert [] == pjm.rows(job)
    assert 1 == len(pjm.rows("-H", "day=365", job)) == len(pjm.rows("-H", "start=20200101", job))
    assert [] == pjm.rows("-H", "start=20200101,period=3", job) == pjm.rows("-H", "start=20200101,end=20200102", job)
    assert [] == pjm.rows("-H", "start=20990102", job)


def test_finished_sub_jobs_stay_until_the_whole_job_has_ended(pjm: Emulated) -> None:
    job = pjm.submit("test $PJM_BULKNUM = 1 || sleep 600", "--bulk", "--sparam", "1-2")
    pjm.wait_for(f"{job}[1]", "EXT")

    assert [] == pjm.rows("-H", "-E", job)
    assert ["RUN", "EXT", "RUN"] == [row["ST"] for row in pjm.rows("-E", job)]


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
