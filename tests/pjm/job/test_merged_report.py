"""The reports of all ranks become one: failed if any failed, skipped only if all skipped."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

import pytest

from pjm.job.merged_report import each_once, merged, ranks

Sections = List[Tuple[str, str]]


def failure(message: str, line: int = 3) -> Dict[str, Any]:
    crash = {"path": "/t.py", "lineno": line, "message": message}
    return {"reprcrash": crash, "chain": [("first", None, None), ("trace", crash, None)], "reprtraceback": "trace"}


def report(outcome: str = "passed", longrepr: object = None, stop: float = 2.0, **more: object) -> Dict[str, Any]:
    fields = {"sections": [], "user_properties": [], "duration": 1.0, "start": 1.0, "when": "call"}
    return {"outcome": outcome, "longrepr": longrepr, "stop": stop, **fields, **more}


def failed(message: str, stop: float = 2.0, line: int = 3, **more: object) -> Dict[str, Any]:
    return report("failed", failure(message, line), stop, **more)


PASSED = report()
SKIPPED = report("skipped", ["/t.py", 3, "Skipped: too far"])
XFAILED = report("skipped", failure("known"), wasxfail="a fault")
XPASSED = report("passed", None, wasxfail="a fault")
STRICT = report("failed", "[XPASS(strict)] a fault")

CASES: Mapping[str, Tuple[List[Dict[str, Any]], str, Optional[str], List[str]]] = {
    "all pass": ([PASSED, PASSED], "passed", None, []),
    "one fails": ([PASSED, failed("bad"), PASSED], "failed", "rank 1 of 3: bad", ["ranks 0, 2 passed"]),
    "all fail alike": ([failed("bad"), failed("bad")], "failed", "all 2 ranks: bad", []),
    "some fail alike, at different addresses": (
        [failed("bad\n0x1", 3.0), PASSED, failed("bad\n0x2", 2.0)],
        "failed",
        "rank 0 of 3: bad\n0x1",
        ["rank 2 failed in the same way", "rank 1 passed"],
    ),
    "the first that failed is shown": (
        [failed("late", 9.0), failed("early", 2.0), SKIPPED],
        "failed",
        "rank 1 of 3: early",
        ["rank 0 failed otherwise: /t.py:3: late", "rank 2 skipped"],
    ),
    "the same words in another line are another failure": (
        [failed("bad", 2.0), failed("bad", 3.0, line=4)],
        "failed",
        "rank 0 of 2: bad",
        ["rank 1 failed otherwise: /t.py:4: bad"],
    ),
    "some skip": ([PASSED, SKIPPED], "passed", None, ["rank 1 skipped: too far"]),
    "the first skips": ([SKIPPED, PASSED], "passed", None, ["rank 0 skipped: too far"]),
    "all skip": ([SKIPPED, SKIPPED], "skipped", "Skipped: too far", []),
    "one fails as expected": ([XPASSED, XFAILED], "skipped", "known", []),
    "one fails as expected, strictly": ([STRICT, XFAILED], "skipped", "known", []),
    "none fails as expected": ([XPASSED, XPASSED], "passed", None, []),
    "none fails as expected, strictly": ([STRICT, STRICT], "failed", "all 2 ranks: [XPASS(strict)] a fault", []),
    "one fails as expected, and one otherwise": (
        [XFAILED, failed("bad")],
        "failed",
        "rank 1 of 2: bad",
        ["rank 0 skipped"],
    ),
}


def shown(longrepr: Any) -> Optional[str]:
    """The message of a failure, wherever pytest looks for it."""
    if not isinstance(longrepr, dict):
        return str(longrepr[-1]) if isinstance(longrepr, list) else longrepr
    assert longrepr["reprcrash"] == longrepr["chain"][-1][1]
    return str(longrepr["reprcrash"]["message"])


@pytest.mark.parametrize("case", CASES)
def test_one_report_of_many(case: str) -> None:
    reports, outcome, message, said = CASES[case]
    data = merged(dict(enumerate(reports)), len(reports))

    assert (outcome, message) == (data["outcome"], shown(data["longrepr"]))
    assert "\n".join(said) == dict(map(tuple, data["sections"])).get("ranks", "")


def test_the_reports_are_left_as_they_were() -> None:
    first, second = failed("bad"), failed("bad")

    merged({0: first, 1: second}, 2)
    assert failed("bad") == first == second


def test_a_note_stands_with_a_failure_alone() -> None:
    assert [("ranks", "rank 1 waits")] == merged({0: failed("bad")}, 2, "rank 1 waits")["sections"]
    assert [] == merged({0: PASSED}, 2, "rank 1 waits")["sections"]


def test_the_time_is_that_of_the_slowest_from_the_first_begin_to_the_last_end() -> None:
    times = [{"duration": 1.0, "start": 5.0, "stop": 6.0}, {"duration": 3.0, "start": 4.0, "stop": 7.0}]
    data = merged({rank: {**PASSED, **each} for rank, each in enumerate(times)}, 2)

    assert (3.0, 4.0, 7.0) == (data["duration"], data["start"], data["stop"])


def test_output_that_is_the_same_in_all_ranks_stands_once_and_other_output_has_its_ranks() -> None:
    printed = (["all", "one"], ["all", "two"], ["all", "one"])
    reports = {rank: {**PASSED, "sections": [("out", text) for text in texts]} for rank, texts in enumerate(printed)}

    expected = [("out", "all"), ("out (ranks 0, 2)", "one"), ("out (rank 1)", "two")]
    assert expected == merged(reports, 3)["sections"]


def test_properties_of_all_ranks_are_kept_once() -> None:
    noted = ([["a", 1]], [["a", 1], ["a", 2]])
    reports = {rank: {**PASSED, "user_properties": pairs} for rank, pairs in enumerate(noted)}

    assert [["a", 1], ["a", 2]] == merged(reports, 2)["user_properties"]


def test_ranks_in_words() -> None:
    assert ("rank 1", "ranks 0, 2") == (ranks([1]), ranks([0, 2]))


def test_events_that_say_the_same_come_once() -> None:
    said = [{"message": "a", "time": 1}, {"message": "b", "time": 2}, {"message": "a", "time": 3}]

    assert said[:2] == list(each_once(said, ("message",)))
