from __future__ import annotations

import re
from pathlib import Path

import pytest

import mnist_repro.report
from mnist_repro.gate.sentence import restored, say
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.report.page import words
from mnist_repro.report.page.words import sentence
from mnist_repro.reproduction import hypotheses
from tests.builders import made_up_baselines

REPORT = Path(mnist_repro.report.__file__).parent
TEMPLATES = REPORT / "page" / "templates"
CANNOT_TELL = (
    "seed {seed} differs from the source's arithmetic from step {step} on (loss {found} instead of {expected}), "
    "and the losses cannot tell these apart: {kinds}"
)


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


@pytest.mark.parametrize(
    ("seeds", "told"),
    [([0, 1], "シード 0、1"), ([3], "シード 3"), (range(5), "シード 0 から 4"), ([7, 9, 10], "シード 7、9、10")],
)
def test_the_seeds_of_a_sentence_are_told_in_japanese(seeds: object, told: str) -> None:
    said = say("the same bits as stored for {seeds}", seeds=seeds)

    assert f"{told} の値は保存値とビット単位で一致" == sentence(said)[1]


def test_two_changes_at_once_are_told_one_by_one() -> None:
    both = hypotheses.on_top_of_epsilon()[10]
    apart = say(CANNOT_TELL, seed=1, step=2, found="1", expected="2", kinds=["not shuffled", str(both.kind)])

    assert sentence(both.kind) == ("epsilon inside the root, batch size doubled", "ε が平方根の中、バッチサイズが 2 倍")
    assert sentence(both.cause)[1].endswith("出典のフレームワークは sqrt(v) + ε で割る。バッチサイズがレシピの 2 倍")
    assert sentence(apart)[1].endswith("シャッフルなし、ε が平方根の中とバッチサイズが 2 倍")


@pytest.mark.parametrize("values", [{}, {"seeds": "{0.__class__}"}, {"seeds": [None, {}]}, {"seeds": ["a"]}])
def test_parts_that_somebody_wrote_into_a_gate_report_do_no_harm(values: object) -> None:
    said = restored("hostile", {"hostile": [["the same bits as stored for {seeds}", values]]})

    english, japanese = sentence(said)
    assert "hostile" == english
    assert japanese in ("hostile", "{0.__class__} の値は保存値とビット単位で一致")


def test_the_name_of_a_row_that_a_baseline_stores_is_told_in_japanese() -> None:
    assert ["ステップ 12 の損失", "ラベル 3 の予測のチェックサム"] == [
        sentence(name)[1] for name in ("loss of step 12", "checksum of predictions for label 3")
    ]


@pytest.mark.parametrize(
    "written", ["because I say so", "", "2 of 3", "no baseline for <b>{data}</b>", "it is late (EXT, PC 11)"]
)
def test_what_somebody_wrote_stays_as_it_is(written: str) -> None:
    assert sentence(written) == (written, written)


def test_a_very_long_text_is_not_searched_for_sentences() -> None:
    long = "the first " + "x step losses of x agree with the " * 3_000

    assert sentence(long) == (long, long)


def test_a_platform_is_named_as_it_is() -> None:
    here = made_up_baselines.PLATFORM

    said = say("stored on {theirs}, measured on {ours}", theirs=here, ours="elsewhere")
    assert here in sentence(said)[1]
