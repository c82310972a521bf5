"""Reads a page as a browser would take it apart, for tests of what is markup in it and what is text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Dict, List, Optional, Sequence, Tuple

Attributes = Dict[str, str]


class Page(HTMLParser):
    """The elements of a page, its texts, and its scripts apart from them.

    Args:
        html: the page.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: List[Tuple[str, Attributes]] = []
        self.scripts: List[str] = []
        self._texts: List[str] = []
        self._raw = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[Tuple[str, Optional[str]]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._raw = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._raw = ""

    def handle_data(self, data: str) -> None:
        if self._raw == "script":
            self.scripts.append(data)
        elif not self._raw:
            self._texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self._texts)

    def named(self, tag: str) -> List[Attributes]:
        return [attributes for name, attributes in self.elements if name == tag]

    def values(self, name: str) -> List[str]:
        """The values of an attribute, on whichever element."""
        return [attributes[name] for _, attributes in self.elements if name in attributes]

    def attributes(self) -> List[str]:
        """The names of all attributes in use."""
        return sorted({name for _, attributes in self.elements for name in attributes})
