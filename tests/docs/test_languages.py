"""Pages that are there in English and in Japanese say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, blocks
from tests.docs.links import links

PAGES = [ROOT / "README.md", ROOT / "docs" / "how-to" / "run-in-wheel.md"]
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


def test_they_have_the_same_links_but_for_those_to_each_other(page: Path) -> None:
    names = [each.name for each in pair(page)]
    english, japanese = ([link for link in links(text) if link not in names] for text in texts(page))

    assert english == japanese


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
