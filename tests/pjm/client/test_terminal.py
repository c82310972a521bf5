"""What the user sees of the jobs: a live line or plain lines, the table, and the records of jobs.json."""

from __future__ import annotations

import io
from typing import List

import pytest
from _pytest.terminal import TerminalReporter

from pjm.batch.scheduler import Phase, Status
from pjm.client.terminal import Progress, live_records, table
from tests.builders.following import A, Following
from tests.builders.screen import Screen


class Terminal(io.StringIO):
    """A file that is a terminal."""

    def isatty(self) -> bool:
        return True


def progress(pytester: pytest.Pytester, file: io.StringIO, one: Following, *options: str) -> Progress:
    return Progress(TerminalReporter(pytester.parseconfig(*options), file), tests=2, wall=one.time)


def test_a_file_gets_a_line_once_a_minute_if_something_has_changed_and_trouble_at_once(
    pytester: pytest.Pytester, one: Following
) -> None:
    file = io.StringIO()
    shown = progress(pytester, file, one)
    one.begin()

    shown.show(one.watch.jobs, 0, None)
    one.scheduler.run("1.0", elapsed=1800)
    for trouble in (None, "it does not answer", "it does not answer"):
        one.step(25)
        shown.show(one.watch.jobs, 1, trouble)

    assert [
        "fugaku: 1 queued, 0 running, 0 of 2 tests done",
        "fugaku: it does not answer",
        "fugaku: 0 queued, 1 running, 1 of 2 tests done",
    ] == file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (200, "fugaku: 1 queued (1 held), 0 running, 0 of 2 tests done, 0.00 node-hours, longest wait 00:01:30"),
        (80, "fugaku: 0/2 done, 1 queued (1 held), 0 running, 0.00 node-h, wait 00:01:30"),
        (50, "fugaku: 0/2 done, 1 queued (1 held), 0 running"),
        (40, "fugaku: 0/2 done, 1 queued (1 held)"),
    ],
)
@pytest.mark.parametrize("begun", ["", "test_it.py ..F"], ids=["on a line of its own", "below results"])
def test_a_terminal_has_one_line_with_cost_and_wait_that_gives_way_to_others(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, one: Following, columns: int, line: str, begun: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    file, screen = Terminal(), Screen(columns)
    reporter = TerminalReporter(pytester.parseconfig(), file)
    shown = Progress(reporter, tests=2, wall=one.time)
    one.begin()
    one.scheduler.statuses["1.0"] = Status(Phase.HELD)
    one.step(90)

    def seen() -> List[str]:
        screen.show(file.getvalue())
        file.seek(0)
        file.truncate()
        return screen.lines

    reporter._tw.write(begun[: columns - 1])
    shown.show(one.watch.jobs, 0, None)
    assert [*([begun[: columns - 1]] if begun else []), line] == seen()
    shown.before_results()
    reporter._tw.write(".")
    assert f"{begun[: columns - 1]}." == seen()[0]
    shown.show(one.watch.jobs, 0, None)
    shown.say("a line")
    assert [f"{begun[: columns - 1]}.", "a line"] == [text for text in seen() if text]


def test_results_of_several_jobs_are_shown_without_their_files_below_an_empty_line(
    pytester: pytest.Pytester, one: Following
) -> None:
    file = io.StringIO()
    reporter = TerminalReporter(pytester.parseconfig(), file)
    shown = Progress(reporter, tests=2, wall=one.time)

    shown.side_by_side(True)
    shown.say("fugaku: a line")
    for letter in "..":
        shown.before_results()
        reporter._tw.write(letter)

    assert (False, "fugaku: a line\n\n..") == (reporter.showfspath, file.getvalue())


def test_a_terminal_that_cannot_move_its_cursor_has_lines(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, one: Following
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    file = Terminal()
    one.begin()

    progress(pytester, file, one).show(one.watch.jobs, 0, None)

    assert "fugaku: 1 queued, 0 running, 0 of 2 tests done\n" == file.getvalue()


def test_a_quiet_session_shows_nothing(pytester: pytest.Pytester, one: Following) -> None:
    file = Terminal()
    shown = progress(pytester, file, one, "-q")
    one.begin()

    shown.show(one.watch.jobs, 0, None)
    shown.say("a line")

    assert "" == file.getvalue()


def test_the_table_has_a_line_for_each_share_and_a_total(one: Following) -> None:
    one.begin()
    one.scheduler.run("1.0", elapsed=900)
    one.step(20)

    assert [
        "job    tests  queued for   ran for  node-hours  requested  outcome",
        "1.0        2    00:00:00  00:15:00       0.250      0.500  running",
        "total      2                             0.250      0.500",
    ] == table(one.watch.jobs, 80)


def test_a_job_that_was_not_submitted_has_its_number_and_no_times(one: Following) -> None:
    one.watch.start(one.watch.plan_unassigned())

    assert ["0-0", "2", "-", "-", "0.000", "0.500", "planned"] == table(one.watch.jobs, 80)[1].split()


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (
            80,
            [
                "1.0        2    00:00:00  00:00:00       0.000      0.500  ran over its elapse",
                " " * 59 + "limit of 00:30:00",
            ],
        ),
        (
            70,
            [
                "1.0        2    00:00:00  00:00:00       0.000      0.500",
                "    ran over its elapse limit of 00:30:00",
            ],
        ),
    ],
)
def test_a_long_outcome_goes_on_below(one: Following, columns: int, lines: List[str]) -> None:
    one.begin()
    one.scheduler.run("1.0", elapsed=0)
    one.step(20)
    one.watch.jobs[0].shares[0].close("ran over its elapse limit of 00:30:00")

    assert lines == table(one.watch.jobs, columns)[1:-1]


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
