"""Tables and lines as people read them, and progress that shows on terminals only."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import select
import sys
from typing import Callable, ContextManager, Dict, Iterator

import pytest

from mnist_repro import display


def test_counts_are_named() -> None:
    assert ["1 epoch", "20 epochs", "1,000 steps", "0 seeds"] == [
        display.counted(1, "epoch"),
        display.counted(20, "epoch"),
        display.counted(1000, "step"),
        display.counted(0, "seed"),
    ]


def test_a_count_can_have_a_plural_of_its_own() -> None:
    assert ["1 entry", "2 entries"] == [display.counted(count, "entry", "entries") for count in (1, 2)]


def test_a_table_is_as_wide_as_it_needs_to_be() -> None:
    drawn = display.table(
        ("", "published", "measured", "verdict"),
        [("  test loss", "0.27075", "0.26973", "reproduced"), ("  test accuracy", "0.927", "", "not tested")],
    )

    assert (
        "                 published  measured  verdict\n"
        "  test loss        0.27075   0.26973  reproduced\n"
        "  test accuracy      0.927            not tested"
    ) == drawn


def test_what_looks_like_markup_is_text() -> None:
    assert "a           b\n[bold]x[/]  :smile:" == display.table(("a", "b"), [("[bold]x[/]", ":smile:")])


@pytest.mark.parametrize(
    "environment",
    [{"COLUMNS": "10"}, {"FORCE_COLOR": "1"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TTY_COMPATIBLE": "1"}],
)
def test_a_table_does_not_depend_on_the_terminal(environment: Dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("x" * 100, "1", "reproduced")]
    expected = display.table(("a", "b", "c"), rows)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert expected == display.table(("a", "b", "c"), rows)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_folds_tables_and_lines_at_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "52")
    line = "  drift: " + " ".join(["word"] * 40)
    rows = [("  test accuracy after 20 epochs", "0.92700", "0.92713", "reproduced")]
    monkeypatch.setattr(sys, "stdout", Terminal())
    drawn = display.table(("", "published", "measured", "verdict"), rows)
    folded = display.folded(line).splitlines()

    assert (
        "                     published  measured  verdict\n"
        "  test accuracy        0.92700   0.92713  reproduced\n"
        "after 20 epochs"
    ) == drawn
    assert line.split() == " ".join(folded).split()
    assert ("  drift: word", "    word", True) == (folded[0][:13], folded[1][:8], max(map(len, folded)) <= 52)


def test_a_line_has_a_fixed_width_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    assert [109, 11] == [len(line) for line in display.folded(" ".join(["word"] * 24)).splitlines()]


def test_what_is_being_done_is_said_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def doing() -> ContextManager[None]:
        return display.doing("drawing the page")

    assert b"drawing the page" in on_a_terminal("xterm", monkeypatch, doing, wait_for=b"page")
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    with doing():
        pass

    assert "" == shown.getvalue()


def test_nothing_is_shown_where_there_is_no_terminal_or_one_that_cannot_move(monkeypatch: pytest.MonkeyPatch) -> None:
    assert b"" == on_a_terminal("dumb", monkeypatch, three_steps).strip()
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    with display.bars() as show:
        show("wheel-softmax, seed 0", 10, 10)

    assert "" == shown.getvalue()


@pytest.mark.parametrize("term", ["xterm", ""])
def test_a_terminal_shows_a_run_and_its_steps(term: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert b"vgg7, seed 0" in on_a_terminal(term, monkeypatch, three_steps, wait_for=b"3/10 steps")


@contextlib.contextmanager
def three_steps() -> Iterator[None]:
    """Show three of ten steps."""
    with display.bars() as show:
        show("vgg7, seed 0", 3, 10)
        yield


def on_a_terminal(
    term: str, monkeypatch: pytest.MonkeyPatch, block: Callable[[], ContextManager[None]], wait_for: bytes = b""
) -> bytes:
    """What a block shows if standard error is a terminal of this kind."""
    monkeypatch.setenv("TERM", term)
    ours, theirs = pty.openpty()
    seen = b""
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with block():
            # rich draws ten times a second.
            while wait_for not in seen and select.select([ours], [], [], 10)[0]:
                seen += os.read(ours, 1 << 16)
    if select.select([ours], [], [], 0)[0]:
        seen += os.read(ours, 1 << 16)
    os.close(ours)
    return seen
