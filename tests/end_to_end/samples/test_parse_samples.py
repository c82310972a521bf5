"""Every recorded or documented output of PJM parses to values written down by hand from reading it.

The recordings are not ours to pass on. They are looked for in the folder that PJM_SAMPLES names, or in
`shared/pjm/samples` beside the project; where there are none, these tests are skipped and say so.

Files that are not known here are read too. pytest says at its end what became of each: read, refused, nothing to read.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Callable, Dict, List, Tuple

import pytest

from pjm.batch.host import Answer
from pjm.batch.pjm.messages import Message, messages
from pjm.batch.pjm.pjstat import JobRow, data
from pjm.batch.pjm.pjsub import taken
from pjm.batch.pjm.status import status
from pjm.batch.scheduler import Phase, Submission, SubmitError
from tests.builders.other_outputs import Bounds, LimitRow, blocks, bounds, limits, listed, summary, table, waited
from tests.builders.samples import FOLDER, MISSING, READ, files, reading, rows_in, text_of

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=MISSING)

ONE = (Path("/f/a.sh"),)
NORMAL = Submission("n", Path("/f"), ONE)


def info(number: str, command: str, *texts: str) -> Tuple[Message, ...]:
    return tuple(Message("INFO", number, command, text) for text in texts)


def row(job_id: str, name: str, model: str, state: str, start: str, limit: int = 3600) -> JobRow:
    return JobRow(job_id, state, start=start, elapse_limit=limit or None, name=name, model=model)


def pjacl_small_fugaku(text: str) -> None:
    found = bounds(text)

    assert 28 == len(found)
    assert Bounds("00:01:00", "72:00:00", "00:01:00") == found["elapse="]
    assert Bounds("00:01:01", "144:00:00", "144:00:00") == found["adaptive elapsed time max"]
    assert Bounds("1", "384", "1") == found["node="]
    assert Bounds("1", "unlimited", "-") == found["node elapse"]
    assert Bounds("-", "4096", "4096") == found["proc-crproc="]
    assert Bounds("0", "1", "0") == found["exepjrsh="]


def pjdel_bulk_range_fugaku(text: str) -> None:
    assert info("0100", "pjdel", "Accepted job 1363254[0-2].") == messages(text)


def pjdel_err_0112_guide(text: str) -> None:
    assert (Message("ERR", "0112", "pjdel", 'Job "Unexisting job ID" does not exist.'),) == messages(text)


def pjdel_normal_fugaku_2021(text: str) -> None:
    assert info("0100", "pjdel", "Accepted job 6291500.") == messages(text)


def pjdel_step_parent_fugaku(text: str) -> None:
    assert info("0100", "pjdel", *(f"Accepted job 12345678_{number}." for number in range(3))) == messages(text)


def pjhold_mixed_manual(text: str) -> None:
    expected = (
        Message("INFO", "0300", "pjhold", "Accepted job 1."),
        Message("ERR", "0313", "pjhold", "Job 2 is not in the state that pjhold can be accepted."),
        Message("INFO", "0300", "pjhold", "Accepted job 3."),
    )
    assert expected == messages(text)


def pjrls_manual(text: str) -> None:
    assert info("0400", "pjrls", "Job 1 released.", "Job 2 released.") == messages(text)


def pjstat_e_bulk_guide(text: str) -> None:
    ids = ("239", "239[1]", "239[2]", "239[3]", "239[4]", "239[5]")

    assert tuple(row(job_id, "bulk.sh", "BU", "RUN", "11/17 09:01:42") for job_id in ids) == listed(text)


def pjstat_e_manual(text: str) -> None:
    parts = [f"239[{number}]" for number in range(1, 6)]
    bulk = [row(job_id, "bulk.sh", "BU", "RUN", "11/17 09:01:42") for job_id in ("239", *parts)]
    waiting = [row(f"240_{number}", "step.sh", "ST", "QUE", "") for number in range(1, 5)]
    expected = [
        row("238", "job.sh", "NM", "RUN", "11/17 09:01:41"),
        *bulk,
        row("240", "step.sh", "ST", "RUN", "11/17 09:01:42", limit=0),
        row("240_0", "step.sh", "ST", "RUN", "11/17 09:01:42"),
        *waiting,
        row("241", "job2.sh", "NM", "RUN", "11/17 09:01:42"),
    ]
    assert expected == list(listed(text))
    assert {"user1"} == {cells["USER"] for cells in table(text)}


def pjstat_e_step_partly_finished_manual(text: str) -> None:
    expected = (
        row("4", "t1.sh", "ST", "RUN", "07/12 13:09:43", limit=0),
        row("4_0", "t1.sh", "ST", "EXT", "07/12 13:09:43"),
        row("4_1", "t2.sh", "ST", "RUN", "07/12 13:50:32"),
    )
    assert expected == listed(text)
    assert ["-", "32", "32"] == [cells["NODE_REQUIRE"] for cells in table(text)]


def pjstat_h_manual(text: str) -> None:
    ends = (("1234567", "EXT"), ("1234570", "RJT"), ("1234590", "CCL"))

    expected = tuple(row(job_id, "jobname1", "NM", state, "01/01 00:00:00", 360000) for job_id, state in ends)
    assert expected == listed(text)
    assert {"12:2x3x2"} == {cells["NODE_REQUIRE"] for cells in table(text)}
    assert {"usrname"} == {cells["USER"] for cells in table(text)}


def pjstat_choose_jnam_jmdl_sdt_manual(text: str) -> None:
    expected = (
        row("238", "job.sh", "NM", "", "11/17 09:01:41", limit=0),
        row("239", "bulk.sh", "BU", "", "11/17 09:01:42", limit=0),
        row("240", "step.sh", "ST", "", "11/17 09:01:42", limit=0),
        row("241", "job2.sh", "NM", "", "11/17 09:01:42", limit=0),
    )
    assert expected == listed(text)


def pjstat_data_bulk_expanded(text: str) -> None:
    ids = ("34703955", *(f"34703955[{number}]" for number in range(1, 5)))

    assert tuple(JobRow(job_id, model="BU") for job_id in ids) == listed(text)


def pjstat_data_s_active_bulk(text: str) -> None:
    ids = ("34716160", "34716168", "34716168[1]", "34716168[2]")

    assert tuple(JobRow(job_id, "QUE") for job_id in ids) == listed(text)
    times = ["10/11 10:21:35", "10/11 10:23:03", "10/11 10:23:03", "10/11 10:23:03"]
    assert times == [cells["ACCEPT"] for cells in data(text)]


def pjstat_default_manual(text: str) -> None:
    expected = (
        row("238", "job.sh", "NM", "RUN", "11/17 09:01:41"),
        row("239", "bulk.sh", "BU", "RUN", "11/17 09:01:42"),
        row("240", "step.sh", "ST", "RUN", "11/17 09:01:42", limit=0),
        row("241", "job2.sh", "NM", "RUN", "11/17 09:01:42"),
    )
    assert expected == listed(text)
    assert ["12:2x3x2", "12:2x3x2", "-", "2"] == [cells["NODE_REQUIRE"] for cells in table(text)]
    assert {("-", "-", "-")} == {(cells["VNODE"], cells["CORE"], cells["V_MEM"]) for cells in table(text)}


def pjstat_err_0211_invalid_jobid_fugaku(text: str) -> None:
    assert (Message("ERR", "0211", "pjstat", "Invalid jobid: r1."),) == messages(text)
    assert () == listed(text)


def pjstat_limit_fugaku(text: str) -> None:
    names = (
        "ru-accept",
        "ru-accept-allsubjob",
        "ru-accept-bulksubjob",
        "ru-accept-stepsubjob",
        "ru-run-job",
        "ru-run-bulksubjob",
        "ru-use-node",
        "ru-interact-accept",
        "ru-interact-run-job",
        "ru-interact-use-node",
        "ru-use-core",
        "ru-interact-use-core",
    )
    expected: List[LimitRow] = []
    for scope in ("USER: user1", "GROUP: group1", "ALL:"):
        expected += [LimitRow(scope, name, None, 0) for name in names]
    expected[0] = LimitRow("USER: user1", "ru-accept", 100, 0)
    expected[31] = LimitRow("ALL:", "ru-interact-accept", None, 1)
    assert expected == list(limits(text))


def pjstat_summary_fugaku(text: str) -> None:
    states = ("ACCEPT", "QUEUED", "RUNING", "RUNOUT", "HOLD", "ERROR", "REJECT", "EXIT", "CANCEL", "TOTAL")

    assert {"": dict.fromkeys(states, 0), "s": dict.fromkeys(states, 0)} == summary(text)


def pjstat_v_h_elapse_exceeded_row_only(text: str) -> None:
    expected = JobRow(
        "49047939",
        "EXT",
        exit_code=0,
        pjm_code=11,
        signal=24,
        reason="ELAPSE LIMIT EXC",
        start="06/01 15:22:46",
        elapsed=902,
        elapse_limit=900,
        name="lucj-qpy-b",
        model="NM",
    )
    assert (expected,) == listed(text)
    (cells,) = table(text)
    assert ("u13450", "ra010014", "bychip", "RNO") == (cells["USER"], cells["GROUP"], cells["RANK"], cells["LST"])
    assert ("127", "06/01 15:22:16") == (cells["PRI"], cells["ACCEPT"])
    found = status(expected, datetime(2026, 6, 2))
    assert Phase.ENDED is found.phase
    assert datetime(2026, 6, 1, 15, 22, 46).timestamp() == found.started
    assert found.ending is not None
    assert (False, False) == (found.ending.succeeded, found.ending.retry)
    assert "00:15:02 of 00:15:00" in found.ending.happened


def pjstat_v_two_jobs_fugaku_2021(text: str) -> None:
    expected = [
        JobRow(
            job_id,
            "RNA",
            exit_code=0,
            pjm_code=0,
            signal=0,
            start="(04/12 11:25)",
            elapsed=0,
            elapse_limit=60,
            name="job1.sh",
            model="NM",
        )
        for job_id in ("6291500", "6291501")
    ]
    assert expected == list(listed(text))
    cells = list(table(text))
    assert ["04/12 11:25:50", "04/12 11:25:51"] == [one["ACCEPT"] for one in cells]
    assert {("a03010", "rccs-aot", "12", "QUE")} == {
        (one["USER"], one["GROUP"], one["NODE_REQUIRE"], one["LST"]) for one in cells
    }


def pjstat_with_summary_manual(text: str) -> None:
    states = ("ACCEPT", "QUEUED", "RUNING", "RUNOUT", "HOLD", "ERROR", "SUSPND", "REJECT", "EXIT", "CANCEL", "TOTAL")
    found = summary(text)

    assert dict(zip(states, (0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4))) == found[""]
    assert dict(zip(states, (0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 12))) == found["s"]
    expected = (
        row("238", "job.sh", "NM", "RUN", "11/17 09:01:41"),
        row("239", "bulk.sh", "BU", "RUN", "11/17 09:01:42"),
        row("240", "step.sh", "ST", "RUN", "11/17 09:01:42", limit=0),
        row("241", "job2.sh", "NM", "RUN", "11/17 09:01:42"),
    )
    assert expected == listed(text)


def pjsub_bulk_seminar(text: str) -> None:
    expected = ("8123[0]", "8123[1]", "8123[2]", "8123[3]")

    assert expected == taken(Answer(0, text, ""), Submission("n", Path("/f"), ONE, bulk=4))


def pjsub_err_0012_step_gone_fugaku(text: str) -> None:
    refused(text, "PJM 0012: Job 64856 does not exist.")


def pjsub_err_0057_node_upper(text: str) -> None:
    refused(text, "PJM 0057: node=32 is greater than the upper limit (24).")


def pjsub_err_0071_group_fugaku(text: str) -> None:
    refused(text, "PJM 0071: Group not authorized to submit a job: group(59999)")


def pjsub_normal_fugaku_2021(text: str) -> None:
    assert ("6291500",) == taken(Answer(0, text, ""), NORMAL)


def pjsub_step_three_fugaku(text: str) -> None:
    steps = tuple(Path(f"/f/{number}.sh") for number in range(3))

    expected = ("11716781_0", "11716781_1", "11716781_2")
    assert expected == taken(Answer(0, text, ""), Submission("n", Path("/f"), steps))


def pjsub_step_two_scripts_manual(text: str) -> None:
    steps = tuple(Path(f"/f/{number}.sh") for number in range(2))

    assert ("300_0", "300_1") == taken(Answer(0, text, ""), Submission("n", Path("/f"), steps))


def pjwait_manual_cr(text: str) -> None:
    assert (("10", 0, 1, 0), ("11", 1, 1, 9), ("12", 0, 1, 0)) == waited(text)


def stats_file_head_fugaku(text: str) -> None:
    assert {"JOB ID": "43607196", "HOST NAME": "fn02sv05"} == blocks(text)[0]


def stats_file_s_manual(text: str) -> None:
    expected = {
        "JOB ID": "1006903",
        "SUB JOB NUM": "-",
        "START BULKNO": "-",
        "END BULKNO": "-",
        "HOST NAME": "login-node",
        "JOB NAME": "test.sh",
        "JOB TYPE": "BATCH",
        "JOB MODEL": "NM",
        "USER": "testuser",
        "GROUP": "testgroup",
        "RESOURCE UNIT": "rscunit000",
        "RESOURCE GROUP": "rscgroup000",
        "APRIORITY": "127",
        "PRIORITY": "127",
        "SHELL": "/bin/sh",
    }
    assert expected == blocks(text)[0]


def refused(text: str, said: str) -> None:
    with pytest.raises(SubmitError) as refusal:
        taken(Answer(1, "", text), NORMAL)

    assert f"pjsub: {said}" == str(refusal.value)
    assert not refusal.value.retry


READINGS: Dict[str, Callable[[str], None]] = {
    "pjacl_small_fugaku.txt": pjacl_small_fugaku,
    "pjdel_bulk_range_fugaku.txt": pjdel_bulk_range_fugaku,
    "pjdel_err_0112_guide.txt": pjdel_err_0112_guide,
    "pjdel_normal_fugaku_2021.txt": pjdel_normal_fugaku_2021,
    "pjdel_step_parent_fugaku.txt": pjdel_step_parent_fugaku,
    "pjhold_mixed_manual.txt": pjhold_mixed_manual,
    "pjrls_manual.txt": pjrls_manual,
    "pjstat_E_bulk_guide.txt": pjstat_e_bulk_guide,
    "pjstat_E_manual.txt": pjstat_e_manual,
    "pjstat_E_step_partly_finished_manual.txt": pjstat_e_step_partly_finished_manual,
    "pjstat_H_manual.txt": pjstat_h_manual,
    "pjstat_choose_jnam_jmdl_sdt_manual.txt": pjstat_choose_jnam_jmdl_sdt_manual,
    "pjstat_data_bulk_expanded.csv.txt": pjstat_data_bulk_expanded,
    "pjstat_data_s_active_bulk.csv.txt": pjstat_data_s_active_bulk,
    "pjstat_default_manual.txt": pjstat_default_manual,
    "pjstat_err_0211_invalid_jobid_fugaku.txt": pjstat_err_0211_invalid_jobid_fugaku,
    "pjstat_limit_fugaku.txt": pjstat_limit_fugaku,
    "pjstat_summary_fugaku.txt": pjstat_summary_fugaku,
    "pjstat_v_H_elapse_exceeded_row_only.txt": pjstat_v_h_elapse_exceeded_row_only,
    "pjstat_v_two_jobs_fugaku_2021.txt": pjstat_v_two_jobs_fugaku_2021,
    "pjstat_with_summary_manual.txt": pjstat_with_summary_manual,
    "pjsub_bulk_seminar.txt": pjsub_bulk_seminar,
    "pjsub_err_0012_step_gone_fugaku.txt": pjsub_err_0012_step_gone_fugaku,
    "pjsub_err_0057_node_upper.txt": pjsub_err_0057_node_upper,
    "pjsub_err_0071_group_fugaku.txt": pjsub_err_0071_group_fugaku,
    "pjsub_normal_fugaku_2021.txt": pjsub_normal_fugaku_2021,
    "pjsub_step_three_fugaku.txt": pjsub_step_three_fugaku,
    "pjsub_step_two_scripts_manual.txt": pjsub_step_two_scripts_manual,
    "pjwait_manual_cr.txt": pjwait_manual_cr,
    "stats_file_head_fugaku.txt": stats_file_head_fugaku,
    "stats_file_s_manual.txt": stats_file_s_manual,
}


@pytest.mark.parametrize("name", sorted({path.name for path in files()} & set(READINGS)))
def test_a_recorded_output_parses_to_what_a_reader_finds_in_it(name: str) -> None:
    READINGS[name]((FOLDER / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [path.relative_to(FOLDER).as_posix() for path in files()])
def test_of_any_recorded_output_every_row_is_read_or_the_file_is_refused(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    text = text_of(FOLDER / name)
    found = reading(text)
    record_property("sample", f"{name}: {found}")

    if found.kind == READ:
        assert rows_in(text) <= len(listed(text))
    else:
        assert name not in READINGS
