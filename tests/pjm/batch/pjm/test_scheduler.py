"""PjmScheduler calls PJM's commands sparingly, reads their answers, and says when there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import List, Mapping, Sequence, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjm.batch.host import Answer, HungError, NotStartedError
from pjm.batch.pjm.scheduler import PjmScheduler, parent, ranges
from pjm.batch.scheduler import (
    AnswerLostError,
    Limits,
    Phase,
    Resources,
    Scheduler,
    Submission,
    SubmitError,
    UnansweredError,
)
from pjm.errors import BadInput
from tests.builders.pjstat_layouts import comma
from tests.builders.recording_host import RecordingHost, Said

FOLDER = Path("/f/jobs/s-0")
NORMAL = Submission("s-0", FOLDER, (FOLDER / "script-0.sh",))
COLUMNS = ("JOB_ID", "ST", "EC", "PC", "SN", "START_DATE", "ELAPSE_TIM", "ELAPSE_LIM", "REASON")
NOTHING = Answer(0, "", "")


def pjm(*answers: Said, **settings: object) -> Tuple[PjmScheduler, RecordingHost]:
    host = RecordingHost(list(answers))
    scheduler = PjmScheduler(host, now=lambda: datetime(2025, 2, 3, 5), **settings)  # type: ignore[arg-type]
    return scheduler, host


def listed(*rows: Tuple[str, str], codes: str = "0") -> Answer:
    cells: List[Mapping[str, str]] = [
        {"JOB_ID": job_id, "ST": state, "EC": codes, "PC": codes, "SN": codes} for job_id, state in rows
    ]
    return Answer(0, comma(COLUMNS, cells), "")


def named(*rows: Tuple[str, str, str]) -> Answer:
    cells = [{"JOB_ID": job_id, "MD": model, "JOB_NAME": name} for job_id, model, name in rows]
    return Answer(0, comma(("JOB_ID", "MD", "JOB_NAME"), cells), "")


def test_it_is_a_scheduler() -> None:
    scheduler: Scheduler = PjmScheduler()

    assert scheduler


def test_a_normal_job_is_submitted_from_its_folder() -> None:
    scheduler, host = pjm(Answer(0, "[INFO] PJM 0000 pjsub Job 12 submitted.\n", ""), options=("--no-check-directory",))

    assert ("12",) == scheduler.submit(NORMAL)
    assert [["pjsub", "--no-check-directory", "script-0.sh"]] == host.asked
    assert [FOLDER] == host.folders


def test_a_bulk_job_is_one_command() -> None:
    scheduler, host = pjm(Answer(0, "[INFO] PJM 0000 pjsub Job 12 submitted.\n", ""))

    assert ("12[0]", "12[1]", "12[2]") == scheduler.submit(Submission("s-0", FOLDER, NORMAL.scripts, bulk=3))
    assert [["pjsub", "--bulk", "--sparam", "0-2", "script-0.sh"]] == host.asked


def test_a_step_job_is_one_command() -> None:
    scheduler, host = pjm(
        Answer(0, "[INFO] PJM 0000 pjsub Job 12_0 submitted.\n[INFO] PJM 0000 pjsub Job 12_1 submitted.\n", "")
    )
    steps = (*NORMAL.scripts, FOLDER / "script-1.sh")

    assert ("12_0", "12_1") == scheduler.submit(Submission("s-0", FOLDER, steps))
    assert [["pjsub", "--step", "--sparam", "jnam=s-0", "script-0.sh", "script-1.sh"]] == host.asked


def test_a_submission_without_an_answer_is_told_from_one_that_never_began() -> None:
    with pytest.raises(AnswerLostError, match="did not answer"):
        pjm(HungError("pjsub did not answer within 600 s and was killed"))[0].submit(NORMAL)
    with pytest.raises(SubmitError, match="no pjsub on PATH") as missing:
        pjm(NotStartedError("there is no pjsub on PATH", missing=True))[0].submit(NORMAL)
    with pytest.raises(SubmitError, match="no room") as crowded:
        pjm(NotStartedError("no room", missing=False))[0].submit(NORMAL)

    assert (False, True) == (missing.value.retry, crowded.value.retry)
    assert "--fugaku-emulate" in missing.value.advice


def test_one_question_answers_for_all_jobs() -> None:
    rows = [("12", "RUN"), ("13", "QUE"), ("13[0]", "RUN"), ("13[1]", "EXT"), ("14", "ST"), ("14_0", "QUE")]
    scheduler, host = pjm(listed(*rows))

    found = scheduler.poll(["13[0]", "13[1]", "12", "14_0"])

    expected = {"13[0]": Phase.RUNNING, "13[1]": Phase.ENDED, "12": Phase.RUNNING, "14_0": Phase.QUEUED}
    assert expected == {job_id: status.phase for job_id, status in found.items()}
    items = "jid,st,ec,pc,sn,sdt,elp,elpl,ermsg"
    assert [["pjstat", "-E", "--data", "--choose", items, "13", "12", "14"]] == host.asked


def test_the_history_answers_for_those_that_are_not_in_the_queue() -> None:
    scheduler, host = pjm(listed(("12", "RUN")), listed(("13", "EXT")), history_days=30)

    queued = scheduler.poll(["12", "13", "14"])
    ended = scheduler.look_back(["13", "14"])

    assert [Phase.RUNNING, Phase.ABSENT, Phase.ABSENT] == [queued[name].phase for name in ("12", "13", "14")]
    assert [Phase.ENDED, Phase.ABSENT] == [ended[name].phase for name in ("13", "14")]
    assert ended["13"].ending is not None
    assert ended["13"].ending.succeeded
    items = "jid,st,ec,pc,sn,sdt,elp,elpl,ermsg"
    assert ["pjstat", "-E", "-H", "day=30", "--data", "--choose", items, "13", "14"] == host.asked[1]
    assert 2 == len(host.asked)


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("H,JOB_ID,ST\n,12,NEW\n", "job 12 is in the state 'NEW', which this program does not know"),
        ("H,JOB_ID\n,12\n", "job 12 has no state"),
        ("H,JOB_ID,ST\n,12\n", "a record has 1 of 2 fields"),
        ("H,JOB_ID,ST", "cut off"),
    ],
)
def test_an_answer_that_cannot_be_read_is_none_and_says_why(out: str, said: str) -> None:
    for ask in (pjm(Answer(0, out, ""))[0].poll, pjm(Answer(0, out, ""))[0].look_back):
        with pytest.raises(UnansweredError, match=said):
            ask(["12"])


@pytest.mark.parametrize(
    "silence", ["", "H,JOB_ID,ST,EC,PC,SN,REASON\n", "motd\n[INFO] PJM 0281 pjstat Data loading...\n"]
)
def test_absent_jobs_are_absent_and_nothing_else(silence: str) -> None:
    scheduler, host = pjm(Answer(0, silence, ""), Answer(0, silence, ""))

    assert Phase.ABSENT == scheduler.poll(["12"])["12"].phase
    assert Phase.ABSENT == scheduler.look_back(["12"])["12"].phase
    assert "-H" in host.asked[1]
    assert "day=30" not in host.asked[1]


def test_what_to_type_to_delete_jobs_can_be_typed_in_a_shell() -> None:
    assert "pjdel 12 '13[0-2]' 14_1" == pjm()[0].how_to_cancel(["12", "13[0]", "13[1]", "13[2]", "14_1"])


def test_nothing_is_asked_about_no_jobs() -> None:
    scheduler, host = pjm()

    assert {} == scheduler.poll([])
    scheduler.cancel([])
    assert [] == host.asked


def test_a_parent_speaks_for_parts_that_are_not_listed_yet() -> None:
    scheduler, host = pjm(listed(("12", "QUE"), ("13", "RJT"), ("14", "ERR"), codes="-"))

    found = scheduler.poll(["12[0]", "13[0]", "14_1"])

    assert [Phase.QUEUED, Phase.ENDED, Phase.STUCK] == [found[name].phase for name in ("12[0]", "13[0]", "14_1")]
    assert 1 == len(host.asked)


def test_a_running_or_ended_parent_does_not_speak_for_its_parts() -> None:
    scheduler, _ = pjm(listed(("12", "RUN"), codes="-"), listed(("12", "EXT"), codes="-"))

    assert Phase.ABSENT == scheduler.poll(["12[0]"])["12[0]"].phase
    assert Phase.ABSENT == scheduler.look_back(["12[0]"])["12[0]"].phase


@pytest.mark.parametrize(
    "answer",
    [
        Answer(1, "", "[ERR.] PJM 0290 pjstat PJM daemon is not present.\n"),
        Answer(0, "[ERR.] PJM 0291 pjstat Internal error: 3.\n", ""),
        Answer(1, "", ""),
        Answer(-9, listed(("12", "RUN")).out, ""),
        HungError("pjstat did not answer within 120 s and was killed"),
        NotStartedError("no room", missing=False),
    ],
)
def test_a_question_without_an_answer_is_no_answer(answer: Said) -> None:
    for ask in (pjm(answer)[0].poll, pjm(answer)[0].look_back):
        with pytest.raises(UnansweredError):
            ask(["12"])
    for scheduler in (pjm(answer)[0], pjm(NOTHING, answer)[0]):
        with pytest.raises(UnansweredError):
            scheduler.find("s-0", 1)


@pytest.mark.parametrize(
    "job_id", ["", "-H", "12 13", "12;ls", "12[", "12[1", "12_", "1" * 11, "12[0-3]", "--rsc", "１２"]
)
def test_what_is_no_job_id_never_reaches_a_command(job_id: str) -> None:
    scheduler, host = pjm()

    for use in (scheduler.poll, scheduler.cancel):
        with pytest.raises(BadInput, match="no job id"):
            use([job_id])
    assert [] == host.asked


def test_a_job_is_found_by_its_whole_name() -> None:
    scheduler, host = pjm(named(("11", "NM", "s-00"), ("12", "NM", "s-0"), ("13", "NM", "x")))

    assert ("12",) == scheduler.find("s-0", 1)
    assert [["pjstat", "-E", "--data", "--choose", "jid,jmdl,jnam"]] == host.asked


def test_of_a_bulk_and_a_step_job_the_parts_are_found_in_their_order() -> None:
    rows = [("12", "BU", "s-0"), *((f"12[{number}]", "BU", "s-0") for number in (10, 9, 0))]

    assert ("12[0]", "12[9]", "12[10]") == pjm(named(*rows))[0].find("s-0", 3)
    assert ("13_0", "13_1") == pjm(named(("13", "ST", "s"), ("13_0", "ST", "s"), ("13_1", "ST", "s")))[0].find("s", 2)


def test_the_memory_that_a_job_used_is_read_from_its_statistics(tmp_path: Path) -> None:
    scheduler, _ = pjm()
    file = tmp_path / "share-0.stats"
    file.write_text(
        " MEMORY SIZE (LIMIT)       : 28.0 GiB (30064771072)\n MAX MEMORY SIZE (USE)     : 27.9 GiB (2995)\n"
    )

    assert "memory: 27.9 GiB used of 28.0 GiB allowed" == scheduler.figures("12", file)
    assert "" == scheduler.figures("12", tmp_path / "missing")


def test_a_job_that_has_ended_is_found_in_the_history() -> None:
    scheduler, host = pjm(NOTHING, named(("12", "NM", "s-0")))

    assert ("12",) == scheduler.find("s-0", 1)
    assert ["pjstat", "-E", "-H", "--data", "--choose", "jid,jmdl,jnam"] == host.asked[1]


def test_a_job_that_is_nowhere_has_no_ids() -> None:
    assert () == pjm(NOTHING, NOTHING)[0].find("s-0", 1)


def test_a_bulk_job_whose_parts_are_not_listed_yet_is_asked_for_again() -> None:
    with pytest.raises(UnansweredError, match="parts"):
        pjm(named(("12", "BU", "s-0")))[0].find("s-0", 3)


def test_many_jobs_are_deleted_by_one_command() -> None:
    scheduler, host = pjm(NOTHING)

    scheduler.cancel(["12", "13[0]", "13[1]", "13[2]", "13[5]", "14_1", "14_2", "15[7]"])

    assert [["pjdel", "12", "13[0-2]", "13[5]", "14_1-2", "15[7]"]] == host.asked


def test_jobs_that_have_ended_already_are_no_failure_of_a_deletion() -> None:
    scheduler, _ = pjm(
        Answer(
            1,
            "[INFO] PJM 0100 pjdel Accepted job 12.\n",
            "[ERR.] PJM 0112 pjdel Job 13 does not exist.\n"
            "[ERR.] PJM 0113 pjdel Job 14 is not in the state that pjdel can be accepted.\n",
        )
    )

    scheduler.cancel(["12", "13", "14"])


@pytest.mark.parametrize(
    "answer",
    [
        Answer(1, "", "[ERR.] PJM 0190 pjdel PJM daemon is not present.\n"),
        Answer(1, "", "[ERR.] PJM 0112 pjdel Job 1 does not exist.\n[ERR.] PJM 0170 pjdel No execute permission.\n"),
        Answer(1, "", ""),
        Answer(-15, "", ""),
        HungError("pjdel hung"),
        NotStartedError("there is no pjdel on PATH", missing=True),
    ],
)
def test_a_deletion_that_was_not_accepted_is_said(answer: Said) -> None:
    with pytest.raises(UnansweredError, match="pjdel"):
        pjm(answer)[0].cancel(["12"])


def test_a_thousand_jobs_are_one_question() -> None:
    ids = [str(80_000_000 + 2 * number) for number in range(1000)]
    scheduler, host = pjm(listed(*((job_id, "RUN") for job_id in ids)), NOTHING)

    assert {Phase.RUNNING} == {status.phase for status in scheduler.poll(ids).values()}
    scheduler.cancel(ids)
    assert [["pjstat"], ["pjdel"]] == [list(command[:1]) for command in host.asked]


def test_more_jobs_than_an_argument_list_holds_are_several_questions() -> None:
    ids = [str(1_000_000_000 + 2 * number) for number in range(20_000)]
    scheduler, host = pjm(*[listed(*((job_id, "RUN") for job_id in ids))] * 3, *[NOTHING] * 3)

    assert {Phase.RUNNING} == {status.phase for status in scheduler.poll(ids).values()}
    assert ids == [word for command in host.asked for word in command[5:]]
    assert max(sum(len(word) + 1 for word in command) for command in host.asked) < 128 * 1024
    scheduler.cancel(ids)
    assert 6 == len(host.asked)


@pytest.mark.parametrize("missing", ["pjsub", "pjstat", "pjdel"])
def test_pjm_that_is_not_there_is_said_with_what_to_type(missing: str) -> None:
    scheduler, host = pjm()
    scheduler.require_commands()
    host.missing.add(missing)

    with pytest.raises(BadInput, match=f"no {missing} on PATH") as refusal:
        scheduler.require_commands()

    assert "--fugaku-emulate" in refusal.value.fix


@pytest.mark.parametrize(("name", "value"), [("cpus", 4), ("mem", "4G"), ("gres", "gpu:1")])
def test_what_pjm_cannot_give_is_refused_with_the_reason(name: str, value: object) -> None:
    scheduler, _ = pjm()
    scheduler.check(Resources(2, 60, "small", "hp1", "/vol1"), "test_a.py::test_b")

    with pytest.raises(BadInput, match=rf"test_a.py::test_b: the mark fugaku has {name}={value!r}") as refusal:
        scheduler.check(replace(Resources(1, 60), **{name: value}), "test_a.py::test_b")  # type: ignore[arg-type]

    assert "PJM gives whole nodes" in refusal.value.why


def test_pjm_limits_nothing_of_its_own() -> None:
    assert Limits() == pjm()[0].limits


IDS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(["", "[", "_"]), st.integers(0, 12)).map(
        lambda part: f"{part[0]}{part[1]}{part[2] if part[1] else ''}{']' if part[1] == '[' else ''}"
    )
)


@given(IDS)
def test_ranges_name_every_id_and_no_other(ids: List[str]) -> None:
    assert set(ids) == set(expanded(ranges(ids)))
    assert all(parent(job_id) in {"1", "2", "3"} for job_id in ids)


def expanded(words: Sequence[str]) -> List[str]:
    found: List[str] = []
    for word in words:
        for kind, close in (("[", "]"), ("_", "")):
            if kind in word:
                job, _, span = word.rstrip("]").partition(kind)
                first, _, last = span.partition("-")
                found += [f"{job}{kind}{number}{close}" for number in range(int(first), int(last or first) + 1)]
                break
        else:
            found.append(word)
    assert len(found) == len(set(found))
    return found
