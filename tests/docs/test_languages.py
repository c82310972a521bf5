"""Pages that are there in English and in Japanese say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.blocks import blocks, untranslated
from tests.docs.links import anchor_of, headings, links, target

PAGES = [page for page in untranslated() if page.with_suffix(".ja.md").exists()]
pytestmark = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def pair(page: Path) -> tuple[Path, Path]:
    return page, page.with_suffix(".ja.md")


def texts(page: Path) -> list[str]:
    return [each.read_text(encoding="utf-8") for each in pair(page)]


def levels(text: str) -> list[int]:
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)]


def test_they_have_the_same_headings(page: Path) -> None:
    english, japanese = map(levels, texts(page))

    assert english == japanese


def test_they_have_the_same_blocks(page: Path) -> None:
    english, japanese = (
        [(each.language, each.kind, each.rest, each.text) for each in blocks(one)] for one in pair(page)
    )

    assert english == japanese


def in_japanese(page: Path, link: str) -> str:
    """What a link of an English page is in the Japanese one: it leads to the Japanese page, if there is one."""
    file, _, anchor = link.partition("#")
    english = target(page, file).resolve()
    if english not in PAGES:
        return link
    here, there = ([anchor_of(heading) for heading in headings(text)] for text in texts(english))
    name = file and file[: -len(".md")] + ".ja.md"
    return f"{name}#{there[here.index(anchor)]}" if anchor else name


def test_links_lead_to_the_same_places_in_japanese_where_there_are(page: Path) -> None:
    english, japanese = (links(text) for text in texts(page))

    assert [in_japanese(page, link) for link in english if not link.endswith(".ja.md")] == [
        link for link in japanese if link != page.name
    ]


@pytest.mark.parametrize("pattern", [r"^\|.*\|$", r"^[-*] "])
def test_they_have_tables_and_lists_of_the_same_length(page: Path, pattern: str) -> None:
    english, japanese = (len(re.findall(pattern, text, re.MULTILINE)) for text in texts(page))

    assert english == japanese


def test_the_same_figures_stand_in_both(page: Path) -> None:
    english, japanese = (sorted(set(re.findall(r"\d+\.\d+", text))) for text in texts(page))

    assert english == japanese


def test_each_links_to_the_other(page: Path) -> None:
    english, japanese = pair(page)

    assert japanese.name in links(texts(page)[0])
    assert english.name in links(texts(page)[1])


def test_the_japanese_spell_a_folder_in_one_way(page: Path) -> None:
    assert [] == re.findall(".*フォルダ(?!ー).*", texts(page)[1])
