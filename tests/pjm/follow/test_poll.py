"""Polling: what is asked, how often, and what counts as the end of a job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Callable, List, Mapping, Sequence, Tuple

import pytest

from pjm import suggest
from pjm.batch.scheduler import Ending, Phase, Status, UnansweredError
from pjm.client.terminal import live_records, table
from pjm.errors import BadInput
from pjm.follow.poll import LONGEST_SILENCE
from pjm.plan.packing import Site
from tests.builders.following import A, B, Following, settings_of, tasks

DAYS = 10_000  # questions


def test_absent_is_not_an_end_until_the_grace_time_is_over(one: Following) -> None:
    one.begin()
    del one.scheduler.statuses["1.0"]
    one.step(100)
    early = len(one.scheduler.submissions)
    one.step(140)

    assert (1, 2) == (early, len(one.scheduler.submissions))


def test_a_job_that_is_absent_for_a_while_goes_on(one: Following) -> None:
    one.begin()
    del one.scheduler.statuses["1.0"]
    one.step(100)
    one.results(0, 0)
    one.scheduler.end("1.0")
    one.step(60)

    assert (1, {A: "passed", B: "passed"}) == (len(one.scheduler.submissions), one.outcomes())


def test_a_job_that_said_it_was_done_need_not_be_in_the_history(one: Following) -> None:
    one.begin()
    one.results(0, 0)
    del one.scheduler.statuses["1.0"]
    one.step(30)

    assert one.watch.done
    assert {A: "passed", B: "passed"} == one.outcomes()


def test_a_job_that_is_stuck_is_deleted(one: Following) -> None:
    one.begin()
    one.scheduler.statuses["1.0"] = Status(Phase.STUCK, ending=Ending(False, "stuck (GATE CHECK)", "fix it"))

    one.step(60)

    assert [("1.0",)] == one.scheduler.cancelled
    assert one.watch.done


def test_silence_of_the_batch_system_harms_nobody(one: Following) -> None:
    one.begin()
    one.scheduler.silent = [UnansweredError("0090") for _ in range(5)]
    one.results(0, 0)
    one.scheduler.end("1.0")

    one.step(300)

    assert one.watch.done
    assert {A: "passed", B: "passed"} == one.outcomes()


def test_waiting_and_running_have_separate_limits(tmp_path: Path) -> None:
    settings = replace(settings_of(tmp_path), queue_timeout=100.0, run_timeout=50.0, site=Site(tests_per_job=1))
    two = Following(tmp_path, tasks(2), settings)
    two.begin()
    two.scheduler.run("1.1", elapsed=10)
    two.step(20)
    two.scheduler.run("1.1", elapsed=70)

    two.step(300)

    assert two.watch.done
    outcomes = two.outcomes()
    assert "--fugaku-queue-timeout allows 100 s" in outcomes[A]
    assert "its job ran for 70 s; --fugaku-run-timeout allows 50 s" in outcomes[B]
    assert [("1.1",), ("1.0",)] == two.scheduler.cancelled


def test_one_question_is_asked_for_all_jobs_and_less_and_less_often(tmp_path: Path) -> None:
    many = Following(tmp_path, tasks(20), replace(settings_of(tmp_path), site=Site(tests_per_job=1, bulk_limit=4)))
    many.begin()

    many.step(600)

    assert 5 == len(many.scheduler.submissions)
    assert 12 <= many.scheduler.polls <= 16


def test_queue_and_history_are_never_asked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    following = Following(tmp_path, tasks(4), settings_of(tmp_path))
    following.begin()
    asked: List[Tuple[float, str, int]] = []

    def of(view: str, *left: str) -> Callable[[Sequence[str]], Mapping[str, Status]]:
        def answer(ids: Sequence[str]) -> Mapping[str, Status]:
            asked.append((following.now, view, len(ids)))
            ended = Status(Phase.ENDED, ending=Ending(True, "ended normally"))
            return {each: Status(Phase.ABSENT) if each in left else ended for each in ids}

        return answer

    monkeypatch.setattr(following.scheduler, "poll", of("queue", "1.0"))
    monkeypatch.setattr(following.scheduler, "look_back", of("history"))
    for part in range(2):
        following.results(0, part)
    following.step(60)

    assert [("queue", 2), ("history", 1)] == [(view, number) for _, view, number in asked]
    assert asked[1][0] - asked[0][0] >= following.settings.poll[0]
    assert following.watch.done


def test_a_job_that_said_it_was_done_is_done_although_nobody_answers(one: Following) -> None:
    one.begin()
    one.scheduler.silent = [UnansweredError("PJM 0290") for _ in range(DAYS)]
    one.results(0, 0)

    one.step(60)
    assert not one.watch.done
    one.step(200)

    assert one.watch.done
    assert {A: "passed", B: "passed"} == one.outcomes()


def test_silence_that_lasts_ends_the_client_with_what_to_type(one: Following) -> None:
    one.begin()
    one.scheduler.silent = [UnansweredError("PJM 0290") for _ in range(DAYS)]

    one.step(LONGEST_SILENCE - 100)
    with pytest.raises(BadInput, match="no answer from the batch system about 1 job for") as refusal:
        one.step(300)

    assert refusal.value.fix.endswith(f"continue with: {suggest.resume(one.session.folder)}")
    assert "PJM 0290" == refusal.value.why
    assert {} == one.outcomes()


def test_an_answer_breaks_the_silence(one: Following) -> None:
    one.begin()
    half = int(LONGEST_SILENCE / 60 * 0.6)
    for _ in range(3):
        one.scheduler.silent = [UnansweredError("PJM 0290") for _ in range(half)]
        one.step(LONGEST_SILENCE * 0.6 + 120)

    assert [] == one.scheduler.silent
    assert None is one.watch.trouble


def test_the_same_where_only_the_history_may_not_be_asked(one: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    one.begin()

    def look_back(ids: Sequence[str]) -> Mapping[str, Status]:
        raise UnansweredError("PJM 0270 no permission")

    monkeypatch.setattr(one.scheduler, "look_back", look_back)
    one.results(0, 0)
    del one.scheduler.statuses["1.0"]

    one.step(100)
    assert "the batch system does not answer: PJM 0270 no permission" == one.watch.trouble
    one.step(300)

    assert one.watch.done
    assert {A: "passed", B: "passed"} == one.outcomes()


@pytest.fixture
def chain(tmp_path: Path) -> Following:
    """A step job of two, of which the first begins at once; 100 s of waiting are allowed."""
    made = Following(tmp_path, tasks(2, b=(A,)), replace(settings_of(tmp_path), queue_timeout=100.0))
    made.begin()
    made.scheduler.run("1.0", elapsed=1)
    return made


def queued(chain: Following) -> Tuple[str, object]:
    """What the table and jobs.json say of the second step's wait."""
    cells = table(chain.watch.jobs, 120)[2].split()
    return cells[2], live_records(chain.watch.jobs, 1000 + chain.now)[1]["queued_seconds"]


def test_a_step_does_not_wait_for_the_machine_while_the_one_before_it_runs(chain: Following) -> None:
    chain.step(500)

    assert ("00:00:00", 0.0) == queued(chain)
    assert [] == chain.scheduler.cancelled


def test_a_step_has_its_whole_time_to_wait_when_the_one_before_it_is_over(chain: Following) -> None:
    chain.step(500)
    chain.results(0, 0)
    chain.scheduler.end("1.0")
    chain.step(90)
    assert [] == chain.scheduler.cancelled

    chain.scheduler.run("1.1")
    chain.results(0, 1)
    chain.scheduler.end("1.1")
    chain.step(60)

    assert {A: "passed", B: "passed"} == chain.outcomes()


def test_a_step_that_waits_for_the_machine_too_long_is_deleted(chain: Following) -> None:
    chain.step(500)
    chain.results(0, 0)
    chain.scheduler.end("1.0")

    chain.step(250)

    assert [("1.1",)] == chain.scheduler.cancelled
    assert "--fugaku-queue-timeout allows 100 s" in chain.outcomes()[B]


def test_whoever_comes_back_knows_since_when_a_step_waits(chain: Following) -> None:
    chain.step(500)
    chain.results(0, 0)
    chain.scheduler.end("1.0")
    chain.step(60)

    chain.came_back()

    first, second = chain.watch.jobs[0].shares
    assert first.ended_at is not None
    assert 50.0 == second.waited_by(first.ended_at + 50)


def test_a_first_step_waits_from_its_submission_on(tmp_path: Path) -> None:
    made = Following(tmp_path, tasks(2, b=(A,)), replace(settings_of(tmp_path), queue_timeout=100.0))
    made.begin()

    made.step(150)

    assert ("1.0",) == made.scheduler.cancelled[0]
    assert "--fugaku-queue-timeout allows 100 s" in made.outcomes()[A]
