from __future__ import annotations

import pytest

from mnist_repro.report.page.sentences import sentence
from tests.builders import made_up_baselines


def test_the_seeds_of_a_sentence_are_told_in_japanese() -> None:
    assert sentence("the same bits as stored for seeds 0, 1")[1] == "シード 0、1 の値は保存値とビット単位で一致"


def test_two_changes_at_once_are_told_one_by_one() -> None:
    told = sentence("epsilon inside the root, batch size doubled")

    assert told == ("epsilon inside the root, batch size doubled", "ε が平方根の中、バッチサイズが 2 倍")


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

    assert here in sentence(f"stored on {here}, measured on elsewhere")[1]
