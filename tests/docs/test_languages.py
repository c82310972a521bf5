"""README in English and in Japanese say the same."""

from __future__ import annotations

import re

import pytest

from tests.docs.blocks import ROOT, blocks
from tests.docs.links import links

ENGLISH, JAPANESE = ROOT / "README.md", ROOT / "README.ja.md"
TEXTS = {page: page.read_text(encoding="utf-8") for page in (ENGLISH, JAPANESE)}


def levels(text: str) -> list[int]:
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)]


def test_they_have_the_same_headings() -> None:
    assert levels(TEXTS[ENGLISH]) == levels(TEXTS[JAPANESE])


def test_they_have_the_same_blocks() -> None:
    english, japanese = ([(each.language, each.kind, each.rest, each.text) for each in blocks(page)] for page in TEXTS)

    assert english == japanese


def test_they_have_the_same_links_but_for_those_to_each_other() -> None:
    english, japanese = (
        [link for link in links(text) if link not in ("README.md", "README.ja.md")] for text in TEXTS.values()
    )

    assert english == japanese


@pytest.mark.parametrize("pattern", [r"^\|.*\|$", r"^[-*] "])
def test_they_have_tables_and_lists_of_the_same_length(pattern: str) -> None:
    english, japanese = (len(re.findall(pattern, text, re.MULTILINE)) for text in TEXTS.values())

    assert english == japanese


def test_the_same_figures_stand_in_both() -> None:
    english, japanese = (sorted(set(re.findall(r"\d+\.\d+", text))) for text in TEXTS.values())

    assert english == japanese


def test_each_links_to_the_other() -> None:
    assert ("README.ja.md" in links(TEXTS[ENGLISH]), "README.md" in links(TEXTS[JAPANESE])) == (True, True)
