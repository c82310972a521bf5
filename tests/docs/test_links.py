"""Every link of README and docs leads somewhere: to a file that there is, and to a heading that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, pages
from tests.docs.generated import expanded
from tests.docs.links import anchors, headings, is_elsewhere, links, target

PAGES = [page.relative_to(ROOT).as_posix() for page in pages()]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_what_there_is(page: str) -> None:
    file = ROOT / page
    dead = [link for link in links(file.read_text(encoding="utf-8")) if is_dead(file, link)]

    assert [] == dead


def is_dead(page: Path, link: str) -> bool:
    if is_elsewhere(link):
        return False
    there, anchor = target(page, link), link.partition("#")[2]
    if not there.exists():
        return True
    return bool(anchor) and anchor not in anchors(expanded(there.read_text(encoding="utf-8")))


def test_every_page_of_docs_is_in_the_table_of_contents() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = {line.strip() for line in index.splitlines()}
    wanted = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in pages() if "docs" in path.parts}

    assert set() == wanted - listed - {"index"}


def test_links_and_anchors_are_read_as_they_are_written() -> None:
    text = (
        "# A `b` c: d!\n\n## Same\n\n## Same\n\n[x](y.md#z) ![i](p.png) `[no](no)`\n\n"
        "```\n[no](no)\n# no\n```\n\n[d]: e.md\n"
    )

    assert ["y.md#z", "p.png", "e.md"] == links(text)
    assert ["A `b` c: d!", "Same", "Same"] == headings(text)
    assert {"a-b-c-d", "same", "same-1"} == anchors(text)


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n", encoding="utf-8")

    assert [False, True, True, False] == [
        is_dead(page, link) for link in ("page.md#here", "#there", "missing.md", "mailto:a@b")
    ]
