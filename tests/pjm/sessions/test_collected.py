"""The copy of what was read: it gives back whole pieces, whatever a client that died has left behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pjm.sessions.collected import COLLECTED, Collected, Piece

PIECES = [
    Piece("job-0", 0, 0, b'{"event":"begin"}\n'),
    Piece("job-0", 17, 40, b"\xff[]\n\n"),
    Piece("job-1", 0, 0, b"a\n"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    collected = Collected(tmp_path)
    collected.add(PIECES[:2])
    collected.add(PIECES[2:])
    collected.close()
    return tmp_path / COLLECTED


def test_what_was_added_comes_back_in_order(copy: Path) -> None:
    assert PIECES == list(Collected(copy.parent).pieces())


def test_without_a_copy_there_are_no_pieces(tmp_path: Path) -> None:
    assert [] == list(Collected(tmp_path).pieces())


@pytest.mark.parametrize("lost", [1, 2, 30])
def test_a_piece_that_is_cut_off_is_left_out_and_removed_before_the_next(copy: Path, lost: int) -> None:
    copy.write_bytes(copy.read_bytes()[:-lost])
    collected = Collected(copy.parent)

    collected.add([PIECES[0]])

    assert [*PIECES[:2], PIECES[0]] == list(collected.pieces())


@pytest.mark.parametrize(
    "damage", [b"\0", b"[1]\n", b'["job", 0, 0, -1, 0]\n', b'["job", 0, 0, 2, 0]\na\n', b"x" * 100]
)
def test_what_is_damaged_ends_the_copy(copy: Path, damage: bytes) -> None:
    copy.write_bytes(copy.read_bytes() + damage)

    assert PIECES == list(Collected(copy.parent).pieces())


def test_who_stops_reading_before_the_end_cuts_nothing_off(copy: Path) -> None:
    collected = Collected(copy.parent)
    next(collected.pieces())

    collected.add([PIECES[0]])

    assert [*PIECES, PIECES[0]] == list(Collected(copy.parent).pieces())


def test_a_heading_that_names_more_bytes_than_there_are_ends_the_copy(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes() + b'["job-1", 0, 2, 99999999999999, 0]\nb\n')

    assert PIECES == list(Collected(copy.parent).pieces())
