"""Converts matplotlib's SVG for use in a page: no inline style, colours as classes, words in both languages.

The Content-Security-Policy forbids `style` attributes. So every property becomes an attribute of its own, and every
colour of `PALETTE` becomes a class, for which the page has a light and a dark colour.
"""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Tuple
from xml.etree import ElementTree

# Placeholder colours for matplotlib, by name; the page replaces them by its own.
PALETTE: Mapping[str, str] = {
    "ink": "#010101",
    "grid": "#020202",
    "measured": "#040404",
    "published": "#050505",
    "paper": "#070707",
}
_CLASS_OF = {colour: name for name, colour in PALETTE.items()}
# This mark in a figure's text says that the rest is the name of an entry of the catalogue.
WORD = "@"
_KEPT = (
    "stroke-width",
    "stroke-dasharray",
    "stroke-opacity",
    "fill-opacity",
    "opacity",
    "text-anchor",
    "stroke-linecap",
)
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_ID = re.compile(r"url\(#([^)]+)\)")


def for_page(svg: str, prefix: str, words: Mapping[str, Tuple[str, str]], labelled_by: str) -> str:
    """The element `svg` for the page.

    Args:
        svg: a file from matplotlib, with texts as text elements.
        prefix: prefix of its ids, different for each figure of a page.
        words: by name, in both languages.
        labelled_by: id of the page's element that describes the figure.
    """
    root = ElementTree.fromstring(svg)  # noqa: S314 - trusted: matplotlib has just written it
    used = {name for element in root.iter() for name in _references(element)}
    for element in list(root.iter()):
        _clean(element, used, prefix)
    for parent in list(root.iter()):
        _prune(parent)
        _translate(parent, words)
    box = root.attrib["viewBox"]
    root.attrib = {"viewBox": box, "role": "img", "aria-labelledby": labelled_by, "class": "figure"}
    return ElementTree.tostring(root, encoding="unicode")


def _references(element: ElementTree.Element) -> List[str]:
    ids = [value[1:] for name, value in element.attrib.items() if name.endswith("href")]
    return ids + _ID.findall(" ".join(element.attrib.values()))


def _clean(element: ElementTree.Element, used: set[str], prefix: str) -> None:
    element.tag = element.tag.rpartition("}")[2]
    attributes: Dict[str, str] = {}
    for name, value in element.attrib.items():
        plain = name.rpartition("}")[2]
        if plain == "id":
            if value in used:
                attributes["id"] = f"{prefix}-{value}"
        elif plain == "href":
            attributes["href"] = f"#{prefix}-{value[1:]}"
        elif plain == "style":
            attributes.update(_attributes(value))
        elif plain != "class":
            attributes[plain] = _ID.sub(rf"url(#{prefix}-\1)", _shortened(value))
    element.attrib = attributes
    if element.tag != "text":
        element.text = None
    element.tail = None


def _attributes(style: str) -> Dict[str, str]:
    """The attributes and classes with the meaning of a `style`."""
    properties = dict(part.strip().split(":", 1) for part in style.split(";") if ":" in part)
    values = {name.strip(): value.strip() for name, value in properties.items()}
    classes = [
        f"{short}-{_CLASS_OF[values[name]]}"
        for name, short in (("fill", "f"), ("stroke", "s"))
        if values.get(name) in _CLASS_OF
    ]
    attributes = {name: value for name, value in values.items() if name in _KEPT}
    if values.get("fill") == "none":
        attributes["fill"] = "none"
    if classes:
        attributes["class"] = " ".join(classes)
    return attributes


def _prune(parent: ElementTree.Element) -> None:
    for child in list(parent):
        if child.tag in ("metadata", "style") or (
            child.tag == "defs" and not any(each.tag != "style" for each in child)
        ):
            parent.remove(child)


def _translate(parent: ElementTree.Element, words: Mapping[str, Tuple[str, str]]) -> None:
    for place, child in reversed(list(enumerate(parent))):
        if child.tag != "text" or not (child.text or "").startswith(WORD):
            continue
        both = words[str(child.text)[len(WORD) :]]
        parent.remove(child)
        for language, text in reversed(tuple(zip(("en", "ja"), both))):
            copy = ElementTree.Element(
                "text", {**child.attrib, "class": f"{child.get('class', '')} {language}".strip()}
            )
            copy.set("lang", language)
            copy.text = text
            parent.insert(place, copy)


def _shortened(value: str) -> str:
    """Round coordinates to a hundredth of a point, which is finer than any screen."""
    return _NUMBER.sub(lambda match: f"{float(match.group()):.2f}".rstrip("0").rstrip("."), value)
