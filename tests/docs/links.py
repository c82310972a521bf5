"""The links and headings of a page of Markdown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List, Set

_FENCED = re.compile(r"^ *(`{3,}|~{3,}).*?^ *\1[`~]*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<inline><[^>]*>|[^)\s]+)[^)]*\)|^\[[^\]]+\]: (?P<defined>\S+)", re.MULTILINE)
_IMAGE = re.compile(r"<img[^>]* src=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_TARGET = re.compile(r"^\(([\w-]+)\)=$", re.MULTILINE)


def links(text: str) -> List[str]:
    """Where a page's links and images lead."""
    prose = _SPAN.sub("", _FENCED.sub("", text))
    found = [(link["inline"] or link["defined"]).strip("<>") for link in _LINK.finditer(prose)]
    return found + _IMAGE.findall(prose)


def headings(text: str) -> List[str]:
    """A page's headings, as they are written."""
    return _HEADING.findall(_FENCED.sub("", text))


def anchors(text: str) -> Set[str]:
    """What a link into a page can name, as GitHub and our site make it from the headings."""
    found: Set[str] = set(_TARGET.findall(text))
    for heading in headings(text):
        anchor = anchor_of(heading)
        number, plain = 0, anchor
        while anchor in found:
            number += 1
            anchor = f"{plain}-{number}"
        found.add(anchor)
    return found


def anchor_of(heading: str) -> str:
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def is_elsewhere(link: str) -> bool:
    """Whether it leads out of the project."""
    return re.match(r"[a-z][a-z0-9+.-]*:", link) is not None


def target(page: Path, link: str) -> Path:
    """The file that a link of a page names."""
    file = link.partition("#")[0]
    return page.parent / file if file else page
