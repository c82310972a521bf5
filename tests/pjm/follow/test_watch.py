"""Following jobs: what is tried again, what is reported, and when a session is done."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Iterator, List

import pytest

from benchmarks.many_shares import Operations, most_in_a_second
from pjm.batch.scheduler import Resources, UnansweredError
from pjm.errors import BadInput
from pjm.follow.interrupts import Interrupts
from pjm.job.events import Tail
from pjm.plan.packing import Site, Task
from pjm.sessions.pace import RATE
from tests.builders.following import MACHINE, OUT_OF_TIME, REQUEST, A, B, C, Following, settings_of, tasks
from tests.builders.made_up_scheduler import write_results


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


def test_what_the_request_is_to_blame_for_is_told_without_the_tries_before(one: Following) -> None:
    one.begin()
    one.scheduler.end("1.0", MACHINE)
    one.step(300)
    one.scheduler.end("2.0", REQUEST)

    one.step(60)

    assert 2 == len(one.scheduler.submissions)
    words = "its job did not end well: over its elapse limit (code 11); no test had begun"
    assert {A: words, B: words} == one.outcomes()


def run_out_of_time(job: Following, number: int, done: List[str], running: str, then: float = 120.0) -> None:
    """The job ends after 1000 seconds, in the middle of a test; some seconds later its end is known."""
    log = write_results(job.watch.jobs[number].folder, 0, done, end=False)
    log.write("begin", time=0.0)
    log.write("start", test=running, time=1.0)
    log.write("phase", test=running, when="call")
    job.scheduler.end(f"{number + 1}.0", OUT_OF_TIME, elapsed=1000.0)
    job.step(then)


@pytest.mark.parametrize("dies", [False, True], ids=["one client", "two clients"])
def test_what_a_job_had_no_time_for_runs_in_other_jobs_and_is_no_retry(tmp_path: Path, dies: bool) -> None:
    few = Following(tmp_path, tasks(5), replace(settings_of(tmp_path), retries=0, site=Site()))
    tests = [each.nodeid for each in few.tests]
    few.begin()

    run_out_of_time(few, 0, tests[:1], tests[1])
    assert "ran over its elapse limit; 4 tests left for another job" == few.watch.jobs[0].shares[0].outcome
    if dies:
        few.came_back()
    run_out_of_time(few, 1, tests[1:3], tests[3])
    few.results(2, 0)
    few.scheduler.end("3.0")
    few.step(120)

    assert [tests, tests[1:], tests[3:]] == [job.tests for job in few.watch.jobs]
    assert not any(job.retry for job in few.watch.jobs)
    assert few.watch.done
    assert all(few.watch.results[test].passed for test in tests)


def test_a_client_that_comes_back_submits_what_a_job_had_no_time_for(one: Following) -> None:
    one.begin()
    run_out_of_time(one, 0, [A], B, then=20)
    assert "ended" == one.session.journal()[-1]["event"]

    one.came_back()
    one.step(120)

    assert [(A, B), (B,)] == [job.planned.nodeids for job in one.watch.jobs]


def test_a_test_that_never_ends_does_not_keep_the_others_from_running(one: Following) -> None:
    one.begin()
    run_out_of_time(one, 0, [], A)
    one.results(1, 0)
    one.scheduler.end("2.0")
    one.step(120)

    assert [(A, B), (B,)] == [job.planned.nodeids for job in one.watch.jobs]
    assert one.outcomes()[A].startswith("its job ran over its elapse limit; this test was running")
    assert "passed" == one.outcomes()[B]
    assert one.watch.done


def test_a_suite_that_hangs_does_not_cost_a_job_for_each_test(tmp_path: Path) -> None:
    hangs = Following(tmp_path, tasks(9), replace(settings_of(tmp_path), site=Site()))
    hangs.begin()
    for job in range(3):
        run_out_of_time(hangs, job, [], hangs.watch.jobs[job].tests[0], then=300)

    assert [9, 8, 7] == [len(job.tests) for job in hangs.watch.jobs]
    assert hangs.watch.done
    last = hangs.outcomes()[hangs.tests[-1].nodeid]
    assert "this test had not begun; test_it.py::c was running, in its call phase; it was submitted 3 times" in last


def test_a_job_that_ran_out_of_time_before_its_first_test_is_not_made_again(one: Following) -> None:
    one.begin()
    one.scheduler.end("1.0", OUT_OF_TIME)

    one.step(60)

    assert 1 == len(one.watch.jobs)
    assert all("no test had begun" in happened for happened in one.outcomes().values())
    assert one.watch.done


def test_a_budget_holds_for_jobs_of_what_is_left(tmp_path: Path) -> None:
    small = Following(tmp_path, tasks(3), replace(settings_of(tmp_path), budget=0.6, site=Site()))
    small.begin()

    run_out_of_time(small, 0, [A], B)

    assert ["passed", *["its job had no time left, and another job is too much"] * 2] == [
        happened.partition(":")[0] for happened in small.outcomes().values()
    ]


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


def test_the_time_before_a_retry_does_not_grow_without_end(tmp_path: Path) -> None:
    one = Following(tmp_path, tasks(1), replace(settings_of(tmp_path), retries=2000))
    one.begin()
    one.watch._tried_again[A] = 1100
    one.scheduler.end("1.0", MACHINE)

    one.step(300)

    assert 2 == len(one.watch.jobs)


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


def test_what_waited_for_a_test_that_passed_can_fail_by_itself(tmp_path: Path) -> None:
    chain = Following(tmp_path, tasks(2, b=(A,)), settings_of(tmp_path))
    chain.begin()
    chain.results(0, 0)
    chain.scheduler.end("1.0")
    chain.scheduler.end("1.1", REQUEST)

    chain.step(60)

    words = "its job did not end well: over its elapse limit (code 11); no test had begun"
    assert {A: "passed", B: words} == chain.outcomes()


@pytest.mark.parametrize("tries", [0, 2])
def test_a_chain_whose_first_test_was_lost_is_tried_again_as_a_chain(tmp_path: Path, tries: int) -> None:
    chain = Following(tmp_path, tasks(2, b=(A,)), settings_of(tmp_path))
    chain.begin()
    chain.watch._tried_again[B] = tries
    chain.scheduler.end("1.0", MACHINE)
    chain.scheduler.end("1.1", REQUEST)

    chain.step(100)

    assert [[A, B], [A, B]] == [job.tests for job in chain.watch.jobs]
    assert [True, True] == [job.planned.step for job in chain.watch.jobs]


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


def test_a_file_that_cannot_be_read_for_a_while_is_said_and_ends_nothing(tmp_path: Path) -> None:
    one = Following(tmp_path, tasks(2), settings_of(tmp_path))
    one.begin()
    share = one.watch.jobs[0].folder / "share-0"
    shutil.rmtree(share, ignore_errors=True)
    share.write_text("no folder")

    one.step(5)
    said = one.watch.trouble
    share.unlink()
    one.results(0, 0)
    one.scheduler.end("1.0")
    one.step(60)

    assert f"{share / 'events.jsonl'} cannot be read: {os.strerror(errno.ENOTDIR)}" == said
    assert ({A: "passed", B: "passed"}, None) == (one.outcomes(), one.watch.trouble)


def test_ctrl_c_loses_no_result_that_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupts = Interrupts(print)
    one = Following(tmp_path, tasks(2), settings_of(tmp_path), hold=interrupts.held)
    one.begin()
    one.results(0, 0)
    fetch = Tail.fetch

    def fetch_and_press(tail: Tail) -> bytes:
        found = fetch(tail)
        signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(Tail, "fetch", fetch_and_press)
    one.watch.begin_round()
    with interrupts.raised(), pytest.raises(KeyboardInterrupt):
        one.watch.collect()
    monkeypatch.undo()

    one.step()
    assert {A: "passed", B: "passed"} == one.outcomes()


def test_what_the_batch_system_does_not_have_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    asks = [replace(each, resources=Resources(1, 1800, gres="refused")) for each in tasks(1)]
    one = Following(tmp_path, asks, settings_of(tmp_path))

    with pytest.raises(BadInput, match=rf"^{A}: no"):
        one.begin()

    assert [] == one.watch.jobs


@pytest.fixture
def counted() -> Iterator[Operations]:
    operations = Operations()
    with operations.counted():
        yield operations


def many(folder: Path, shares: int) -> Following:
    """A session of one-test shares at the pace of a real one, begun and polled once."""
    settings = replace(settings_of(folder), tail=2.0, file_operations=RATE, site=Site(tests_per_job=1))
    made = Following(
        folder, [Task(f"test_it.py::{number}", Resources(1, 60), "test_it.py") for number in range(shares)], settings
    )
    made.begin()
    made.step(10)
    return made


def test_shares_that_wait_are_not_looked_into(tmp_path: Path, counted: Operations) -> None:
    waiting = many(tmp_path, 100)
    before = counted.count

    waiting.step(600)

    assert before == counted.count


@pytest.mark.parametrize("shares", [10, 300])
def test_the_file_operations_a_second_are_bounded_at_any_size(tmp_path: Path, counted: Operations, shares: int) -> None:
    running = many(tmp_path, shares)
    for part in range(shares):
        running.scheduler.run(f"1.{part}")
        with counted.uncounted():
            running.results(0, part, end=False)
    log = [(running.now, counted.count)]
    while len(running.reported) < shares:
        running.step(max(0.01, running.watch.pause()))
        log.append((running.now, counted.count))

    assert most_in_a_second(log) <= 50
    assert (log[-1][0] - log[0][0]) * RATE < shares * 5 + 300  # all were read as soon as that allows


def test_ends_are_read_before_what_still_runs(tmp_path: Path) -> None:
    running = many(tmp_path, 100)
    for part in range(100):
        running.scheduler.run(f"1.{part}")
    running.step(30)
    running.results(0, 99)
    running.scheduler.end("1.99")
    running.watch._poller.due = running.now

    running.step(0)
    running.step(0.5)

    assert ["test_it.py::99"] == list(running.outcomes())


@pytest.mark.parametrize("silent", [True, False], ids=["silent", "it is gone"])
def test_a_share_that_is_said_to_wait_loses_no_result(tmp_path: Path, silent: bool) -> None:
    late = many(tmp_path, 30)
    late.results(0, 29)
    if silent:
        late.scheduler.silent = [UnansweredError("0090")] * 100
    else:
        del late.scheduler.statuses["1.29"]

    late.step(200)

    assert {"test_it.py::29": "passed"} == late.outcomes()


def test_a_few_shares_that_are_said_to_wait_are_looked_into(one: Following) -> None:
    one.begin()
    one.results(0, 0)

    one.step(2)

    assert {A: "passed", B: "passed"} == one.outcomes()


def test_jobs_that_left_nothing_are_explained_one_after_another(tmp_path: Path, counted: Operations) -> None:
    lost = many(tmp_path, 30)
    for part in range(30):
        lost.scheduler.end(f"1.{part}", REQUEST)
    log = [(lost.now, counted.count)]
    while not lost.watch.done:
        lost.step(max(0.01, lost.watch.pause()))
        log.append((lost.now, counted.count))

    assert 30 == len(lost.outcomes())
    assert most_in_a_second(log) <= 50
