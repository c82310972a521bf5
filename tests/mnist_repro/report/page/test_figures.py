from __future__ import annotations

import re
import sys
from types import ModuleType
from xml.etree import ElementTree

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.report.page import figures
from mnist_repro.report.page.figures import PALETTE, for_page
from mnist_repro.report.values import PublishedCurve
from tests.builders import made_up_page

CURVE = [PublishedCurve("loss", [(1, 0.375), (2, 0.25)])]
FIGURE = f"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">
<metadata>matplotlib</metadata><defs><path id="dot" d="M 1.23456 0"/></defs>
<g id="unused" clip-path="url(#dot)"><use xlink:href="#dot" style="fill: {PALETTE["measured"]}; stroke-width: 2"/></g>
<text style="fill: {PALETTE["ink"]}">@epochs</text><text>0.5</text></svg>"""


def test_a_test_figure_that_was_scored_once_is_no_curve() -> None:
    curves = {
        "loss": {0: [(3, 0.5)]},
        "test_loss": {0: [(3, 0.5)], 1: [(3, 0.25)]},
        "test_accuracy": {0: [(1, 0.5), (3, 0.75)]},
    }

    assert ["loss", "test_accuracy"] == figures.curves_to_draw(made_up_page.group(curves=curves))


@pytest.mark.parametrize("name", ["jinja2", "matplotlib.figure"])
def test_without_the_packages_of_the_page_the_message_says_how_to_install_them(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for package in ("jinja2", "matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, package, None if package == name else ModuleType(package))

    with pytest.raises(BadInput, match="without Jinja2 and matplotlib") as refused:
        figures.require_drawing()

    assert "pip install 'mnist-repro[report]'" == refused.value.fix


def shown(prefix: str = "f1") -> ElementTree.Element:
    return parsed(for_page(FIGURE, prefix, "caption"))


def test_a_style_becomes_a_class_and_attributes() -> None:
    [use] = shown().iter("use")

    assert {"href": "#f1-dot", "class": "f-measured", "stroke-width": "2"} == use.attrib


def test_ids_have_the_prefix_of_their_figure_and_unused_ones_go() -> None:
    assert ["f2-dot"] == [element.attrib["id"] for element in shown("f2").iter() if "id" in element.attrib]
    assert ["url(#f2-dot)"] == [element.attrib["clip-path"] for element in shown("f2").iter("g")]


def test_a_word_is_there_in_both_languages_and_a_number_once() -> None:
    texts = [(element.get("lang"), element.text) for element in shown().iter("text")]

    assert [("en", "epochs"), ("ja", "エポック"), (None, "0.5")] == texts


def test_a_figure_has_the_name_of_its_caption_and_no_metadata() -> None:
    assert {"viewBox": "0 0 9 9", "role": "img", "aria-labelledby": "caption", "class": "figure"} == shown().attrib
    assert [] == list(shown().iter("metadata"))
    assert ["M 1.23 0"] == [element.attrib["d"] for element in shown().iter("path")]


def test_a_figure_has_no_style_of_its_own_and_words_in_both_languages() -> None:
    root = drawn("f1")

    assert [] == [element.tag for element in root.iter() if "style" in element.attrib or element.tag == "style"]
    assert root.attrib["aria-labelledby"] == "caption"
    texts = {(element.get("lang"), element.text) for element in root.iter("text") if element.get("lang")}
    assert texts == {("en", "epochs"), ("ja", "エポック")}
    classes = {name for element in root.iter() for name in element.get("class", "").split()}
    assert {"s-published", "s-measured", "f-ink"} <= classes


def test_no_two_figures_of_a_page_share_an_id() -> None:
    first, second = (
        {element.attrib["id"] for element in drawn(name).iter() if "id" in element.attrib} for name in ("f1", "f2")
    )

    assert first
    assert first.isdisjoint(second)


def drawn(name: str) -> ElementTree.Element:
    """A figure of one curve and its published one, as the page has it."""
    curves = figures.curves({0: [(1, 0.5), (2, 0.25)]}, CURVE, "epoch")
    return parsed(for_page(curves, name, "caption"))


def test_a_training_of_one_epoch_has_no_axis_between_epochs() -> None:
    figure = figures.curves({0: [(1, 0.5)], 1: [(1, 0.25)]}, [PublishedCurve("loss", [(1, 0.375)])], "epoch")

    axis = [element.text for element in parsed(for_page(figure, "f1", "")).iter("text")]

    assert ["1"] == [text for text in axis if text and re.fullmatch("[01](?:[.]9.*|[.]0.*)?", text)]


def parsed(figure: str) -> ElementTree.Element:
    return ElementTree.fromstring(figure)  # noqa: S314 - our own
