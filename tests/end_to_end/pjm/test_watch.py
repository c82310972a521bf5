"""Following jobs: what is asked, what is tried again, what is reported. No processes, no waiting."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Sequence, Tuple

import pytest

from pjm.batch.scheduler import AnswerLostError, Ending, Phase, Status, SubmitError, UnansweredError
from pjm.follow.jobs import Stage
from pjm.follow.results import Result
from pjm.follow.resume import load
from pjm.follow.watch import Watch
from pjm.job.share_events import SuiteProperty
from pjm.marks.mark import Defaults, Request
from pjm.plan.job_folder import Workplace
from pjm.plan.packing import Site, Task
from pjm.plan.settings import Settings
from pjm.sessions import index
from pjm.sessions.session import Session
from tests.builders.made_up_scheduler import MadeUpScheduler, write_results

MACHINE = Ending(False, "a node went down (code 20)", "nothing to do", retry=True)
REQUEST = Ending(False, "over its elapse limit (code 11)", "raise elapse=", retry=False)


@dataclass
class Following:
    """A watch of some tests, its scheduler and its clock."""

    folder: Path
    tests: Sequence[Task]
    settings: Settings
    scheduler: MadeUpScheduler = field(default_factory=MadeUpScheduler)
    now: float = 0.0
    reported: List[Result] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session = index.create(self.folder, {"arguments": [], "checkout": {}})
        self.watch = self.make(self.session)

    def make(self, session: Session) -> Watch:
        place = Workplace(
            "python", (), self.folder, {each.nodeid: "test_it.py" for each in self.tests}, (), {}, True, ""
        )
        return Watch(
            session, self.scheduler, self.settings, self.tests, place, lambda: self.now, lambda: 1000 + self.now
        )

    def begin(self) -> None:
        self.watch.start(self.watch.plan_unassigned())
        self.step()

    def step(self, seconds: float = 0.0) -> None:
        """Move the clock, in steps of less than any limit, and have the watch do what is due."""
        for _ in range(max(1, int(seconds / 2))):
            self.now += seconds / max(1, int(seconds / 2))
            self.watch.step()
            self.reported += [each for each in self.watch.news if not isinstance(each, SuiteProperty)]
            self.watch.news.clear()

    def results(self, job: int, part: int, tests: Sequence[str] = (), end: bool = True) -> None:
        folder = self.watch.jobs[job].folder
        write_results(folder, part, tests or None, end)

    def outcomes(self) -> Dict[str, str]:
        """Test by test: passed, skipped, or what went wrong."""
        return {
            each.test: each.trouble.happened if each.trouble else "skipped" if each.skipped else "passed"
            for each in self.reported
        }

    def came_back(self) -> None:
        """The client died, and another one takes the session up."""
        self.session.close()
        self.session = index.find(self.folder, self.session.identity)
        self.session.lock()
        self.watch, self.reported = self.make(self.session), []
        load(self.watch, self.session)


def settings_of(workdir: Path) -> Settings:
    return Settings(
        workdir=workdir,
        emulate=True,
        python="python",
        prologue=(),
        retries=2,
        queue_timeout=None,
        run_timeout=None,
        poll=(10.0, 60.0),
        tail=1.0,
        grace=120.0,
        backoff=30.0,
        submit_patience=600.0,
        budget=None,
        site=Site(tests_per_job=2),
        defaults=Defaults(),
        pjsub_options=(),
    )


def tasks(count: int, **after: Tuple[str, ...]) -> List[Task]:
    return [
        Task(f"test_it.py::{name}", Request(1, 1800), "test_it.py", None, after.get(name, ()))
        for name in (chr(ord("a") + number) for number in range(count))
    ]


@pytest.fixture
def one(tmp_path: Path) -> Following:
    """One job with the tests a and b."""
    return Following(tmp_path, tasks(2), settings_of(tmp_path))


A, B, C = (f"test_it.py::{name}" for name in "abc")


def test_results_are_told_while_the_job_runs(one: Following) -> None:
    one.begin()
    one.scheduler.run("1.0")
    one.results(0, 0, [A], end=False)

    one.step(2)

    assert {A: "passed"} == one.outcomes()
    assert not one.watch.done


def test_a_job_is_done_when_it_says_so_and_the_batch_system_too(one: Following) -> None:
    one.begin()
    one.results(0, 0)
    one.scheduler.end("1.0")

    one.step(12)

    assert {A: "passed", B: "passed"} == one.outcomes()
    assert one.watch.done
    assert "passed" == one.watch.jobs[0].shares[0].outcome


def test_a_failure_of_the_machine_is_tried_again_with_the_tests_that_have_no_result(one: Following) -> None:
    one.begin()
    one.results(0, 0, [A], end=False)
    one.scheduler.end("1.0", MACHINE)

    one.step(60)
    one.results(1, 0)
    one.scheduler.end("2.0")
    one.step(60)

    assert [(A, B), (B,)] == [tuple(job.tests) for job in one.watch.jobs]
    assert {A: "passed", B: "passed"} == one.outcomes()
    assert one.watch.done


def test_it_is_tried_again_no_sooner_than_the_backoff(one: Following) -> None:
    one.begin()
    one.scheduler.end("1.0", MACHINE)

    one.step(40)  # 15 to the second poll, 12 for reports that may be late
    before = len(one.scheduler.submissions)
    one.step(30)

    assert (1, 2) == (before, len(one.scheduler.submissions))


def test_it_is_tried_as_often_as_allowed_and_then_told(one: Following) -> None:
    one.begin()
    for number in range(1, 4):
        one.scheduler.end(f"{number}.0", MACHINE)
        one.step(300)

    assert 3 == len(one.scheduler.submissions)
    assert one.watch.done
    words = "a node went down (code 20); no test had begun; it was submitted 3 times (--fugaku-retries)"
    assert {A: f"its job did not end well: {words}", B: f"its job did not end well: {words}"} == one.outcomes()


def test_what_the_request_is_to_blame_for_is_not_tried_again(one: Following) -> None:
    one.begin()
    log = write_results(one.watch.jobs[0].folder, 0, [A], end=False)
    log.write("start", test=B)
    log.write("phase", test=B, when="call")
    one.scheduler.end("1.0", REQUEST)

    one.step(60)

    assert 1 == len(one.scheduler.submissions)
    words = "over its elapse limit (code 11); this test was running, in its call phase"
    assert {A: "passed", B: f"its job did not end well: {words}"} == one.outcomes()


def test_a_job_that_ended_well_and_left_no_results_is_tried_again(one: Following) -> None:
    one.begin()
    one.scheduler.end("1.0")

    one.step(100)
    before = len(one.scheduler.submissions)
    one.step(80)

    assert (1, 2) == (before, len(one.scheduler.submissions))


def test_results_that_come_late_are_waited_for(one: Following) -> None:
    one.begin()
    one.scheduler.end("1.0")
    one.step(100)
    one.results(0, 0)
    one.step(10)

    assert {A: "passed", B: "passed"} == one.outcomes()
    assert 1 == len(one.scheduler.submissions)


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
    settings = replace(settings_of(tmp_path), poll=(0.001, 0.001), site=Site(tests_per_job=1))
    two = Following(tmp_path, [replace(each, request=Request(n, 1800)) for n, each in enumerate(tasks(2), 1)], settings)
    two.scheduler.refusals = [None, *(SubmitError("full", "", retry=True) for _ in range(1100))]
    two.begin()

    for _ in range(1200):
        two.now += 1
        two.watch.step()

    assert [Stage.SUBMITTED] * 2 == [job.stage for job in two.watch.jobs]


def test_the_time_before_a_retry_does_not_grow_without_end(tmp_path: Path) -> None:
    one = Following(tmp_path, tasks(1), replace(settings_of(tmp_path), retries=2000))
    one.begin()
    one.watch._tried_again[A] = 1100
    one.scheduler.end("1.0", MACHINE)

    one.step(300)

    assert 2 == len(one.watch.jobs)


def test_a_refusal_for_good_is_told_at_once(one: Following) -> None:
    one.scheduler.refusals = [SubmitError("no such group", "set fugaku_group", retry=False)]
    one.begin()
    one.step()

    assert one.watch.done
    assert "set fugaku_group" == one.reported[0].trouble.advice if one.reported[0].trouble else False


def test_what_a_test_had_printed_when_its_job_was_ended_is_shown_with_the_figures(one: Following) -> None:
    one.begin()
    one.scheduler.measured = "memory: 28 GiB used of 28 GiB allowed"
    log = write_results(one.watch.jobs[0].folder, 0, [A], end=False)
    log.write("start", test=B)
    log.write("phase", test=B, when="call")
    (one.watch.jobs[0].folder / "share-0" / "captured.stdout").write_text("first\nlast words\n")
    one.scheduler.end("1.0", REQUEST)
    one.step(20)
    one.step(200)

    (reported,) = (each.trouble for each in one.reported if each.test == B)
    assert reported is not None
    assert ("Captured stdout call", "first\nlast words") == reported.sections[0]
    assert "; memory: 28 GiB used of 28 GiB allowed; this test was running, in its call phase" in reported.happened


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


def test_what_waited_for_a_failed_test_is_skipped_and_names_it(tmp_path: Path) -> None:
    chain = Following(tmp_path, tasks(3, b=(A,), c=(B,)), settings_of(tmp_path))
    chain.begin()
    log = write_results(chain.watch.jobs[0].folder, 0, [], end=False)
    log.write("start", test=A)
    log.write("crash", test=A, how="signal 9", phase="call")
    log.write("end")
    for part in range(3):
        chain.scheduler.end(f"1.{part}", REQUEST)

    chain.step(60)

    assert {B: "skipped", C: "skipped"} == {test: how for test, how in chain.outcomes().items() if test != A}
    assert [None, f"waits for {A}, which did not pass", f"waits for {B}, which did not pass"] == [
        each.skipped for each in chain.reported
    ]


def test_a_chain_whose_first_test_was_lost_is_tried_again_as_a_chain(tmp_path: Path) -> None:
    chain = Following(tmp_path, tasks(2, b=(A,)), settings_of(tmp_path))
    chain.begin()
    chain.scheduler.end("1.0", MACHINE)
    chain.scheduler.end("1.1", REQUEST)

    chain.step(100)

    assert [[A, B], [A, B]] == [job.tests for job in chain.watch.jobs]
    assert [True, True] == [job.planned.step for job in chain.watch.jobs]


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


def test_a_budget_holds_for_retries_too(tmp_path: Path) -> None:
    poor = Following(tmp_path, tasks(2), replace(settings_of(tmp_path), budget=0.7))
    poor.begin()
    poor.scheduler.end("1.0", MACHINE, elapsed=1000)

    poor.step(100)

    assert poor.watch.done
    assert 1 == len(poor.scheduler.submissions)
    assert "--fugaku-budget allows 0.7 node-hours" in poor.outcomes()[A]


def test_a_budget_holds_for_what_was_used_and_is_requested_not_for_what_was_requested_once(tmp_path: Path) -> None:
    poor = Following(tmp_path, tasks(2), replace(settings_of(tmp_path), budget=0.7))
    poor.begin()
    poor.scheduler.end("1.0", MACHINE, elapsed=10)

    poor.step(100)

    assert 2 == len(poor.scheduler.submissions)


def test_a_garbled_line_costs_only_what_it_said(one: Following) -> None:
    one.begin()
    one.results(0, 0, [A], end=False)
    events = one.watch.jobs[0].folder / "share-0" / "events.jsonl"
    with events.open("ab") as file:
        file.write(b'{"event": "start", "test\x00\xff\n{"event": "sto')
    one.scheduler.end("1.0", REQUEST)

    one.step(60)

    assert "passed" == one.outcomes()[A]
    assert "1 lines of" in one.outcomes()[B]


class KilledError(BaseException):
    """The client is no more."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, 9))
def test_a_client_that_is_killed_at_any_note_loses_nothing_and_submits_nothing_twice(
    one: Following, monkeypatch: pytest.MonkeyPatch, number: int, after: bool
) -> None:
    notes = iter(range(1, 100))
    note = one.session.note

    def note_and_die(event: str, **fields: object) -> None:
        last = next(notes) == number
        if not last or after:
            note(event, **fields)
        if last:
            raise KilledError

    monkeypatch.setattr(one.session, "note", note_and_die)
    with pytest.raises(KilledError):  # noqa: PT012 - at any of these
        one.begin()
        one.results(0, 0, [A], end=False)
        one.scheduler.end("1.0", MACHINE)
        one.step(200)  # the second job is submitted
        one.results(1, 0)
        one.scheduler.end("2.0")
        one.step(200)
        one.watch.cancel()
    with (one.session.folder / "journal.jsonl").open("a") as journal:
        journal.write('{"eve')
    taken = len(one.scheduler.known)
    monkeypatch.undo()

    one.came_back()
    one.watch.start(one.watch.plan_unassigned())
    one.step(200)
    for place, job in enumerate(one.watch.jobs):
        one.results(place, 0)
        for share in job.shares:
            one.scheduler.end(share.id)
    one.step(200)

    assert {A: "passed", B: "passed"} == one.outcomes()
    assert one.watch.done
    assert len(one.scheduler.known) == len(one.scheduler.submissions), "a job was submitted twice"
    assert taken <= len(one.scheduler.known)


def test_a_cancelled_session_submits_the_rest_again_when_it_is_resumed(one: Following) -> None:
    one.begin()
    one.results(0, 0, [A], end=False)
    one.watch.collect()

    assert ("1.0",) == one.watch.cancel()

    one.came_back()
    one.watch.start(one.watch.plan_unassigned())
    one.step(10)

    assert {A: "passed"} == one.outcomes()
    assert [(A, B), (B,)] == [tuple(job.tests) for job in one.watch.jobs]
