"""The strokes of the ten digits, and how their text reads."""

from __future__ import annotations

import pytest

from mnist_repro.data.glyphs import FORMS, Stroke, stroke


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0,-1 2,3", Stroke(((0, -1), (2, 3)), (0, 0, 1, 1))),
        ("0,0 1,1! 2,2", Stroke(((0, 0), (1, 1), (2, 2)), (0, 0, 1, 1, 2, 2))),
        ("o 0,0 1,1 2,2", Stroke(((0, 0), (1, 1), (2, 2)), (0, 1, 2, 0, 1))),
    ],
    ids=["open", "with a corner", "closed"],
)
def test_a_stroke_is_its_points_and_the_order_of_its_spline(text: str, expected: Stroke) -> None:
    assert expected == stroke(text)


def test_each_digit_has_forms_of_its_own_that_fit_around_the_box() -> None:
    strokes = [text for forms in FORMS for form in forms for text in form]
    points = [point for text in strokes for point in stroke(text).points]

    assert 10 == len(FORMS)
    assert len({form for forms in FORMS for form in forms}) == sum(len(forms) for forms in FORMS) == 22
    # The control points of a curve may lie up to ten units outside what it draws.
    assert all(-10 <= x <= 70 and -10 <= y <= 90 for x, y in points)
