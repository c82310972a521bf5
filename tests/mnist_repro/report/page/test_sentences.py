from __future__ import annotations

import pytest

from mnist_repro.gate.sentence import restored, say
from mnist_repro.report.page.sentences import sentence
from mnist_repro.reproduction import hypotheses
from tests.builders import made_up_baselines

CANNOT_TELL = (
    "seed {seed} differs from the source's arithmetic from step {step} on (loss {found} instead of {expected}), "
    "and the losses cannot tell these apart: {kinds}"
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
