"""The built site: every link and image in it leads to a file and an anchor that there are, without a network.

Not part of the everyday suite: `tox run -e docs` builds the site and names its folder in MNIST_REPRO_SITE.
"""

from __future__ import annotations

import html.parser
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional, Set, Tuple
from urllib.parse import unquote

import pytest

SITE = Path(os.environ.get("MNIST_REPRO_SITE", "docs/_build/html"))
# What a page loads by itself; anything of that kind from elsewhere would be a request that nobody asked for.
LOADS = ("img", "script", "link", "iframe", "source")


@dataclass
class Page(html.parser.HTMLParser):
    """The links and ids of one page."""

    links: List[str] = field(default_factory=list)
    loads: List[str] = field(default_factory=list)
    ids: Set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            if name in ("href", "src") and value:
                (self.loads if tag in LOADS else self.links).append(value)


@pytest.fixture(scope="module")
def site() -> Dict[Path, Page]:
    found = {}
    for file in sorted(SITE.rglob("*.html")):
        page = Page()
        page.feed(file.read_text(encoding="utf-8"))
        found[file.resolve()] = page
    return found


def test_there_is_a_page_for_each_of_docs(site: Dict[Path, Page]) -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    wanted = {SITE.resolve() / file.relative_to(docs).with_suffix(".html") for file in docs.rglob("*.md")}

    assert set() == {file for file in wanted if "_build" not in file.parts} - set(site)


def test_every_link_leads_somewhere(site: Dict[Path, Page]) -> None:
    dead = [
        f"{file.relative_to(SITE.resolve())}: {link}"
        for file, page in site.items()
        for link in [*page.links, *page.loads]
        if not leads_somewhere(file, link, site)
    ]

    assert [] == dead


def test_nothing_is_loaded_from_elsewhere(site: Dict[Path, Page]) -> None:
    assert [] == [(file.name, link) for file, page in site.items() for link in page.loads if "//" in link]


def test_nothing_is_left_of_what_should_have_been_generated(site: Dict[Path, Page]) -> None:
    assert [] == [file.name for file in site if "generated:" in file.read_text(encoding="utf-8")]


def leads_somewhere(file: Path, link: str, site: Dict[Path, Page]) -> bool:
    if "//" in link or link.startswith(("mailto:", "data:", "javascript:")):
        return True
    path, _, anchor = link.partition("#")
    there = (file.parent / unquote(path.partition("?")[0])).resolve() if path else file
    if there not in site:
        return there.exists()
    return not anchor or unquote(anchor) in site[there].ids
