"""The figures of a page, drawn by matplotlib."""

from __future__ import annotations

import re
from typing import Set
from xml.etree import ElementTree

from mnist_repro.report.page import figures, svg, words
from mnist_repro.report.values import PublishedCurve

CURVE = [PublishedCurve("loss", [(1, 0.375), (2, 0.25)])]


def test_a_figure_has_no_style_of_its_own_and_words_in_both_languages() -> None:
    root = drawn("f1")

    assert [] == [element.tag for element in root.iter() if "style" in element.attrib or element.tag == "style"]
    assert root.attrib["aria-labelledby"] == "caption"
    texts = {(element.get("lang"), element.text) for element in root.iter("text") if element.get("lang")}
    assert texts == {("en", "epochs"), ("ja", "エポック")}
    assert {"s-published", "s-measured", "f-ink"} <= _classes(root)


def test_no_two_figures_of_a_page_share_an_id() -> None:
    first, second = (
        {element.attrib["id"] for element in drawn(name).iter() if "id" in element.attrib} for name in ("f1", "f2")
    )

    assert first
    assert first.isdisjoint(second)


def drawn(name: str) -> ElementTree.Element:
    """A figure of one curve and its published one, as the page has it."""
    curves = figures.curves({0: [(1, 0.5), (2, 0.25)]}, CURVE, "epoch")
    return parsed(svg.for_page(curves, name, words.FIGURES, "caption"))


def test_a_training_of_one_epoch_has_no_axis_between_epochs() -> None:
    drawn = figures.curves({0: [(1, 0.5)], 1: [(1, 0.25)]}, [PublishedCurve("loss", [(1, 0.375)])], "epoch")

    axis = [element.text for element in parsed(svg.for_page(drawn, "f1", words.FIGURES, "")).iter("text")]

    assert ["1"] == [text for text in axis if text and re.fullmatch("[01](?:[.]9.*|[.]0.*)?", text)]


def parsed(figure: str) -> ElementTree.Element:
    return ElementTree.fromstring(figure)  # noqa: S314 - our own


def _classes(root: ElementTree.Element) -> Set[str]:
    return {name for element in root.iter() for name in element.get("class", "").split()}
