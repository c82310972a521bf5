"""How long a job waits for the machine; time during which it waits for another step is none of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Tuple

import pytest

from pjm.client.terminal import live_records, table
from tests.end_to_end.pjm.test_watch import A, B, Following, settings_of, tasks


@pytest.fixture
def chain(tmp_path: Path) -> Following:
    """A step job of two, of which the first begins at once; 100 s of waiting are allowed."""
    made = Following(tmp_path, tasks(2, b=(A,)), replace(settings_of(tmp_path), queue_timeout=100.0))
    made.begin()
    made.scheduler.run("1.0", elapsed=1)
    return made


def queued(chain: Following) -> Tuple[str, object]:
    """What the table and jobs.json say of the second step's wait."""
    cells = table(chain.watch.jobs)[2].split()
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
