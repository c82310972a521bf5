"""Draws the figures of a page, the curves of trainings, with matplotlib, and makes of its SVG what a page may have.

The Content-Security-Policy forbids `style` attributes. So every property becomes an attribute of its own, and every
colour of `PALETTE` becomes a class, for which the page has a light and a dark colour. Words are in both languages.
"""

from __future__ import annotations

import io
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, Sequence, Set, Tuple
from xml.etree import ElementTree

from mnist_repro.errors import BadInput
from mnist_repro.report.page.numbers import drawable, evenly
from mnist_repro.report.page.words import FIGURES
from mnist_repro.report.values import Group, Point, PublishedCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Of more seeds, an even selection is drawn, and the text below the figure says so.
MOST_CURVES = 20
# The width of a phone, so that letters keep their size there. Wide screens show figures side by side.
_WIDTH = 4.4
_HEIGHT = 2.3
_LETTERS = 10.5

_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "mnist-repro",
    "font.size": _LETTERS,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-4, 6),
    "path.simplify": True,
}

# Placeholder colours for matplotlib, by name; the page replaces them by its own.
PALETTE: Mapping[str, str] = {
    "ink": "#010101",
    "grid": "#020202",
    "measured": "#040404",
    "published": "#050505",
    "paper": "#070707",
}
_CLASS_OF = {colour: name for name, colour in PALETTE.items()}
# This mark in a figure's text says that the rest is a name in `FIGURES`.
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


def require_drawing(needed: Sequence[str] = ("jinja2", "matplotlib.figure")) -> None:
    """Make sure that this environment can make pages.

    Raises:
        BadInput: a needed package is missing.
    """
    try:
        for name in needed:
            import_module(name)
    except ImportError as error:
        raise BadInput(
            "the page cannot be made without Jinja2 and matplotlib",
            f"the rest of mnist-repro does not need them: {error}",
            "pip install 'mnist-repro[report]'",
        ) from error


def curves(by_seed: Mapping[int, Sequence[Point]], published: Sequence[PublishedCurve], unit: str) -> str:
    """One line for each seed, with the published curves over them.

    Args:
        by_seed: points of each seed's curve.
        published: curves of the same figure.
        unit: unit of the horizontal axis.
    """
    with _settings():
        figure, axes = _axes()
        for seed in evenly(list(by_seed), MOST_CURVES):
            xs, ys = _coordinates(by_seed[seed])
            [line] = axes.plot(xs, ys, color=PALETTE["measured"], linewidth=1.1, alpha=0.7)
            line.set_marker("o" if len(xs) < 3 else "")
            line.set_markersize(4.0)
        for curve in published:
            xs, ys = _coordinates(curve.points)
            [line] = axes.plot(xs, ys, color=PALETTE["published"], linewidth=2.0, linestyle=(0, (5, 3)), marker="D")
            line.set_markersize(4.5 if len(xs) > 1 else 7.0)
            line.set_markeredgecolor(PALETTE["paper"])
        axes.set_xlabel(f"{WORD}{unit}s")
        places = _places([*by_seed.values(), *(curve.points for curve in published)])
        if len(places) == 1:
            # Ticks only at whole epochs.
            axes.set_xticks(sorted(places))
            axes.set_xlim(min(places) - 1.0, max(places) + 1.0)
        else:
            axes.locator_params(axis="x", nbins=6, integer=True)
        axes.locator_params(axis="y", nbins=6)
        return _svg(figure)


def curves_to_draw(group: Group) -> List[str]:
    """The figures of a group to draw as curves. A test figure that is scored once is already among the samples."""
    return [
        name
        for name, by_seed in group.curves.items()
        if not name.startswith("test_") or len(_places(by_seed.values())) > 1
    ]


def _places(lines: Iterable[Sequence[Point]]) -> Set[float]:
    return {x for line in lines for x in _coordinates(line)[0]}


def _settings() -> Any:
    import matplotlib

    return matplotlib.rc_context(_SETTINGS)


def _axes() -> Tuple[Figure, Axes]:
    # Not pyplot: it keeps every figure in memory, and needs a display.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, _HEIGHT))
    figure.patch.set_visible(False)
    axes = figure.subplots()
    axes.patch.set_visible(False)
    axes.grid(True, color=PALETTE["grid"], linewidth=0.7)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(PALETTE["grid"])
    axes.tick_params(colors=PALETTE["ink"], length=0, labelcolor=PALETTE["ink"])
    axes.xaxis.label.set_color(PALETTE["ink"])
    axes.yaxis.label.set_color(PALETTE["ink"])
    figure.subplots_adjust(left=0.13, right=0.96, bottom=0.5 / _HEIGHT, top=1.0 - 0.1 / _HEIGHT)
    return figure, axes


def _coordinates(line: Sequence[Point]) -> Tuple[List[float], List[float]]:
    drawable_points = [(float(x), float(y)) for x, y in line if drawable(x) and drawable(y)]
    return [x for x, _ in drawable_points], [y for _, y in drawable_points]


def _svg(figure: Figure) -> str:
    written = io.StringIO()
    # Without a date, the same document always gives the same page.
    figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()


def for_page(svg: str, prefix: str, labelled_by: str) -> str:
    """The element `svg` for the page.

    Args:
        svg: a file from matplotlib, with texts as text elements.
        prefix: prefix of its ids, different for each figure of a page.
        labelled_by: id of the page's element that describes the figure.
    """
    root = ElementTree.fromstring(svg)  # noqa: S314 - trusted: matplotlib has just written it
    used = {name for element in root.iter() for name in _references(element)}
    for element in list(root.iter()):
        _clean(element, used, prefix)
    for parent in list(root.iter()):
        _prune(parent)
        _translate(parent)
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


def _translate(parent: ElementTree.Element) -> None:
    for place, child in reversed(list(enumerate(parent))):
        if child.tag != "text" or not (child.text or "").startswith(WORD):
            continue
        both = FIGURES[str(child.text)[len(WORD) :]]
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
