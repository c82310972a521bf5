"""Gate reports of strangers are read tolerantly, each session once, and joined into series."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, List, Sequence

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate.comparison import PUBLISHED
from mnist_repro.gate.verdicts import Judgement, Verdict
from mnist_repro.runs.problems import Problems
from mnist_repro.trend.sessions import Series, read_sessions, seconds, series_of
from tests.builders import gate_sessions as made

COMPARISON = ("subjects", "digits", "comparisons", 0)
FINDING = (*COMPARISON, "findings", 0)
# No float is as large.
HUGE = 10**400


def measured(at: int, value: float = made.STORED, **more: Any) -> Any:
    samples = {seed: {"accuracy": value + 0.001 * seed} for seed in range(5)}
    return made.comparison("digits", at, samples, {"accuracy": made.stored()}, **more)


def read(*places: Path) -> List[Series]:
    return series_of(read_sessions(places, Problems())[0])


def test_files_are_found_at_any_depth_and_by_name_and_are_in_the_order_of_their_start(tmp_path: Path) -> None:
    made.write(tmp_path / "a", 2, measured(2))
    made.write(tmp_path / "a" / "b" / "c", 0, measured(0))
    other = made.write(tmp_path / "elsewhere", 1, measured(1)).rename(tmp_path / "one.json")

    sessions, copies = read_sessions([tmp_path / "a", other], Problems())

    assert ([0, 1, 2], 0) == ([round((each.time - seconds(made.when(0))) / 7200) for each in sessions], copies)
    [series] = series_of(sessions)
    assert [made.commit(at) for at in range(3)] == [point.commit for point in series.points]


def test_a_session_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    file = made.write(tmp_path, 0, measured(0))
    made.write(tmp_path, 1, measured(1))
    shutil.copytree(str(file.parent), str(tmp_path / "again"))
    (tmp_path / "again" / "gate.json").write_text(json.dumps(json.loads(file.read_text())), encoding="utf-8")

    sessions, copies = read_sessions([tmp_path, file], Problems())

    assert (2, 1) == (len(sessions), copies)


def test_sessions_of_one_second_on_two_machines_are_two(tmp_path: Path) -> None:
    made.write(tmp_path, 0, measured(0), name="one")
    made.write(tmp_path, 0, measured(0, cpu="another CPU"), name="other")

    assert 2 == len(read_sessions([tmp_path], Problems())[0])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema",), 1),
        (("schema",), 3),
        (("session", "started"), "yesterday"),
        (("session", "started"), HUGE),
        (("session", "started"), "0001-01-01T00:00:00+14:00"),
        (("session", "started"), "9999-12-31T23:59:59-12:00"),
        (("session", "started"), "9999-12-31T23:59:59.999999+00:00"),
        (("session",), []),
        (("subjects",), "none"),
        ((*COMPARISON, "name"), ["a"]),
        ((*COMPARISON, "name"), "n" * 5000),
        ((*COMPARISON, "samples"), {"0": {"accuracy": HUGE}}),
        ((*COMPARISON, "provenance"), [1]),
        ((*COMPARISON, "verdict"), "splendid"),
        ((*FINDING, "verdict"), "splendid"),
        ((*FINDING, "interval"), [HUGE, 1]),
        ((*FINDING, "name"), {"a": 1}),
        ((*FINDING,), None),
    ],
)
def test_a_file_with_odd_content_is_named_and_left_out(tmp_path: Path, place: Sequence[Any], value: object) -> None:
    made.write(tmp_path, 0, measured(0))
    bad = made.write(tmp_path, 1, measured(1))
    made.edit(bad, place, value)
    problems = Problems()

    sessions, copies = read_sessions([tmp_path], problems)

    assert (1, 0, 1) == (len(sessions), copies, len(problems.found))
    assert str(bad) in problems.found[0].what


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((*FINDING, "margin"), HUGE),
        ((*FINDING, "margin"), "inf"),
        ((*FINDING, "stored"), "1e999"),
        ((*FINDING, "stored"), ""),
    ],
)
def test_a_number_that_cannot_be_drawn_is_no_number(tmp_path: Path, place: Sequence[Any], value: object) -> None:
    made.edit(made.write(tmp_path, 0, measured(0)), place, value)

    [series] = read(tmp_path)

    assert None is getattr(series.points[0], str(place[-1]))


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    made.write(tmp_path, 0, measured(0))
    for name in ("cut", "latin", "pipe", "loop", "folder"):
        (tmp_path / name).mkdir()
    (tmp_path / "cut" / "gate.json").write_text('{"schema": 2, "pas', encoding="utf-8")
    (tmp_path / "latin" / "gate.json").write_bytes(b'{"schema": "\xe9"}')
    os.mkfifo(str(tmp_path / "pipe" / "gate.json"))
    (tmp_path / "loop" / "gate.json").symlink_to(tmp_path / "loop" / "gate.json")
    (tmp_path / "folder" / "gate.json").mkdir()
    problems = Problems()

    sessions, _ = read_sessions([tmp_path], problems)

    assert 1 == len(sessions)
    for name, problem in zip(("cut", "latin", "loop", "pipe"), problems.found):
        assert str(tmp_path / name / "gate.json") in problem.what
    assert 4 == len(problems.found)


def test_a_link_to_a_folder_above_is_no_endless_way(tmp_path: Path) -> None:
    made.write(tmp_path, 0, measured(0))
    (tmp_path / "session-0" / "up").symlink_to(tmp_path)

    assert (1, 0) == (len(read(tmp_path)), read_sessions([tmp_path], Problems())[1])


def test_nothing_to_read_is_bad_input_that_says_the_first_reason(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as none:
        read(tmp_path)
    (tmp_path / "gate.json").write_text("{", encoding="utf-8")
    with pytest.raises(BadInput) as one:
        read(tmp_path)
    with pytest.raises(BadInput) as missing:
        read(tmp_path / "gaet")

    assert f"no gate report in {tmp_path}" == none.value.what == one.value.what
    assert f"1 file could not be read: {tmp_path / 'gate.json'} is not JSON" == one.value.why
    assert f"there is no {tmp_path / 'gaet'}" == missing.value.what


def test_conditions_and_platforms_are_series_of_their_own(tmp_path: Path) -> None:
    for at in range(6):
        made.write(tmp_path, at, measured(at, conditions={"model": "ab"[at % 2]}, platform="xyz"[at % 3]))

    assert 6 == len(read(tmp_path))


def test_a_value_that_is_not_finite_leaves_a_point_without_a_mean(tmp_path: Path) -> None:
    two = {seed: {"accuracy": 0.95, "loss": 0.3 + seed} for seed in range(5)}
    two[3]["loss"] = float("nan")
    stored = {"accuracy": made.stored(), "loss": made.stored(0.3)}
    made.write(tmp_path, 0, made.comparison("digits", 0, two, stored))

    accuracy, loss = read(tmp_path)

    assert 0.95 == pytest.approx(accuracy.points[0].mean())
    assert loss.points[0].mean() is None
    assert (Verdict.INCOMPARABLE, True) == (loss.points[0].verdict, loss.points[0].fails)


def test_the_interval_is_drawn_where_the_metric_is(tmp_path: Path) -> None:
    made.write(tmp_path, 0, measured(0))

    [point] = read(tmp_path)[0].points

    assert point.interval is not None
    assert sum(point.interval) / 2 == pytest.approx(point.mean(), abs=1e-5)
    assert point.reach == pytest.approx((point.interval[1] - point.interval[0]) / 2)


def test_a_fingerprint_and_a_test_that_died_have_verdicts_alone_and_published_figures_are_left_out(
    tmp_path: Path,
) -> None:
    published = replace(measured(0), kind=PUBLISHED)
    silent = replace(made.fingerprint("values", 0, Verdict.CHANGED), name="silent", judgement=Judgement((), ("none",)))
    changed = made.fingerprint("values", 0, Verdict.CHANGED)
    made.write(tmp_path, 0, published, changed, silent, None)

    found = [(series.key.name, series.key.metric, series.points[0].verdict) for series in read(tmp_path)]

    assert [("digits", "", Verdict.INCOMPARABLE), ("values", "", Verdict.CHANGED)] == found


def test_of_a_test_that_ran_again_the_last_attempt_counts(tmp_path: Path) -> None:
    made.write(tmp_path, 0, measured(0, value=0.5), measured(0))

    [point] = read(tmp_path)[0].points

    assert not point.fails


def test_a_known_difference_does_not_fail(tmp_path: Path) -> None:
    file = made.write(tmp_path, 0, made.fingerprint("values", 0, Verdict.CHANGED))
    made.edit(file, ("subjects", "values", "comparisons", 0, "outcome"), "xfailed")

    [point] = read(tmp_path)[0].points

    assert (True, False) == (point.known, point.fails)


def test_a_baseline_changes_with_its_margin_or_with_the_mean_of_the_same_seeds() -> None:
    points = list(made.series([0.95] * 8).points)
    points[2] = replace(points[2], values={0: 0.95, 1: 0.95}, stored=0.9)
    points[4:] = [replace(each, margin=0.5) for each in points[4:]]
    points[6:] = [replace(each, stored=0.7) for each in points[6:]]
    points[5] = replace(points[5], stored=None)

    assert [4, 6] == replace(made.series([]), points=points).changes


@pytest.mark.parametrize("text", ["2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00", "2026-01-02T03:04:05"])
def test_a_time_is_in_utc_unless_it_names_a_zone(text: str) -> None:
    assert 1767323045 == seconds(text)
