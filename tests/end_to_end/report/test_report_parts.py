from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path
from typing import Dict, Set
from xml.etree import ElementTree

import numpy as np

import mnist_repro.report
from mnist_repro.gate.baselines.values import BaselineFile, accepted
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.recipes import find
from mnist_repro.report.baseline_history import changes
from mnist_repro.report.digit_png import as_png
from mnist_repro.report.groups import published_values
from mnist_repro.report.page import figures, svg, words
from mnist_repro.report.page.glance import in_order, shared_facts, tally
from mnist_repro.report.page.numbers import as_printed, evenly, number, settled
from mnist_repro.report.page.page import commit, spread, when
from tests.builders import made_up_baselines

TEMPLATES = Path(mnist_repro.report.__file__).parent / "page" / "templates"


def test_a_digit_is_a_png_that_holds_its_pixels() -> None:
    image = np.arange(784, dtype=np.uint16).reshape(28, 28).astype(np.uint8)

    png = as_png(image)

    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks = _chunks(png)
    assert struct.unpack(">IIBB", chunks[b"IHDR"][:10]) == (28, 28, 8, 0)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(28, 29)
    np.testing.assert_array_equal(rows[:, 1:], image)
    assert not rows[:, 0].any()


def _chunks(png: bytes) -> Dict[bytes, bytes]:
    chunks, place = {}, 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        body = png[place + 4 : place + 8 + length]
        assert struct.unpack(">I", png[place + 8 + length : place + 12 + length]) == (zlib.crc32(body),)
        chunks[body[:4]] = body[4:]
        place += 12 + length
    return chunks


METRIC = {"stored": {"0": 0.5, "1": 0.25}, "measured": {"0": 0.5}, "margin": 0.125, "published": [0.375]}


def test_a_figure_has_no_style_of_its_own_and_words_in_both_languages() -> None:
    drawn = figures.points(METRIC)
    assert drawn is not None

    root = parsed(svg.for_page(drawn, "f1", words.FIGURES, "caption"))

    assert [] == [element.tag for element in root.iter() if "style" in element.attrib or element.tag == "style"]
    assert root.attrib["aria-labelledby"] == "caption"
    texts = {(element.get("lang"), element.text) for element in root.iter("text") if element.get("lang")}
    assert texts == {("en", "stored"), ("ja", "保存値"), ("en", "measured"), ("ja", "今回")}
    assert {"s-published", "f-band", "f-measured"} <= _classes(root)


def test_no_two_figures_of_a_page_share_an_id() -> None:
    drawn = figures.points(METRIC)
    assert drawn is not None

    first, second = (
        {
            element.attrib["id"]
            for element in parsed(svg.for_page(drawn, name, words.FIGURES, "")).iter()
            if "id" in element.attrib
        }
        for name in ("f1", "f2")
    )

    assert first
    assert first.isdisjoint(second)


def test_a_training_of_one_epoch_has_no_axis_between_epochs() -> None:
    drawn = figures.curves({"0": [[1, 0.5]], "1": [[1, 0.25]]}, [{"name": "loss", "points": [[1, 0.375]]}], "epoch")

    axis = [element.text for element in parsed(svg.for_page(drawn, "f1", words.FIGURES, "")).iter("text")]

    assert ["1"] == [text for text in axis if text and re.fullmatch("[01](?:[.]9.*|[.]0.*)?", text)]


def test_a_test_figure_that_was_scored_once_is_no_curve() -> None:
    curves = {"loss": {"0": [[3, 0.5]]}, "test_loss": {"0": [[3, 0.5]], "1": [[3, 0.25]]}, "test_accuracy": TWO_SCORES}

    assert ["loss", "test_accuracy"] == figures.curves_to_draw({"curves": curves})


TWO_SCORES = {"0": [[1, 0.5], [3, 0.75]]}


def parsed(figure: str) -> ElementTree.Element:
    return ElementTree.fromstring(figure)  # noqa: S314 - our own


def _classes(root: ElementTree.Element) -> Set[str]:
    return {name for element in root.iter() for name in element.get("class", "").split()}


def test_every_word_that_a_template_asks_for_is_there() -> None:
    asked = set()
    for template in TEMPLATES.glob("*.html"):
        asked |= set(re.findall(r"\b(?:t|words)\('(\w+)'", template.read_text(encoding="utf-8")))

    assert set() == asked - set(words.PAGE)


def test_every_word_of_the_page_is_used() -> None:
    sources = [*TEMPLATES.glob("*.html"), *TEMPLATES.parents[1].rglob("*.py")]
    named = set(re.findall(r"[\"'](\w+)[\"']", "\n".join(each.read_text(encoding="utf-8") for each in sources)))

    assert set() == set(words.PAGE) - named


def test_both_languages_say_the_same_values() -> None:
    differing = [
        key
        for key, both in words.PAGE.items()
        if both[0] and len({frozenset(re.findall(r"{\w+}", text)) for text in both}) > 1
    ]

    assert [] == differing


def test_every_verdict_has_its_word() -> None:
    assert set() == {verdict.value for verdict in Verdict} - set(words.VERDICTS)


def test_a_metric_is_told_in_both_languages() -> None:
    assert words.metric("test_loss after 1,000 steps") == (
        "test loss after 1,000 steps",
        "1,000 ステップ後のテスト損失",
    )


def test_the_history_has_old_and_new_of_each_change_in_turn() -> None:
    first = made_up_baselines.subset()
    twice = first
    for shift, reason in ((0.25, "first change"), (0.5, "second change")):
        moved = made_up_baselines.samples([loss + shift for loss in made_up_baselines.SPREAD])
        twice = accepted(twice, BaselineFile("wheel-softmax", "subset", (moved,)), "2026-01-02", reason)

    told = changes(twice.entries[0])

    assert ["first recording", "first change", "second change"] == [change["reason"] for change in told]
    assert told[0]["first"]
    losses = [(change["means"][0]["old"], change["means"][0]["new"]) for change in told[1:]]
    mean = sum(made_up_baselines.SPREAD) / len(made_up_baselines.SPREAD)
    np.testing.assert_allclose(losses, [(mean, mean + 0.25), (mean + 0.25, mean + 0.5)])


def test_what_is_spread_over_many_has_the_first_and_the_last() -> None:
    assert [0, 3, 6, 9] == evenly(list(range(10)), 4)
    assert [1, 2] == evenly([1, 2], 4)


def test_a_word_for_what_is_not_finite_is_no_number() -> None:
    assert not np.isfinite(number("nan"))
    assert not np.isfinite(number({"a": "mapping"}))


def test_numbers_of_a_column_have_the_same_decimals() -> None:
    assert "0.26750 ± 0.03536" == spread({"0": 0.2425, "1": 0.2925})
    assert ["0.92000", "0.00000", "5.8e-07", "1.23e+07"] == [
        settled(each) for each in (0.92, 0.0, 5.8e-7, 12_345_678.0)
    ]


def test_a_published_figure_has_no_decimals_that_nobody_printed() -> None:
    assert ["0.927", "0.27075", "0.05170"] == [as_printed(each) for each in (0.927, 0.2707519, 0.05170448)]


def test_a_moment_is_told_to_the_minute_and_other_texts_as_they_are() -> None:
    assert "2026-01-02 03:04 UTC" == when("2026-01-02T03:04:05+00:00")
    assert ["–", "<b>soon</b>"] == [when(each) for each in (None, "<b>soon</b>")]


def test_a_commit_is_short_and_says_when_the_checkout_differed() -> None:
    name = "8cab39ffaebd9d8340d4f6ff395f49d2dcad7635"

    assert ["8cab39ffaebd", "8cab39ffaebd-dirty"] == [commit(name), commit(f"{name}-dirty")]
    assert ["", "<b>mine</b>"] == [commit(""), commit("<b>mine</b>")]


def test_what_all_groups_share_is_said_once() -> None:
    first = {"scale": "full", "arithmetic": "original", "dataset": {"name": "mnist"}, "platform": "here", "runs": [1]}
    second = {**first, "scale": "subset"}

    assert {"arithmetic", "data", "platform", "seeds"} == set(shared_facts([first, second]))
    assert {} == shared_facts([])


def test_the_tally_counts_verdicts() -> None:
    groups = [{"verdict": each, "published_verdict": "reproduced"} for each in ("equivalent", "changed", "equivalent")]

    assert [
        ("against_baseline", [("equivalent", 2), ("changed", 1)]),
        ("against_published", [("reproduced", 3)]),
    ] == tally({"groups": groups})


def test_the_history_is_in_the_order_of_the_recipes() -> None:
    entries = [{"recipe": name} for name in ("vgg7", "keras-cnn", "wheel-softmax", "<b>", "vgg7")]

    assert ["wheel-softmax", "keras-cnn", "vgg7", "<b>"] == [name for name, _ in in_order(entries)]


def test_the_published_training_loss_stands_beside_the_measured() -> None:
    found = [published_values(find(name), f"training_loss after {after}") for name, after in PRINTED]

    assert [[0.2654], [], [0.034], [0.0035]] == found


PRINTED = (("keras-cnn", "1 epoch"), ("keras-cnn", "2 epochs"), ("vgg7-bn", "3 epochs"), ("vgg7-bn", "10 epochs"))
