"""pjstat's records and statistics become values, whatever stands around them; what cannot be read is said."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Dict, List, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjm.batch.pjm.pjstat import JobRow, data, jobs, memory_use, start_time
from pjm.batch.scheduler import UnreadableError
from tests.builders.pjstat_layouts import WIDE, comma, wide

OVER_ITS_LIMIT = {
    "JOB_ID": "4711",
    "JOB_NAME": "train.sh",
    "MD": "NM",
    "ST": "EXT",
    "USER": "u00000",
    "GROUP": "ab000000",
    "START_DATE": "02/03 04:05:06",
    "ELAPSE_TIM": "0000:30:02",
    "ELAPSE_LIM": "0000:30:00",
    "NODE_REQUIRE": "12:2x3x2",
    "V_MEM": "4096 MiB",
    "LST": "RNO",
    "EC": "0",
    "PC": "11",
    "SN": "24",
    "ACCEPT": "02/03 04:00:00",
    "RSC_GRP": "small",
    "REASON": "ELAPSE LIMIT EXC",
}
AS_A_ROW = JobRow(
    job_id="4711",
    state="EXT",
    exit_code=0,
    pjm_code=11,
    signal=24,
    reason="ELAPSE LIMIT EXC",
    start="02/03 04:05:06",
    elapsed=1802,
    elapse_limit=1800,
    name="train.sh",
    model="NM",
)


@pytest.mark.parametrize("text", ["", "\n", "H,JOB_ID,ST\n", "No jobs.\n", "2 users are logged in\n"])
def test_an_empty_answer_and_a_header_alone_are_no_jobs(text: str) -> None:
    assert () == jobs(text)


def test_parents_have_no_codes() -> None:
    (row,) = jobs(
        comma(
            list(OVER_ITS_LIMIT), [{**OVER_ITS_LIMIT, **dict.fromkeys(("EC", "PC", "SN", "REASON", "ELAPSE_LIM"), "-")}]
        )
    )

    assert (None, None, None, "", None) == (row.exit_code, row.pjm_code, row.signal, row.reason, row.elapse_limit)


def test_of_a_range_of_elapse_limits_the_upper_end_counts() -> None:
    (row,) = jobs("H,JOB_ID,ELAPSE_LIM\n,12,0001:00:00-0002:00:00\n")

    assert 7200 == row.elapse_limit


def test_comma_separated_output_is_read_by_its_header() -> None:
    banner = "banner, with a comma\n[INFO] PJM 0281 pjstat Data loading...\n"

    assert (AS_A_ROW,) == jobs(banner + comma(list(OVER_ITS_LIMIT), [OVER_ITS_LIMIT]))


def test_a_reason_that_holds_the_delimiter_stays_whole() -> None:
    (row,) = jobs("H,JOB_ID,ST,REASON\n,12,HLD,user:later, or never, I think\n")

    assert "user:later, or never, I think" == row.reason


def test_quoted_fields_are_read() -> None:
    (row,) = jobs('"H","JOB_ID","ST","REASON"\n"","12","HLD","user:a,b"\n')

    assert ("12", "user:a,b") == (row.job_id, row.reason)


def test_the_empty_heading_of_grouped_output_has_no_cell() -> None:
    assert [{"RSCUNIT": "u", "RSCGRP": "g", "JOB_ID": "12"}] == list(data("H,RSCUNIT,RSCGRP,,JOB_ID\n,u,g,12\n"))


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (",12", "a record has 1 of 3 fields: ',12'"),
        (",12,RU", "a record has 2 of 3 fields: ',12,RU'"),
        (",12,RUN,-", "the output is cut off after: 'H,JOB_ID,ST,REASON\\n,11,RUN,-\\n,12,RUN,-'"),
        ("\n,12x,RUN,-\n", "a row begins with no job id: '12x'"),
    ],
)
def test_a_record_that_cannot_be_read_is_never_left_out(cut: str, said: str) -> None:
    assert said == unreadable(f"H,JOB_ID,ST,REASON\n,11,RUN,-\n{cut}")


def test_a_last_line_that_is_no_record_may_lack_its_end() -> None:
    assert ["12"] == [row.job_id for row in jobs("H,JOB_ID,ST\n,12,RUN\nConnection closed.")]


def test_a_header_that_was_cut_off_is_no_empty_answer() -> None:
    assert "the output is cut off after: 'H,JOB_ID,ST,EC'" == unreadable("H,JOB_ID,ST,EC")


TABLES = (
    wide([OVER_ITS_LIMIT]),
    "JOB_ID   ST\n",
    "JOB_ID   STATUS  ELAPSE\n12       RUNNING (48.0)\n",  # of Wisteria's own pjstat
    "12       name RUN user\n",
    "JOB_ID,ST\n12,RUN\n",
    ",12,RUN\n",
    "JOB_ID;STATUS\n12[3];QUEUED\n",
)


@pytest.mark.parametrize("text", TABLES)
def test_a_table_is_refused_and_never_taken_for_no_jobs(text: str) -> None:
    assert unreadable(text).startswith("a table, where the records of --data were expected: ")


def test_a_name_with_a_line_separator_makes_no_second_row() -> None:
    for name in ("a\u2028b", "a\x85b", "a\x0cb", "a\x1eb"):
        assert [name] == [row.name for row in jobs(f"H,JOB_ID,ST,JOB_NAME\n,12,RUN,{name}\n")]


def unreadable(text: str) -> str:
    with pytest.raises(UnreadableError) as refusal:
        jobs(text)
    return str(refusal.value)


STATISTICS = """\
Job Statistical Information
 JOB ID                    : 12
 MEMORY SIZE (LIMIT)       :{}
 VNODE MAX MEMORY SIZE (USE): -
 MAX MEMORY SIZE (USE)     :{}
 COMMENT                   :
--------------------------------------------------
Node Statistical Information
 MAX MEMORY SIZE (USE)     : 1.0 MiB (1048576)
"""


@pytest.mark.parametrize(
    ("limit", "used", "said"),
    [
        (" 28.0 GiB (30064771072)", " 27.9 GiB (2995)", "memory: 27.9 GiB used of 28.0 GiB allowed"),
        (" unlimited <DEFAULT>", " 12.5 MiB (13152256)", "memory: 12.5 MiB used of unlimited allowed"),
        ("", " 12.5 MiB (13152256)", "memory: 12.5 MiB used"),
        (" unlimited <DEFAULT>", "", ""),
    ],
)
def test_memory_is_told_where_the_statistics_of_the_job_have_it(limit: str, used: str, said: str) -> None:
    assert said == memory_use(STATISTICS.format(limit, used))


def test_where_there_are_no_statistics_nothing_is_told() -> None:
    assert "" == memory_use("") == memory_use("Welcome\n")


NEW_YEAR = datetime(2025, 1, 1, 0, 10)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("01/01 00:05:00", datetime(2025, 1, 1, 0, 5)),
        ("12/31 23:59:59", datetime(2024, 12, 31, 23, 59, 59)),
        ("12/31 23:59:59<", datetime(2024, 12, 31, 23, 59, 59)),
        ("01/01 12:00:00", datetime(2025, 1, 1, 12)),  # a clock may be ahead
        ("02/29 10:00:00", datetime(2024, 2, 29, 10)),
        ("2023/05/06 07:08:09", datetime(2023, 5, 6, 7, 8, 9)),
        ("-", None),
        ("", None),
        ("(12/31 23:59)", None),
        ("(2027/12/31)", None),
        ("02/30 10:00:00", None),
        ("12/31 24:00:00", None),
    ],
)
def test_a_start_without_its_year_is_the_last_one_that_can_be(start: str, expected: Optional[datetime]) -> None:
    assert (expected.timestamp() if expected else None) == start_time(start, NEW_YEAR)


CELLS = {
    "JOB_ID": st.from_regex(r"[1-9][0-9]{0,7}(_[0-9]{1,4}|\[[0-9]{1,4}\])?", fullmatch=True),
    "JOB_NAME": st.from_regex(r"[A-Za-z][a-z0-9_]{0,9}", fullmatch=True),
    "MD": st.sampled_from(["NM", "BU", "ST", "MW"]),
    "ST": st.sampled_from(["ACC", "QUE", "RNA", "RUN", "RNO", "EXT", "CCL", "RJT", "HLD", "ERR"]),
    "START_DATE": st.sampled_from(["-", "11/17 09:01:41", "11/17 09:01:41<", "(04/12 11:25)", "(2027/04/12)"]),
    "ELAPSE_TIM": st.sampled_from(["0000:00:00", "0012:15:02"]),
    "V_MEM": st.sampled_from(["-", "4096 MiB", "unlimited"]),
    "EC": st.integers(0, 255).map(str) | st.just("-"),
    "PC": st.integers(0, 180).map(str) | st.just("-"),
    "SN": st.integers(0, 64).map(str) | st.just("-"),
    "REASON": st.sampled_from(["-", "ELAPSE LIMIT EXC", "GATE CHECK", "user:a, b"]),
}
ROWS = st.lists(st.fixed_dictionaries(CELLS), max_size=5)


def number(text: str) -> Optional[int]:
    return None if text == "-" else int(text)


def expected_rows(rows: List[Dict[str, str]]) -> List[JobRow]:
    return [
        JobRow(
            job_id=row["JOB_ID"],
            state=row["ST"],
            exit_code=number(row["EC"]),
            pjm_code=number(row["PC"]),
            signal=number(row["SN"]),
            reason=row["REASON"].replace("-", ""),
            start=row["START_DATE"].replace("-", ""),
            elapsed={"0000:00:00": 0, "0012:15:02": 44102}[row["ELAPSE_TIM"]],
            name=row["JOB_NAME"],
            model=row["MD"],
        )
        for row in rows
    ]


@given(ROWS, st.lists(st.sampled_from(["", "[INFO] PJM 0281 pjstat Data loading...", "motd, H"])))
@settings(deadline=None)
def test_whatever_is_in_a_record_is_read_back(rows: List[Dict[str, str]], banner: List[str]) -> None:
    columns = [name for name, _ in WIDE]  # REASON, the last, may hold a comma

    assert expected_rows(rows) == list(jobs("\n".join([*banner, comma(columns, rows)])))


RECORDS = ROWS.map(lambda rows: comma(list(CELLS), rows))
CUT_OFF = RECORDS.flatmap(lambda text: st.integers(0, len(text)).map(lambda end: text[:end]))


@given(st.text(max_size=300) | CUT_OFF)
@settings(deadline=None)
def test_a_text_is_read_or_said_to_be_unreadable(text: str) -> None:
    memory_use(text)
    with contextlib.suppress(UnreadableError):
        jobs(text)
