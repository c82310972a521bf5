from __future__ import annotations

import json

import pytest

from mnist_repro.gate.sentence import Sentence, joined, parts_of, restored, say


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"what": [3]}, "of seed 3"),
        ({"what": [0, 1, 2]}, "of seeds 0, 1, 2"),
        ({"what": range(5)}, "of seeds 0 to 4"),
        ({"what": ["not shuffled", "rho 0.99"]}, "of not shuffled, rho 0.99"),
        ({"what": 1_000}, "of 1000"),
    ],
)
def test_a_value_is_said_in_english(values: object, text: str) -> None:
    assert isinstance(values, dict)

    assert text == say("of {what}", **values)


def test_a_count_has_its_unit() -> None:
    assert ["1 seed", "2 seeds", "1 entry", "1,000 entries"] == [
        say("{count:seed}", count=1),
        say("{count:seed}", count=2),
        say("{count:entry/entries}", count=1),
        say("{count:entry/entries}", count=1_000),
    ]


def test_several_sentences_are_one_with_the_parts_of_all() -> None:
    both = joined([say("seed {seed}", seed=3), "it is late"])

    assert both == "seed 3; it is late"
    assert [("seed {seed}", {"seed": 3}), ("it is late", {})] == list(both.parts)


def test_parts_go_through_json() -> None:
    texts = [say("of {seeds}", seeds=range(3)), "plain"]

    parts = json.loads(json.dumps(parts_of(texts)))

    assert {"of seeds 0 to 2": [["of {seeds}", {"seeds": {"first": 0, "last": 2}}]]} == parts
    again = restored("of seeds 0 to 2", parts)
    assert isinstance(again, Sentence)
    assert texts[0] == again
    assert "plain" == restored("plain", parts)
    with pytest.raises(ValueError, match="unpack"):
        restored("of", {"of": [["template"]]})
