"""What the user sees of the jobs: a live line or plain lines, the table, and the records of jobs.json."""

from __future__ import annotations

import io

import pytest
from _pytest.terminal import TerminalReporter

from pjm.batch.scheduler import Phase, Status
from pjm.client.terminal import Progress, live_records, table
from tests.builders.following import A, Following


class Terminal(io.StringIO):
    """A file that is a terminal."""

    def isatty(self) -> bool:
        return True


def progress(pytester: pytest.Pytester, file: io.StringIO, one: Following, *options: str) -> Progress:
    return Progress(TerminalReporter(pytester.parseconfig(*options), file), tests=2, wall=one.time)


def test_a_file_gets_a_line_whenever_something_has_changed(pytester: pytest.Pytester, one: Following) -> None:
    file = io.StringIO()
    shown = progress(pytester, file, one)
    one.begin()

    for _ in range(2):
        shown.show(one.watch.jobs, 0, None, live=True)
    one.scheduler.run("1.0", elapsed=1800)
    one.step(20)
    shown.show(one.watch.jobs, 1, "it does not answer", live=True)

    assert [
        "fugaku: 1 queued, 0 running, 0 of 2 tests done",
        "fugaku: 0 queued, 1 running, 1 of 2 tests done; it does not answer",
    ] == file.getvalue().splitlines()


@pytest.mark.parametrize("columns", [200, 80])
def test_a_terminal_has_one_line_with_cost_and_wait_that_is_cleared_for_other_lines(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, one: Following, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    file = Terminal()
    shown = progress(pytester, file, one)
    one.begin()
    one.scheduler.statuses["1.0"] = Status(Phase.HELD)
    one.step(90)

    shown.show(one.watch.jobs, 0, None, live=True)
    shown.say("a line that stays")

    whole = "fugaku: 1 queued (1 held), 0 running, 0 of 2 tests done, 0.00 node-hours, longest wait 00:01:30"
    line, cleared, rest = file.getvalue().lstrip("\r").split("\r", 2)
    assert whole[: columns - 1] == line
    assert ("", "a line that stays") == (cleared.strip(), rest.strip())


def test_a_quiet_session_shows_nothing(pytester: pytest.Pytester, one: Following) -> None:
    file = Terminal()
    shown = progress(pytester, file, one, "-q")
    one.begin()

    shown.show(one.watch.jobs, 0, None, live=True)
    shown.say("a line")

    assert "" == file.getvalue()


def test_the_table_has_a_line_for_each_share_and_a_total(one: Following) -> None:
    one.begin()
    one.scheduler.run("1.0", elapsed=900)
    one.step(20)

    assert [
        "job    tests  queued for   ran for  node-hours used  requested  outcome",
        "1.0        2    00:00:00  00:15:00            0.250      0.500  running",
        "total      2                                  0.250      0.500",
    ] == table(one.watch.jobs, 80)


def test_a_job_that_was_not_submitted_has_its_name_and_no_times(one: Following) -> None:
    one.watch.start(one.watch.plan_unassigned())

    name = one.watch.jobs[0].name
    assert [name, "2", "-", "-", "0.000", "0.500", "planned"] == table(one.watch.jobs, 80)[1].split()


def test_the_record_of_a_share_has_its_state_its_times_and_its_cost(one: Following) -> None:
    one.begin()
    one.scheduler.run("1.0", elapsed=900)
    one.results(0, 0, [A], end=False)
    one.step(20)

    assert [
        {
            "name": one.watch.jobs[0].name,
            "part": 0,
            "id": "1.0",
            "state": "running",
            "outcome": None,
            "tests": list(one.watch.tests),
            "retry": False,
            "nodes": 1,
            "elapse_limit_seconds": 1800,
            "submitted": one.watch.jobs[0].submitted,
            "started": 1000.0,
            "queued_seconds": 0.0,
            "ran_seconds": 900.0,
            "node_hours_used": 0.25,
            "node_hours_requested": 0.5,
        }
    ] == live_records(one.watch.jobs, one.time())
