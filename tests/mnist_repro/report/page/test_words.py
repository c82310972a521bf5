from __future__ import annotations

import re
from pathlib import Path

import pytest

import mnist_repro.report
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.report.page import words

REPORT = Path(mnist_repro.report.__file__).parent
TEMPLATES = REPORT / "page" / "templates"


def test_every_word_that_a_template_asks_for_is_there() -> None:
    asked = set()
    for template in TEMPLATES.glob("*.html"):
        asked |= set(re.findall(r"\b(?:t|words)\('(\w+)'", template.read_text(encoding="utf-8")))

    assert set() == asked - set(words.PAGE)


def test_every_word_of_the_page_is_used() -> None:
    sources = [*TEMPLATES.glob("*.html"), *REPORT.rglob("*.py")]
    named = set(re.findall(r"[\"'](\w+)[\"']", "\n".join(each.read_text(encoding="utf-8") for each in sources)))

    assert set() == set(words.PAGE) - named


def test_both_languages_say_the_same_values() -> None:
    differing = [
        key
        for key, both in words.PAGE.items()
        if both[0] and len({frozenset(re.findall(r"{(\w+)[:}]", text)) for text in both}) > 1
    ]

    assert [] == differing


def test_every_verdict_has_its_word() -> None:
    assert set() == {verdict.value for verdict in Verdict} - set(words.VERDICTS)


@pytest.mark.parametrize(
    ("name", "both"),
    [
        ("test_loss after 1,000 steps", ("test loss after 1,000 steps", "1,000 ステップ後のテスト損失")),
        ("<b>mine</b>", ("<b>mine</b>", "<b>mine</b>")),
    ],
)
def test_a_metric_has_a_name_in_both_languages(name: str, both: words.Both) -> None:
    assert both == words.metric(name)


def test_of_a_pair_of_values_each_language_gets_its_own() -> None:
    english, japanese = words.filled("scale_of", {"value": ("full", "全体")})

    assert ("full" in english, "全体" in japanese, "全体" in english) == (True, True, False)


@pytest.mark.parametrize(("count", "text"), [(1, "1 run"), (2, "2 runs"), (1000, "1,000 runs")])
def test_a_count_has_the_form_of_its_unit(count: int, text: str) -> None:
    assert words.filled("runs_of", {"recipe": "vgg7", "count": count})[0] == f"vgg7: {text}"


def test_every_english_count_has_a_unit_that_can_be_one() -> None:
    plurals = r"{\w+} (?:seeds|runs|images|points|values|parts|entries|commits|places|stored|threads|pairs)"

    assert [] == [key for key, (english, _) in words.PAGE.items() if re.search(plurals, english)]


def test_the_japanese_spell_a_folder_in_one_way() -> None:
    texts = [japanese for part in (words.PAGE, words.TERMS, words.VERDICTS) for _, japanese in part.values()]

    assert [] == [text for text in texts if re.search("フォルダ(?!ー)", text)]
    assert ("補足", "フルスケール", "サブセット") == (
        words.PAGE["notes"][1],
        words.TERMS["full"][1],
        words.TERMS["subset"][1],
    )
