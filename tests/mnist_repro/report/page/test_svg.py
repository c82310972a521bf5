from __future__ import annotations

from xml.etree import ElementTree

from mnist_repro.report.page.svg import PALETTE, for_page

FIGURE = f"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">
<metadata>matplotlib</metadata><defs><path id="dot" d="M 1.23456 0"/></defs>
<g id="unused" clip-path="url(#dot)"><use xlink:href="#dot" style="fill: {PALETTE["measured"]}; stroke-width: 2"/></g>
<text style="fill: {PALETTE["ink"]}">@stored</text><text>0.5</text></svg>"""


def shown(prefix: str = "f1") -> ElementTree.Element:
    figure = for_page(FIGURE, prefix, {"stored": ("stored", "保存値")}, "caption")
    return ElementTree.fromstring(figure)  # noqa: S314 - our own


def test_a_style_becomes_a_class_and_attributes() -> None:
    [use] = shown().iter("use")

    assert {"href": "#f1-dot", "class": "f-measured", "stroke-width": "2"} == use.attrib


def test_ids_have_the_prefix_of_their_figure_and_unused_ones_go() -> None:
    assert ["f2-dot"] == [element.attrib["id"] for element in shown("f2").iter() if "id" in element.attrib]
    assert ["url(#f2-dot)"] == [element.attrib["clip-path"] for element in shown("f2").iter("g")]


def test_a_word_is_there_in_both_languages_and_a_number_once() -> None:
    texts = [(element.get("lang"), element.text) for element in shown().iter("text")]

    assert [("en", "stored"), ("ja", "保存値"), (None, "0.5")] == texts


def test_a_figure_has_the_name_of_its_caption_and_no_metadata() -> None:
    assert {"viewBox": "0 0 9 9", "role": "img", "aria-labelledby": "caption", "class": "figure"} == shown().attrib
    assert [] == list(shown().iter("metadata"))
    assert ["M 1.23 0"] == [element.attrib["d"] for element in shown().iter("path")]
