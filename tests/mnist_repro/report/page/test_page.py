from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.report.page.page import commit, last_values, render, require_ours, short, when, write
from mnist_repro.report.values import Note
from tests.builders import made_up_page
from tests.builders.page_reader import Page

COMMIT = "8cab39ffaebd9d8340d4f6ff395f49d2dcad7635"


@pytest.mark.parametrize(
    ("show", "value", "text"),
    [
        (when, "2026-01-02T03:04:05+00:00", "2026-01-02 03:04 UTC"),
        (when, None, "–"),
        (when, "<b>soon</b>", "<b>soon</b>"),
        (commit, COMMIT, COMMIT[:12]),
        (commit, f"{COMMIT}-dirty", f"{COMMIT[:12]}-dirty"),
        (commit, "", ""),
        (commit, "<b>mine</b>", "<b>mine</b>"),
        (short, 0.123456, "0.12346"),
        (short, None, "–"),
    ],
)
def test_moments_commits_and_numbers_are_short_and_other_texts_unchanged(
    show: Callable[[Any], str], value: object, text: str
) -> None:
    assert text == show(value)


def test_the_last_value_of_a_curve_is_left_out_if_it_is_not_finite() -> None:
    assert [0.5] == last_values({0: [(1, 0.75), (2, 0.5)], 1: [(1, float("nan"))], 2: []})


def test_what_is_empty_is_not_on_the_page() -> None:
    parts = ("glance", "recipes", "drift", "gate", "runs", "jobs", "history", "notes")

    shown = Page(render(made_up_page.document()))

    assert ["glance"] == [each for each in parts if each in shown.values("id")]
    assert {"#top", "#glance"} == {link for link in shown.values("href") if link.startswith("#")}


def test_notes_are_the_last_section() -> None:
    html = render(made_up_page.document(groups=[made_up_page.group()], notes=[Note("note_not_mnist")]))

    sections = re.findall(r'<section[^>]* aria-labelledby="([\w-]+)"', html)

    assert ["glance", "recipes", "runs", "notes"] == sections
    assert html.index("<footer>") > html.index('id="notes"')


def test_the_name_of_a_recipe_cannot_end_the_style() -> None:
    named = made_up_page.group(recipe='a"; } </style><script>alert(1)</script>')

    html = render(made_up_page.document(groups=[named]))

    assert '@page group-1 { @top-left { content: "a  stylescriptalert1script"; } }' in html
    assert 1 == len(Page(html).named("script"))


@pytest.mark.parametrize("text", [None, "<title>Its page \N{MIDDLE DOT} mnist-repro</title>"])
def test_an_older_page_of_ours_may_be_replaced(tmp_path: Path, text: object) -> None:
    if isinstance(text, str):
        (tmp_path / "index.html").write_text(text, encoding="utf-8")

    require_ours(tmp_path)


@pytest.mark.parametrize("text", ["", "<h1>mine</h1>", " " * 5_000 + "<title>a mnist-repro</title>"])
def test_a_page_of_another_program_is_not_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "index.html").write_text(text, encoding="utf-8")

    with pytest.raises(BadInput, match="is not a page that mnist-repro made"):
        write(made_up_page.document(), tmp_path)

    assert text == (tmp_path / "index.html").read_text(encoding="utf-8")
