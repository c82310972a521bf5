"""SlurmScheduler with a real Slurm: jobs that end in every way, answers that are lost, daemons that are killed."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest

from pjm.batch.scheduler import AnswerLostError, Ending, Phase, Status, SubmitError, UnansweredError
from pjm.plan.job_folder import outputs
from tests.builders.processes import until
from tests.builders.submitting import BULK, ONE, STEPS, SubmittingPlace
from tests.end_to_end.slurm.conftest import LIMITED, Place, scheduler_of
from tests.slurm.machine import Running, missing

REFUSAL = "echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2; exit 1"
TIMED_OUT = "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1"
AWAY = "echo 'Unable to contact slurm controller (connect failure)' >&2; exit 1"


def on(running: Running, node: str, place: Place) -> Place:
    """The same place, with jobs on one node."""
    return replace(place, scheduler=scheduler_of(running, f"--nodelist={node}"))


def with_command(running: Running, place: Place, name: str, text: str) -> Place:
    """The same place, with a command of our own; $REAL is the one that it stands for, $COUNT its calls before."""
    folder = place.folder / f"commands-{name}"
    folder.mkdir()
    count = f'COUNT=$(cat "{folder}/count" 2>/dev/null || echo 0); echo $((COUNT + 1)) > "{folder}/count"'
    (folder / name).write_text(f'#!/bin/bash\nREAL="{running.commands}/{name}"\n{count}\n{text}\n')
    (folder / name).chmod(0o755)
    return replace(place, scheduler=scheduler_of(running, commands=folder))


@pytest.fixture(scope="module")
def slow(plain: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dict[str, Tuple[Place, str]]]:
    """Jobs whose ends take Slurm half a minute: they are begun before all tests."""
    found: Dict[str, Tuple[Place, str]] = {}
    for name, node in (("time", "n1"), ("node", "n4")):
        place = on(plain, node, SubmittingPlace(tmp_path_factory.mktemp(name), scheduler_of(plain)))
        found[name] = place, place.scheduler.submit(place.job("sleep 600").submission)[0]
    for place, job_id in found.values():
        place.wait([job_id], lambda status: status.phase is Phase.RUNNING)
    plain.run("scontrol", "update", f"JobId={found['time'][1]}", "EndTime=now")
    plain.kill("slurmd-n4")
    yield found
    plain.start("slurmd-n4")


@pytest.fixture(autouse=True)
def _begun(slow: Dict[str, Tuple[Place, str]]) -> None:
    """Every test begins after the slow jobs, and the tests of these are the last."""


def only(endings: List[Ending]) -> Ending:
    (ending,) = endings
    return ending


def test_a_job_runs_to_its_end_with_its_environment_and_files(place: Place) -> None:
    prepared = place.job('echo "share $PYTEST_PJM_SHARE, $A"; echo oh >&2', env=(("A", "x,y"),))

    ids = place.scheduler.submit(prepared.submission)

    assert only(place.endings(ids)).succeeded
    files = outputs(prepared.folder, 0)
    assert ("share 0, x,y\n", "oh\n") == (files.out.read_text(), files.err.read_text())
    assert ids == place.scheduler.find(prepared.job.name, 1)


def test_the_users_own_variables_change_no_job(plain: Running, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ARRAY_INX", "0-3"), ("TIMELIMIT", "7"), ("JOB_NAME", "other"), ("OUTPUT", "/dev/null")):
        monkeypatch.setenv(f"SBATCH_{name}", value)
    monkeypatch.setenv("SQUEUE_FORMAT", "%i")
    mine = replace(place, scheduler=scheduler_of(plain))
    prepared = mine.job("env")

    ids = mine.scheduler.submit(prepared.submission)

    assert only(mine.endings(ids)).succeeded
    assert "SLURM_JOB_NAME=" + prepared.job.name in outputs(prepared.folder, 0).out.read_text().split("\n")
    assert ids == mine.scheduler.find(prepared.job.name, 1)


def test_every_job_of_an_array_has_its_own_share_and_ending(place: Place) -> None:
    ends = 'case $PYTEST_PJM_SHARE in 1) exit 7;; 2) kill -9 $$;; 3) kill -SEGV $$;; esac; echo "$PYTEST_PJM_SHARE"'
    prepared = place.job(ends, (*BULK, ("d", ())))

    ids = place.scheduler.submit(prepared.submission)

    endings = place.endings(ids)
    assert [True, False, False, False] == [ending.succeeded for ending in endings]
    expected = ["ended normally", "exit code 7", "signal 9 (SIGKILL", "signal 11 (SIGSEGV"]
    assert [] == [words for words, ending in zip(expected, endings) if words not in ending.happened], endings
    assert not any(ending.retry for ending in endings)
    assert "0\n" == outputs(prepared.folder, 0).out.read_text()
    assert ids == place.scheduler.find(prepared.job.name, 4)


def test_while_it_runs_its_start_is_told_and_a_cancelled_job_is_not_tried_again(place: Place) -> None:
    begun = time.time()
    ids = place.scheduler.submit(place.job("sleep 600", BULK).submission)

    statuses = place.wait(ids, lambda status: status.phase is Phase.RUNNING)
    place.scheduler.cancel(ids)

    started = [status.started for status in statuses.values()]
    assert all(moment is not None and begun - 2 < moment < time.time() + 2 for moment in started)
    assert ["it was cancelled" in ending.happened and not ending.retry for ending in place.endings(ids)] == [True] * 3
    place.scheduler.cancel([*ids, "99999"])


def test_train_and_estimate_run_one_after_the_other(place: Place) -> None:
    prepared = place.job('test "$PYTEST_PJM_SHARE" = 0 && exec touch weights; test -e weights', STEPS)

    ids = place.scheduler.submit(prepared.submission)

    assert [True, True] == [ending.succeeded for ending in place.endings(ids)]
    assert ids == place.scheduler.find(prepared.job.name, 2)


@pytest.mark.parametrize("end", ["exit 3", "kill -SEGV $$"])
def test_a_job_whose_predecessor_failed_is_removed_with_its_followers(place: Place, end: str) -> None:
    prepared = place.job(f'echo "$PYTEST_PJM_SHARE" >> ran; {end}', (*STEPS, ("report", ("estimate",))))

    first, *others = place.endings(place.scheduler.submit(prepared.submission))

    assert not first.succeeded
    assert ["a job that it needs failed" in ending.happened for ending in others] == [True, True], others
    assert "0\n" == (place.folder / "ran").read_text()


def test_a_chain_of_which_the_second_job_is_refused_runs_no_test(plain: Running, place: Place) -> None:
    broken = with_command(plain, place, "sbatch", f'if [ "$COUNT" = 1 ]; then {REFUSAL}; fi; exec "$REAL" "$@"')
    prepared = broken.job("echo ran >> ran", STEPS)

    with pytest.raises(SubmitError, match="Invalid partition name"):
        broken.scheduler.submit(prepared.submission)

    (left,) = place.scheduler.find(prepared.job.name, 2)
    assert "it was cancelled" in only(place.endings([left])).happened
    assert not (place.folder / "ran").exists()
    again = place.scheduler.submit(prepared.submission)  # the same names: the cancelled job is not taken for a new one
    assert [True, True] == [ending.succeeded for ending in place.endings(again)]
    assert again == place.scheduler.find(prepared.job.name, 2)


@pytest.mark.parametrize("tests", [ONE, BULK])
def test_a_submission_whose_answer_is_lost_is_found_by_its_name(plain: Running, place: Place, tests: object) -> None:
    broken = with_command(plain, place, "sbatch", f'"$REAL" "$@" > /dev/null; {TIMED_OUT}')
    prepared = broken.job("true", BULK if tests is BULK else ONE)

    with pytest.raises(AnswerLostError, match="Socket timed out"):
        broken.scheduler.submit(prepared.submission)

    ids = place.scheduler.find(prepared.job.name, prepared.submission.parts)
    assert prepared.submission.parts == len(ids)
    assert all(ending.succeeded for ending in place.endings(ids))


def test_a_chain_whose_client_was_killed_before_the_end_stays_held(plain: Running, place: Place) -> None:
    broken = with_command(plain, place, "sbatch", f'[ "$COUNT" = 0 ] && exec "$REAL" "$@"; {TIMED_OUT}')
    prepared = broken.job("echo ran >> ran", STEPS)
    with pytest.raises(AnswerLostError):
        broken.scheduler.submit(prepared.submission)

    found = place.scheduler.find(prepared.job.name, 2)

    assert 1 == len(found)
    held = place.wait(found, lambda status: status.phase is Phase.HELD)
    assert "JobHeldUser" in held[found[0]].said
    place.scheduler.cancel(found)
    assert not (place.folder / "ran").exists()


def test_a_chain_whose_client_was_killed_before_the_release_is_released_by_the_next(
    plain: Running, place: Place
) -> None:
    broken = with_command(plain, place, "scontrol", f'[ "$1" = release ] || exec "$REAL" "$@"; {AWAY}')
    prepared = broken.job("echo $PYTEST_PJM_SHARE >> ran", STEPS)
    with pytest.raises(AnswerLostError, match="may be so still"):
        broken.scheduler.submit(prepared.submission)

    ids = place.scheduler.find(prepared.job.name, 2)

    assert [True, True] == [ending.succeeded for ending in place.endings(ids)]
    assert "0\n1\n" == (place.folder / "ran").read_text()


def test_a_partition_that_there_is_not_is_refused_with_advice(place: Place) -> None:
    with pytest.raises(SubmitError, match="invalid partition") as refusal:
        place.scheduler.submit(place.job("true", rscgrp="nope").submission)

    assert not refusal.value.retry
    assert "sinfo -s" in refusal.value.advice


def test_more_time_than_the_partition_has_is_accepted_and_stuck_after_a_while(plain: Running, place: Place) -> None:
    prepared = place.job("true", elapse=5 * 3600, rscgrp="spot")
    ids = place.scheduler.submit(prepared.submission)
    place.wait(ids, lambda status: "PartitionTimeLimit" in status.said)
    hasty = replace(place, scheduler=scheduler_of(plain, patience=0.5))

    ending = only(hasty.endings(ids))

    assert Phase.QUEUED is place.scheduler.poll(ids)[ids[0]].phase
    assert "stuck, because it asks for more time than it may have" in ending.happened
    place.scheduler.cancel(ids)


@pytest.mark.skipif(missing(LIMITED) is not None, reason=str(missing(LIMITED)))
@pytest.mark.parametrize("how", ["exec ", "", "true || "], ids=["the script", "a child", "nothing"])
def test_a_job_that_needs_more_memory_than_it_has_is_told_from_others(
    limited: Running, tmp_path: Path, how: str
) -> None:
    place = SubmittingPlace(tmp_path, scheduler_of(limited, "--mem=100M"))
    eats = f"{how}python3 -c 'bytearray(400_000_000)'; exit 0"

    ending = only(place.endings(place.scheduler.submit(place.job(eats).submission)))

    assert (how == "true || ") == ending.succeeded, ending
    assert ending.succeeded or ("it needed more memory than it had" in ending.happened and "mem=" in ending.advice)
    assert not ending.retry


def test_a_held_job_is_held_until_it_is_released(plain: Running, place: Place) -> None:
    held = replace(place, scheduler=scheduler_of(plain, "--hold"))
    ids = held.scheduler.submit(held.job("true").submission)

    held.wait(ids, lambda status: status.phase is Phase.HELD)
    plain.run("scontrol", "release", *ids)

    assert only(held.endings(ids)).succeeded


def test_a_job_for_a_drained_node_waits_and_says_why(plain: Running, place: Place) -> None:
    plain.run("scontrol", "update", "NodeName=n3", "State=DRAIN", "Reason=test")
    mine = on(plain, "n3", place)
    ids = mine.scheduler.submit(mine.job("true").submission)

    (status,) = mine.wait(ids, lambda status: "ReqNodeNotAvail" in status.said or "DRAINED" in status.said).values()
    plain.run("scontrol", "update", "NodeName=n3", "State=RESUME")

    assert Phase.QUEUED is status.phase
    assert only(mine.endings(ids)).succeeded


def test_a_preempted_job_has_run_once_and_may_be_tried_again(plain: Running, place: Place) -> None:
    mine = replace(place, scheduler=scheduler_of(plain, "--nodelist=n2", "--exclusive"))
    low = mine.scheduler.submit(mine.job("echo ran >> ran; sleep 600", rscgrp="spot").submission)
    until((mine.folder / "ran").exists)

    high = mine.scheduler.submit(mine.job("true").submission)

    (preempted, other) = mine.endings([*low, *high])
    assert ("another job took its nodes" in preempted.happened, preempted.retry) == (True, True), preempted
    assert other.succeeded
    assert "ran\n" == (mine.folder / "ran").read_text()


def test_a_controller_that_is_killed_is_waited_for_and_nothing_is_lost(plain: Running, place: Place) -> None:
    prepared = place.job("sleep 600", BULK)
    ids = place.scheduler.submit(prepared.submission)
    place.wait(ids, lambda status: status.phase is Phase.RUNNING)
    time.sleep(6)  # the controller saves its state every few seconds
    plain.kill("slurmctld")

    with pytest.raises(UnansweredError, match="Unable to contact slurm controller"):
        place.scheduler.poll(ids)
    with pytest.raises(UnansweredError, match="Unable to contact slurm controller"):
        place.scheduler.cancel(ids)
    with pytest.raises(SubmitError, match="Unable to contact slurm controller") as refusal:
        place.scheduler.submit(place.job("true").submission)
    plain.start("slurmctld")

    assert refusal.value.retry
    place.wait(ids, lambda status: status.phase is Phase.RUNNING)
    assert ids == place.scheduler.find(prepared.job.name, 3)
    place.scheduler.cancel(ids)
    assert ["it was cancelled" in ending.happened for ending in place.endings(ids)] == [True] * 3


def test_without_a_history_a_forgotten_job_has_ended_and_is_not_tried_again(forgetful: Running, tmp_path: Path) -> None:
    place = SubmittingPlace(tmp_path, scheduler_of(forgetful))
    place.scheduler.require_commands()
    ids = place.scheduler.submit(place.job("sleep 600", BULK).submission)
    place.wait(ids, lambda status: status.phase is Phase.RUNNING)
    forgetful.run("scancel", ids[0])

    def gone() -> bool:
        return place.scheduler.poll(ids)[ids[0]].phase is Phase.ABSENT

    until(gone)
    found = place.scheduler.look_back(ids)

    ending = found[ids[0]].ending
    assert ending is not None
    assert "forgets a job 2 s after its end" in ending.happened
    assert not ending.retry
    assert [Phase.RUNNING, Phase.RUNNING] == [found[job_id].phase for job_id in ids[1:]]
    assert 2 / 3 == place.scheduler.limits.poll
    place.scheduler.cancel(ids)


def test_without_a_history_no_end_is_missed_by_who_asks_as_often_as_is_said(forgetful: Running, tmp_path: Path) -> None:
    place = SubmittingPlace(tmp_path, scheduler_of(forgetful))
    place.scheduler.require_commands()
    (job_id,) = place.scheduler.submit(place.job("exit 7").submission)
    seen: List[Status] = []

    def ended() -> bool:
        seen.append(place.scheduler.poll([job_id])[job_id])
        return seen[-1].ending is not None or seen[-1].phase is Phase.ABSENT

    until(ended)

    assert seen[-1].ending is not None
    assert "exit code 7" in seen[-1].ending.happened


def test_the_history_knows_how_forgotten_jobs_have_ended(with_history: Running, tmp_path: Path) -> None:
    place = SubmittingPlace(tmp_path, scheduler_of(with_history))
    place.scheduler.require_commands()
    eats = "x = bytearray(150_000_000); import time; time.sleep(4)"
    alike = place.job(f"[ $PYTEST_PJM_SHARE = 0 ] && exec python3 -c '{eats}'; exit 7", BULK)
    chain = place.job("exit 3", STEPS)
    ids = [*place.scheduler.submit(alike.submission), *place.scheduler.submit(chain.submission)]
    place.endings(ids)

    def forgotten() -> bool:
        return {Phase.ABSENT} == {status.phase for status in place.scheduler.poll(ids).values()}

    until(forgotten)
    (eater, _, failed, first, second) = place.endings(ids)

    assert eater.succeeded
    assert "exit code 7" in failed.happened
    assert "exit code 3" in first.happened
    assert "a job that it needs failed" in second.happened
    assert tuple(ids[:3]) == place.scheduler.find(alike.job.name, 3)
    until(lambda: place.scheduler.figures(ids[0], tmp_path).startswith("memory: 1"))
    assert "" == place.scheduler.figures("99999", tmp_path)
    assert Phase.ABSENT is place.scheduler.look_back(["99999"])["99999"].phase
    assert place.scheduler.limits.poll is None


def test_a_job_over_its_limit_is_told_from_one_that_failed(slow: Dict[str, Tuple[Place, str]]) -> None:
    place, job_id = slow["time"]

    ending = only(place.endings([job_id]))

    assert "it ran over its elapse limit" in ending.happened
    assert not ending.retry
    assert "elapse=" in ending.advice


def test_a_job_whose_node_died_has_run_once_and_may_be_tried_again(slow: Dict[str, Tuple[Place, str]]) -> None:
    place, job_id = slow["node"]

    ending = only(place.endings([job_id]))

    assert ("a node it ran on failed" in ending.happened, ending.retry) == (True, True), ending
