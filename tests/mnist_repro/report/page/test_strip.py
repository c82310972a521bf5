from __future__ import annotations

import re
from typing import List
from xml.etree import ElementTree

from mnist_repro.gate.intervals import Interval
from mnist_repro.report.page.strip import strip
from tests.builders.made_up_page import metric


def drawn(text: str, name: str) -> List[ElementTree.Element]:
    """The elements of a class."""
    return [each for each in ElementTree.fromstring(text).iter() if each.get("class") == name]  # noqa: S314 - our own


def places(text: str, name: str) -> List[float]:
    """Where the marks of a class stand, from the left."""
    return [float(place) for each in drawn(text, name) for place in re.findall(r"M([\d.]+)", each.attrib["d"])]


def test_a_picture_has_the_interval_with_the_published_value_and_every_sample() -> None:
    text = strip(metric(stored={0: 0.25, 1: 0.75}, measured={0: 0.5}, published=[0.375]), Interval(0.0, 1.0))

    assert [79.0, 221.0] == places(text, "s-stored")
    assert ([150.0], [114.5]) == (places(text, "f-measured"), places(text, "s-published"))
    # From end to end: the interval is the widest of all.
    assert ["M8.0 18V26M8.0 22H292.0M292.0 18V26"] == [each.attrib["d"] for each in drawn(text, "s-ink")]
    assert ["0", "1"] == [each.text for each in ElementTree.fromstring(text).iter("text")]  # noqa: S314 - our own


def test_the_margin_lies_around_the_stored_mean() -> None:
    [band] = drawn(strip(metric(stored={0: 0.25, 1: 0.75}, measured={}, published=[], margin=0.125), None), "f-band")

    assert (79.0, 142.0) == (float(band.attrib["x"]), float(band.attrib["width"]))


def test_a_margin_that_is_far_too_wide_leaves_the_samples_apart() -> None:
    text = strip(metric(stored={0: 0.25, 1: 0.75}, measured={}, published=[], margin=1e6), None)

    assert [8.0, 292.0] == places(text, "s-stored")


def test_without_numbers_there_is_no_picture_and_equal_values_stand_in_the_middle() -> None:
    assert strip(metric(stored={}, measured={0: float("nan")}), None) == ""
    assert [150.0] == places(strip(metric(stored={}, measured={0: 0.5}, published=[]), None), "f-measured")
