"""A picture has the points that matter, a mark for each verdict, and a text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import List, Optional
from xml.etree import ElementTree

import pytest

from mnist_repro.gate.verdicts import Verdict
from mnist_repro.trend.chart import MARKS, chart, drawn_points, mark_of
from mnist_repro.trend.drift import Drift
from mnist_repro.trend.sessions import Series
from tests.builders.gate_sessions import MARGIN, STORED, series

DAYS = ("2026-01-01", "2026-02-03")


def drawn(shown: Series, drift: Optional[Drift] = None) -> ElementTree.Element:
    text = chart(shown, shown.changes, drift, DAYS, 100, "what it shows")
    return ElementTree.fromstring(text)  # noqa: S314 - trusted: it was just made


def classes(picture: ElementTree.Element) -> List[str]:
    return [each.attrib["class"] for each in picture.iter("path")]


def test_of_many_points_the_ends_the_failing_and_those_at_a_new_baseline_are_kept() -> None:
    many = series([STORED] * 3000, changed=1234)
    points = list(many.points)
    for at in (7, 8, 2001):
        points[at] = replace(points[at], verdict=Verdict.REGRESSED)

    kept = drawn_points(replace(many, points=points), 100)

    assert 100 == len(kept)
    assert {0, 7, 8, 1233, 1234, 2001, 2999} < set(kept)
    assert sorted(set(kept)) == kept


def test_however_many_fail_no_more_than_allowed_are_drawn_and_some_that_pass() -> None:
    many = series([STORED] * 3000)
    points = [replace(each, verdict=Verdict.REGRESSED) if at % 3 else each for at, each in enumerate(many.points)]

    kept = drawn_points(replace(many, points=points), 100)

    assert len(kept) <= 100
    assert 25 <= sum(points[at].fails for at in kept) <= 75


def test_of_few_points_all_are_drawn() -> None:
    assert [0, 1, 2] == drawn_points(series([1.0, 2.0, 3.0]), 100)


@pytest.mark.parametrize(
    ("verdict", "known", "mark"),
    [
        (Verdict.NO_WORSE, False, "good"),
        (Verdict.REGRESSED, True, "known"),
        (Verdict.INCONCLUSIVE, False, "open"),
        (Verdict.IMPROVED, False, "bad"),
        (Verdict.INCOMPARABLE, False, "bad"),
    ],
)
def test_each_verdict_has_a_mark_by_shape_and_by_colour(verdict: Verdict, known: bool, mark: str) -> None:
    one = replace(series([STORED]), points=[replace(series([STORED]).points[0], verdict=verdict, known=known)])

    assert mark == mark_of(one.points[0])
    [path] = [each for each in drawn(one).iter("path") if each.attrib["class"].startswith("mark")]
    assert f"mark {mark}" == path.attrib["class"]
    assert path.attrib["d"].endswith(MARKS[mark])
    assert 4 == len(set(MARKS.values()))


def test_margin_stored_mean_and_a_new_baseline_are_drawn_in_pieces() -> None:
    found = classes(drawn(series([STORED] * 40, changed=20)))

    assert (2, 2, 1) == tuple(found.count(name) for name in ("band", "stored", "changed"))


def test_the_picture_is_an_image_with_a_text_and_says_dates_and_values() -> None:
    picture = drawn(series([STORED, STORED + MARGIN / 2]))

    assert ("img", "what it shows") == (picture.attrib["role"], picture.attrib["aria-label"])
    texts = [each.text for each in picture.iter("text")]
    assert [*DAYS, "0.928", "0.972", "0.95"] == texts


def test_a_drift_is_a_line_from_its_first_session_to_the_last() -> None:
    drift = Drift(True, 1, 2, -0.01, -0.01, ((1, STORED), (2, STORED - 0.01)), 5)
    picture = drawn(series([STORED, STORED, STORED - 0.01]), drift)

    [line] = [each.attrib["d"] for each in picture.iter("path") if each.attrib["class"] == "drift"]
    start, end = (list(map(float, each.split())) for each in re.findall(r"[ML]([\d. ]+)", line))
    assert start[0] < end[0]
    assert start[1] < end[1]


@pytest.mark.parametrize("value", [0.0, STORED, 1e29, -1e-300, float("nan")])
def test_one_point_or_equal_ones_or_none_are_drawn_within_the_picture(value: float) -> None:
    for count in (1, 30):
        bare = series([value] * count)
        points = [replace(each, stored=None, margin=None) for each in bare.points]
        text = ElementTree.tostring(drawn(replace(bare, points=points)), encoding="unicode")

        assert "nan" not in text
        assert all(-10 <= float(number) <= 345 for number in re.findall(r"M(-?[\d.]+)", text))


def test_verdicts_alone_are_a_strip_without_values() -> None:
    bare = series([STORED] * 3)
    points = [replace(each, values={}, stored=None, margin=None) for each in bare.points]
    picture = drawn(replace(bare, key=replace(bare.key, metric=""), points=points))

    assert ["mark good"] == classes(picture)
    assert list(DAYS) == [each.text for each in picture.iter("text")]
