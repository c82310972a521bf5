"""Submitting: a job is handed over once, and a refusal is waited out if it may pass."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path
from typing import List, Tuple

import pytest

from pjm.batch import submission_lock
from pjm.batch.scheduler import AnswerLostError, Resources, SubmitError
from pjm.follow.interrupts import Interrupts
from pjm.follow.jobs import Stage
from pjm.follow.submit_once import WAITING, doubled
from pjm.plan.packing import Site
from tests.builders.following import A, B, Following, settings_of, tasks
from tests.builders.made_up_scheduler import write_results


def test_a_submission_whose_answer_was_lost_is_found_by_its_name_and_not_repeated(one: Following) -> None:
    one.scheduler.refusals = [AnswerLostError("hung")]
    one.begin()
    name = one.watch.jobs[0].name
    one.scheduler.known[name] = ("77.0",)
    one.scheduler.end("77.0")
    one.results(0, 0)

    one.step(60)

    assert 1 == len(one.scheduler.submissions)
    assert {name} == set(one.scheduler.looked_up)
    assert {A: "passed", B: "passed"} == one.outcomes()


def test_a_submission_that_cannot_be_found_for_the_grace_time_is_repeated_under_its_name(one: Following) -> None:
    one.scheduler.refusals = [AnswerLostError("hung")]
    one.begin()
    one.step(100)
    early = len(one.scheduler.submissions)
    one.step(100)

    assert (1, 2) == (early, len(one.scheduler.submissions))
    assert 1 == len({submission.name for submission in one.scheduler.submissions})


def test_an_answer_that_may_be_a_refusal_is_one_if_the_job_cannot_be_found(one: Following) -> None:
    one.scheduler.refusals = [AnswerLostError("pjsub named no job: no budget", "ask the operator")]
    one.begin()
    one.step(100)
    early = one.outcomes()
    one.step(100)

    assert {} == early
    assert 1 == len(one.scheduler.submissions)
    assert "no budget; it has no job of this name" in one.outcomes()[A]
    assert "ask the operator" == one.reported[0].trouble.advice if one.reported[0].trouble else False


def test_a_job_that_was_taken_with_an_answer_like_a_refusal_is_followed(one: Following) -> None:
    one.scheduler.refusals = [AnswerLostError("pjsub named no job: Maintenance on Monday", "correct the marks")]
    one.begin()
    one.scheduler.known[one.watch.jobs[0].name] = ("77.0",)
    one.scheduler.end("77.0")
    one.results(0, 0)

    one.step(60)

    assert {A: "passed", B: "passed"} == one.outcomes()


def test_a_refusal_that_may_pass_is_waited_out(one: Following) -> None:
    one.scheduler.refusals = [SubmitError("daemon not present", "", retry=True) for _ in range(3)]
    one.begin()
    assert "daemon not present" in str(one.watch.trouble)

    one.step(200)

    assert 4 == len(one.scheduler.submissions)
    assert one.watch.trouble is None


def test_a_refusal_that_does_not_pass_is_told(one: Following) -> None:
    one.scheduler.refusals = [SubmitError("daemon not present", "ask the site", retry=True) for _ in range(99)]
    one.begin()

    one.step(800)

    assert one.watch.done
    happened = "its job was refused by the batch system: daemon not present; no test had begun"
    assert {A: happened, B: happened} == one.outcomes()


def test_a_queue_that_is_full_for_days_is_waited_for_as_long_as_other_jobs_run(tmp_path: Path) -> None:
    settings = replace(settings_of(tmp_path), site=Site(tests_per_job=1))
    two = Following(
        tmp_path, [replace(each, resources=Resources(n, 1800)) for n, each in enumerate(tasks(2), 1)], settings
    )
    two.scheduler.refusals = [None, *(SubmitError("full", "", retry=True) for _ in range(20))]
    two.begin()

    for _ in range(25):
        two.now += 60
        two.watch.step()

    assert [Stage.SUBMITTED] * 2 == [job.stage for job in two.watch.jobs]


def test_a_refusal_for_good_is_told_at_once(one: Following) -> None:
    one.scheduler.refusals = [SubmitError("no such group", "set fugaku_group", retry=False)]
    one.begin()
    one.step()

    assert one.watch.done
    assert "set fugaku_group" == one.reported[0].trouble.advice if one.reported[0].trouble else False


def test_a_look_that_takes_longer_than_the_grace_time_is_no_reason_to_submit_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Following(tmp_path, tasks(2), settings_of(tmp_path))
    one.scheduler.refusals = [AnswerLostError("killed")]
    one.begin()
    one.came_back()

    def find(name: str, parts: int) -> Tuple[str, ...]:
        one.now += 500
        return ()

    monkeypatch.setattr(one.scheduler, "find", find)
    with submission_lock.begin(one.watch.jobs[0].folder, 0):
        one.step(20)
    one.step()

    assert 1 == len(one.scheduler.submissions)


def test_the_grace_time_begins_when_the_submission_is_over(tmp_path: Path) -> None:
    one = Following(tmp_path, tasks(2), settings_of(tmp_path))
    one.scheduler.refusals = [AnswerLostError("killed")]
    one.begin()
    one.came_back()
    one.watch.start(one.watch.plan_unassigned())
    job = one.watch.jobs[0]

    with submission_lock.begin(job.folder, 0):
        one.step(1000)
        assert "may still be under way" in str(one.watch.trouble)
    one.step(60)
    one.scheduler.known[job.name] = ("77.0",)
    write_results(job.folder, 0)
    one.scheduler.end("77.0")
    one.step(60)

    assert 1 == len(one.scheduler.submissions)
    assert {A: "passed", B: "passed"} == one.outcomes()
    assert one.watch.trouble is None


def test_ctrl_c_within_a_submission_waits_for_its_answer_which_is_noted(tmp_path: Path) -> None:
    said: List[str] = []
    interrupts = Interrupts(said.append)
    one = Following(tmp_path, tasks(2), settings_of(tmp_path), hold=interrupts.held)
    one.scheduler.on_submit = lambda _: signal.raise_signal(signal.SIGINT)

    with interrupts.raised(), pytest.raises(KeyboardInterrupt):
        one.begin()

    assert ["planned", "submitting", "submitted"] == [record["event"] for record in one.session.journal()]
    assert [WAITING] == said
    assert ("1.0",) == one.watch.cancel()
    assert [("1.0",)] == one.scheduler.cancelled


@pytest.mark.parametrize(("tries", "expected"), [(0, 10.0), (1, 20.0), (2, 40.0), (3, 60.0), (1024, 60.0)])
def test_it_doubles_up_to_the_longest(tries: int, expected: float) -> None:
    assert expected == doubled(10.0, tries, 60.0)


def test_without_a_longest_it_ends_to_grow() -> None:
    assert doubled(30.0, 10) == doubled(30.0, 5000)


def test_a_job_that_began_and_that_nobody_knows_any_more_is_not_submitted_again(one: Following) -> None:
    one.scheduler.refusals = [AnswerLostError("killed")]
    one.begin()
    one.scheduler.known.clear()
    one.results(0, 0, [A], end=False)

    one.step(300)

    assert 1 == len(one.scheduler.submissions)
    assert one.watch.done
    assert "passed" == one.outcomes()[A]
    assert "its job was taken and has begun, although the answer was lost" in one.outcomes()[B]


def test_a_step_job_says_which_steps_each_step_needs(tmp_path: Path) -> None:
    first, second = tasks(2)
    chain = Following(tmp_path, [first, replace(second, after=(A,))], settings_of(tmp_path))
    chain.begin()

    assert [((), (0,))] == [each.needs for each in chain.scheduler.submissions]


def test_many_jobs_are_submitted_one_after_another_as_the_file_system_allows(tmp_path: Path) -> None:
    site = Site(tests_per_job=1, bulk_limit=1)
    many = Following(tmp_path, tasks(8), replace(settings_of(tmp_path), site=site, file_operations=24.0))
    many.watch.start(many.watch.plan_unassigned())

    submitted = []
    for _ in range(10):
        many.step(1)
        submitted.append(len(many.scheduler.submissions))

    assert 8 == submitted[-1]
    assert max(after - before for before, after in zip(submitted, submitted[1:])) <= 2
