"""SlurmScheduler calls Slurm's commands sparingly, reads their answers, and says when there is none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import pytest

from pjm.batch.host import Answer, HungError, NotStartedError
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
from pjm.batch.slurm.scheduler import SlurmScheduler, ranges
from pjm.errors import BadInput
from tests.builders.recording_host import RecordingHost, Said
from tests.builders.slurm_samples import (
    CONFIG,
    MAX_RSS,
    NO_CONTROLLER,
    RELEASED_ENDED,
    SACCT,
    SACCT_DISABLED,
    SQUEUE,
    UNKNOWN_ID,
)

WITH, WITHOUT = (Answer(0, CONFIG.format(accounting=kind, age=6), "") for kind in ("slurmdbd", "none"))
NODES = Answer(0, "node1\nnode2\n", "")
NOTHING = Answer(0, "", "")
REFUSED = Answer(1, "", "sbatch: error: Batch job submission failed: Invalid partition name specified\n")
BUSY = Answer(1, "", "sbatch: error: QOSMaxSubmitJobPerUserLimit\nsbatch: error: Batch job submission failed: no\n")
LOST = Answer(1, "", "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n")


def slurm(*answers: Said, **settings: object) -> Tuple[SlurmScheduler, RecordingHost]:
    host = RecordingHost(list(answers))
    return SlurmScheduler(host, **settings), host  # type: ignore[arg-type]


def taken(number: int) -> Answer:
    return Answer(0, f"{number}\n", "")


def queue(*rows: Tuple[str, str, str, str]) -> Answer:
    return Answer(
        0, "".join(f"{job_id}|{state}|0|N/A|0:00|1:00|{why}|{name}|\n" for job_id, state, why, name in rows), ""
    )


def submission(folder: Path, bulk: Optional[int] = None, needs: Sequence[Tuple[int, ...]] = ()) -> Submission:
    scripts = tuple(folder / f"script-{number}.sh" for number in range(len(needs) or 1))
    for script in scripts:
        script.write_text("#!/bin/bash\n#SBATCH --time=5\nexit 0\n")
    return Submission("s-0", folder, scripts, bulk, needs=tuple(needs))


def without_settings(command: Sequence[str]) -> List[str]:
    """A command without what env(1) sets or takes away for it."""
    names = ("sbatch", "squeue", "sacct", "scancel", "scontrol")
    return list(command[next(place for place, word in enumerate(command) if word in names) :])


def test_it_is_a_scheduler() -> None:
    scheduler: Scheduler = SlurmScheduler()

    assert scheduler


def test_a_job_is_submitted_from_its_folder_with_what_its_script_says(tmp_path: Path) -> None:
    scheduler, host = slurm(taken(12), options=("--qos=debug",))

    assert ("12",) == scheduler.submit(submission(tmp_path))
    fixed = ["--parsable", "--no-requeue", "--export=NIL"]
    assert ["sbatch", "--qos=debug", "--time=5", *fixed, "./script-0.sh"] == without_settings(host.asked[0])
    assert [tmp_path] == host.folders
    assert {"SBATCH_ARRAY_INX", "SBATCH_WAIT", "SBATCH_CLUSTERS"} <= set(host.asked[0])


def test_jobs_alike_are_one_array(tmp_path: Path) -> None:
    scheduler, host = slurm(taken(12))

    assert ("12_0", "12_1", "12_2") == scheduler.submit(submission(tmp_path, bulk=3))
    assert "--array=0-2" in host.asked[0]


def test_a_chain_is_held_until_all_of_it_is_in(tmp_path: Path) -> None:
    scheduler, host = slurm(taken(12), taken(13), taken(14), taken(15), NOTHING)

    assert ("12", "13", "14", "15") == scheduler.submit(submission(tmp_path, needs=((), (0,), (), (0, 1, 2))))
    how = [command[-3:-1] for command in host.asked[:4]]
    assert [
        ["--export=NIL", "--hold"],
        ["--dependency=afterok:12", "--kill-on-invalid-dep=yes"],
        ["--export=NIL", "--hold"],
        ["--dependency=afterok:12:13:14", "--kill-on-invalid-dep=yes"],
    ] == how
    assert ["scontrol", "release", "12,14"] == host.asked[4]


@pytest.mark.parametrize(("refusal", "retry"), [(REFUSED, False), (BUSY, True)])
def test_a_chain_of_which_a_part_is_refused_is_taken_back_and_refused(
    tmp_path: Path, refusal: Answer, retry: bool
) -> None:
    scheduler, host = slurm(taken(12), taken(13), refusal, NOTHING)

    with pytest.raises(SubmitError) as error:
        scheduler.submit(submission(tmp_path, needs=((), (0,), (1,))))

    assert retry == error.value.retry
    assert ["scancel", "12", "13"] == host.asked[3]


def test_a_chain_that_can_be_neither_completed_nor_taken_back_is_looked_up_later(tmp_path: Path) -> None:
    scheduler, _ = slurm(taken(12), REFUSED, Answer(1, "", NO_CONTROLLER))

    with pytest.raises(AnswerLostError, match="only some jobs of s-0"):
        scheduler.submit(submission(tmp_path, needs=((), (0,))))


def test_a_chain_whose_release_is_not_answered_is_looked_up_and_released(tmp_path: Path) -> None:
    scheduler, host = slurm(taken(12), taken(13), Answer(1, "", NO_CONTROLLER))
    with pytest.raises(AnswerLostError, match="held"):
        scheduler.submit(submission(tmp_path, needs=((), (0,))))

    host.answers += [
        queue(("12", "PENDING", "JobHeldUser", "s-0.0"), ("13", "PENDING", "Dependency", "s-0.1")),
        NOTHING,
    ]

    assert ("12", "13") == scheduler.find("s-0", 2)
    assert ["scontrol", "release", "12"] == host.asked[-1]


def test_a_chain_of_which_a_part_is_lost_stays_held(tmp_path: Path) -> None:
    scheduler, host = slurm(taken(12), LOST)
    with pytest.raises(AnswerLostError, match="whether it has a job is unknown"):
        scheduler.submit(submission(tmp_path, needs=((), (0,))))

    host.answers += [queue(("12", "PENDING", "JobHeldUser", "s-0.0")), WITHOUT]

    assert ("12",) == scheduler.find("s-0", 2)
    assert [] == [command for command in host.asked if "release" in command]


def test_of_a_chain_that_was_refused_before_the_newest_jobs_are_found() -> None:
    old = [("12", "CANCELLED", "JobHeldUser", "s-0.0"), ("13", "CANCELLED", "Dependency", "s-0.1")]
    new = [("20", "PENDING", "Dependency", "s-0.1"), ("19", "PENDING", "JobHeldUser", "s-0.0")]
    scheduler, host = slurm(queue(*new, *old), NOTHING)

    assert ("19", "20") == scheduler.find("s-0", 2)
    assert ["scontrol", "release", "19"] == host.asked[-1]


def test_a_job_is_found_by_its_whole_name_in_the_queue() -> None:
    scheduler, host = slurm(queue(("11", "RUNNING", "None", "s-00"), ("12", "RUNNING", "None", "s-0")))

    assert ("12",) == scheduler.find("s-0", 1)
    assert 1 == len(host.asked)


def test_one_job_of_an_array_stands_for_all_of_it() -> None:
    scheduler, _ = slurm(queue(("12_2", "PENDING", "None", "s-0")))

    assert ("12_0", "12_1", "12_2") == scheduler.find("s-0", 3)


def test_a_job_held_by_its_user_is_not_released_by_a_look_up() -> None:
    scheduler, host = slurm(queue(("12", "PENDING", "JobHeldUser", "s-0")))

    assert ("12",) == scheduler.find("s-0", 1)
    assert 1 == len(host.asked)


def test_what_the_queue_does_not_have_is_looked_up_in_the_history_and_both_count() -> None:
    history = Answer(0, "12|COMPLETED|0:0|1796010428|4|30|None|s-0.0\n", "")
    scheduler, host = slurm(queue(("13", "RUNNING", "None", "s-0.1")), WITH, history, history_days=9)

    assert ("12", "13") == scheduler.find("s-0", 2)
    asked = without_settings(host.asked[2])
    assert ["sacct", "-n", "-P", "-X", "-S", "now-9days", "--name=s-0,s-0.0,s-0.1"] == asked[:-1]


def test_a_job_that_is_nowhere_has_no_ids_and_a_cluster_without_history_is_not_asked_for_it() -> None:
    assert () == slurm(NOTHING, WITH, NOTHING)[0].find("s-0", 1)
    assert () == slurm(NOTHING, WITHOUT)[0].find("s-0", 1)


@pytest.mark.parametrize(
    "answers",
    [
        (Answer(1, "", NO_CONTROLLER),),
        (HungError("squeue did not answer within 120 s and was killed"),),
        (Answer(0, "12|RUNNING\n", ""),),
        (NOTHING, Answer(1, "", NO_CONTROLLER)),
        (NOTHING, Answer(0, "nothing that can be read", "")),
        (NOTHING, WITH, Answer(1, "", SACCT_DISABLED)),
    ],
)
def test_a_look_up_without_an_answer_is_no_answer(answers: Sequence[Said]) -> None:
    with pytest.raises(UnansweredError):
        slurm(*answers)[0].find("s-0", 1)


def test_a_submission_without_an_answer_is_told_from_one_that_never_began(tmp_path: Path) -> None:
    job = submission(tmp_path)
    with pytest.raises(AnswerLostError, match="did not answer"):
        slurm(HungError("sbatch did not answer within 600 s and was killed"))[0].submit(job)
    with pytest.raises(SubmitError) as missing:
        slurm(NotStartedError("there is no env on PATH", missing=True))[0].submit(job)
    with pytest.raises(SubmitError) as crowded:
        slurm(NotStartedError("no room", missing=False))[0].submit(job)

    assert (False, True) == (missing.value.retry, crowded.value.retry)


def test_one_question_answers_for_all_jobs() -> None:
    scheduler, host = slurm(Answer(0, SQUEUE, ""))

    found = scheduler.poll(["1_0", "1_1", "2", "5", "6", "7", "99"])

    expected = [Phase.ENDED, Phase.ABSENT, Phase.ENDED, Phase.RUNNING, Phase.HELD, Phase.QUEUED, Phase.ABSENT]
    assert expected == [status.phase for status in found.values()]
    asked = without_settings(host.asked[0])
    assert ["squeue", "--me", "-h", "-r", "-t", "all", "-O"] == asked[:7]
    assert ["-j", "1,2,5,6,7,99"] == asked[8:]
    assert "SLURM_TIME_FORMAT=%s" in host.asked[0]


def test_one_unknown_job_is_absent_and_no_error() -> None:
    assert Phase.ABSENT == slurm(Answer(1, "", UNKNOWN_ID))[0].poll(["99"])["99"].phase


def test_a_job_that_waits_for_what_never_comes_is_stuck_after_a_while_and_not_if_that_passes() -> None:
    now = [0.0]
    stuck, fine = Answer(0, SQUEUE, ""), queue(("7", "PENDING", "Priority", "long"))
    scheduler, _ = slurm(stuck, stuck, fine, stuck, stuck, patience=60.0, clock=lambda: now[0])
    phases = []
    for now[0] in (0.0, 59.0, 61.0, 100.0, 160.0):
        phases.append(scheduler.poll(["7"])["7"].phase)

    assert [Phase.QUEUED] * 4 + [Phase.STUCK] == phases


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("12|NEW|0|N/A|0:00|1:00|None|a|\n", "job 12 is in the state 'NEW', which this program does not know"),
        ("12|RUNNING|0|N/A\n", "a row has 4 of 8 columns"),
    ],
)
def test_an_answer_that_cannot_be_read_is_none_and_says_why(out: str, said: str) -> None:
    with pytest.raises(UnansweredError, match=said):
        slurm(Answer(0, out, ""))[0].poll(["12"])
    with pytest.raises(UnansweredError, match=said):
        slurm(WITH, Answer(0, out, ""))[0].look_back(["12"])


def test_the_history_answers_for_jobs_that_have_ended_and_is_late() -> None:
    scheduler, host = slurm(WITH, Answer(0, SACCT, ""))

    found = scheduler.look_back(["2", "5_4", "8_0", "8_2", "99"])

    ended, absent = Phase.ENDED, Phase.ABSENT
    assert [ended, ended, absent, absent, absent] == [status.phase for status in found.values()]
    assert ["sacct", "-n", "-P", "-X", "-j", "2,5,8,99"] == without_settings(host.asked[1])[:-1]


def test_without_a_history_a_job_that_is_nowhere_has_ended_and_is_not_tried_again() -> None:
    scheduler, host = slurm(WITHOUT, Answer(0, SQUEUE, ""))

    found = scheduler.look_back(["5", "99"])

    assert Phase.RUNNING is found["5"].phase
    ending = found["99"].ending
    assert ending is not None
    assert "Slurm keeps no history here and forgets a job 6 s after its end" in ending.happened
    assert (False, False) == (ending.succeeded, ending.retry)
    assert [] == [command for command in host.asked if "sacct" in command]


def test_how_often_to_ask_depends_on_how_long_an_ended_job_is_remembered() -> None:
    with_history, _ = slurm(WITH, NODES)
    without, _ = slurm(WITHOUT, NODES)
    with_history.require_commands()
    without.require_commands()

    assert Limits(1001, None, 60, "") == with_history.limits
    assert (1001, 2.0, 60) == (without.limits.bulk, without.limits.poll, without.limits.elapse_step)
    assert "forgets a job 6 s after its end (MinJobAge)" in without.limits.doubt
    assert Limits(1001, None, 60, "") == slurm()[0].limits


@pytest.mark.parametrize(
    ("nodes", "expected"), [("{}\n", True), ("{}.example\n{}\n", True), ("{}\nnode2\n", False), ("", False)]
)
def test_it_is_known_whether_every_node_is_this_machine(nodes: str, expected: bool) -> None:
    scheduler, _ = slurm(WITH, Answer(0, nodes.replace("{}", os.uname().nodename.partition(".")[0]), ""))

    scheduler.require_commands()

    assert expected == scheduler.limits.here


@pytest.mark.parametrize("missing", ["sbatch", "squeue", "scancel", "scontrol", "sinfo"])
def test_slurm_that_is_not_there_is_said_with_what_to_do(missing: str) -> None:
    scheduler, host = slurm()
    host.missing.add(missing)

    with pytest.raises(BadInput, match=f"no {missing} on PATH"):
        scheduler.require_commands()


def test_sacct_is_needed_only_where_there_is_a_history() -> None:
    for answer, needed in ((WITH, True), (WITHOUT, False)):
        scheduler, host = slurm(answer, NODES)
        host.missing.add("sacct")
        if needed:
            with pytest.raises(BadInput, match="no sacct on PATH"):
                scheduler.require_commands()
        else:
            scheduler.require_commands()


def test_a_controller_that_is_away_when_a_session_begins_is_said() -> None:
    with pytest.raises(BadInput, match="Slurm does not say how it is configured") as refusal:
        slurm(Answer(1, "", NO_CONTROLLER))[0].require_commands()

    assert "Unable to contact slurm controller" in refusal.value.why
    assert "scontrol ping" in refusal.value.fix


def test_the_memory_that_a_job_used_is_asked_for_by_its_id(tmp_path: Path) -> None:
    scheduler, host = slurm(WITH, Answer(0, MAX_RSS, ""), Answer(1, "", SACCT_DISABLED), HungError("hung"))

    assert "memory: 205.3 MiB used" == scheduler.figures("12_3", tmp_path)
    assert "12_3" in host.asked[1]
    assert ["", ""] == [scheduler.figures("12", tmp_path), scheduler.figures("12", tmp_path)]
    assert "" == slurm(WITHOUT)[0].figures("12", tmp_path)
    assert "" == slurm()[0].figures("", tmp_path)


def test_many_jobs_are_deleted_by_one_command_and_what_to_type_is_for_a_shell() -> None:
    scheduler, host = slurm(NOTHING)
    ids = ["12", "13_0", "13_1", "13_2", "13_5", "14"]

    scheduler.cancel(ids)

    assert [["scancel", "12", "13_[0-2,5]", "14"]] == host.asked
    assert "scancel 12 '13_[0-2,5]' 14" == scheduler.how_to_cancel(ids)


@pytest.mark.parametrize("said", [UNKNOWN_ID, RELEASED_ENDED, "Job/step already completing or completed"])
def test_jobs_that_have_ended_already_are_no_failure_of_a_deletion(said: str) -> None:
    slurm(Answer(1, "", said))[0].cancel(["12"])


@pytest.mark.parametrize(
    "answer", [Answer(1, "", f"{UNKNOWN_ID}{NO_CONTROLLER}"), Answer(1, "", ""), HungError("scancel hung")]
)
def test_a_deletion_that_was_not_accepted_is_said(answer: Said) -> None:
    with pytest.raises(UnansweredError, match="scancel"):
        slurm(answer)[0].cancel(["12"])


def test_nothing_is_asked_about_no_jobs() -> None:
    scheduler, host = slurm()

    assert {} == scheduler.poll([])
    scheduler.cancel([])
    assert [] == host.asked


@pytest.mark.parametrize("job_id", ["", "-H", "12 13", "12;ls", "12_[0-3]", "12_", "1" * 11, "--me", "１２", "12,13"])
def test_what_is_no_job_id_never_reaches_a_command(job_id: str) -> None:
    scheduler, host = slurm(WITH, NODES)
    scheduler.require_commands()

    for use in (scheduler.poll, scheduler.cancel, scheduler.look_back):
        with pytest.raises(BadInput, match="no job id"):
            use([job_id])
    assert 2 == len(host.asked)


def test_what_slurm_does_not_have_is_refused_with_the_reason() -> None:
    scheduler, _ = slurm()
    scheduler.check(Resources(1, 60, cpus=4, mem="4G", gres="gpu:1", env=(("A", "1"),)), "test_a.py::test_b")

    with pytest.raises(BadInput, match=r"^test_a.py::test_b: fugaku_gfscache is '/vol0004'"):
        scheduler.check(Resources(1, 60, gfscache="/vol0004"), "test_a.py::test_b")
    with pytest.raises(BadInput, match="sets the environment variable SLURM_JOB_ID"):
        scheduler.check(Resources(1, 60, env=(("SLURM_JOB_ID", "1"),)), "test_a.py::test_b")


def test_ranges_name_every_job_once() -> None:
    assert ["1", "2_[0-1,3]"] == ranges(["1", "2_3", "2_0", "2_1", "2_1", "1"])
