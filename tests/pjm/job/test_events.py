"""Events are written whole and read as they come; values that JSON has no words for come back as they were."""

from __future__ import annotations

import errno
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjm.job.events import VALUE_KIND, EventLog, Tail, decode, encode


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def names(tail: Tail) -> List[object]:
    return [event["event"] for event in tail.read()]


def add(file: Path, data: bytes) -> None:
    with file.open("ab") as opened:
        opened.write(data)


def test_a_line_is_read_once_and_when_it_is_whole(file: Path) -> None:
    tail = Tail(file)
    assert [] == names(tail)

    EventLog(file).write("begin")
    add(file, b'{"event":')
    assert ["begin"] == names(tail)
    assert [] == names(tail)
    add(file, b'"end"}\n')

    assert ["end"] == names(tail)
    assert 0 == tail.garbled


def test_a_line_that_its_writer_takes_back_harms_none_after_it(file: Path) -> None:
    tail, log = Tail(file), EventLog(file)
    log.write("begin")
    size = file.stat().st_size
    add(file, b'{"event":"star')  # the disk is full
    assert ["begin"] == names(tail)
    with file.open("ab") as opened:
        opened.truncate(size)

    log.write("end")

    assert (["end"], 0) == (names(tail), tail.garbled)


def test_a_predecessor_that_died_within_a_line_costs_that_line_only(file: Path) -> None:
    tail = Tail(file)
    add(file, b'{"event":"star')
    EventLog(file).write("begin")

    assert (["begin"], 1) == (names(tail), tail.garbled)


def test_a_file_that_cannot_be_read_is_nothing_new_and_is_said_if_it_lasts(tmp_path: Path) -> None:
    share = tmp_path / "share-0"
    share.write_text("no folder")
    tail = Tail(share / "events.jsonl")

    assert ([], None) == (tail.read(), tail.trouble)
    assert ([], f"{tail.path} cannot be read: {os.strerror(errno.ENOTDIR)}") == (tail.read(), tail.trouble)

    share.unlink()
    share.mkdir()
    EventLog(tail.path).write("begin")
    assert (["begin"], None) == (names(tail), tail.trouble)


def test_a_line_whose_bytes_are_still_on_their_way_is_waited_for(file: Path) -> None:
    tail = Tail(file, patience=3)
    file.write_bytes(b'{"event":"begin"}\n' + bytes(14) + b'}\n{"event":"end"}\n')
    assert ["begin"] == names(tail)
    assert [] == names(tail)

    file.write_bytes(b'{"event":"begin"}\n{"event":"stop"}\n{"event":"end"}\n')

    assert ["stop", "end"] == names(tail)
    assert 0 == tail.garbled


def test_a_line_whose_bytes_never_come_is_not_waited_for_for_ever(file: Path) -> None:
    tail = Tail(file, patience=3)
    file.write_bytes(bytes(10) + b'\n{"event":"end"}\n')

    assert [[], [], ["end"], []] == [names(tail) for _ in range(4)]
    assert 1 == tail.garbled


def test_a_look_that_may_have_missed_lines_says_so_until_it_is_given_up(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    stale, late = Tail(folder, patience=3), Tail(tmp_path / "late", patience=3)
    late.path.write_bytes(b"\0" * 9 + b"\n")

    seen = [(stale.fetch(), stale.behind, late.fetch(), late.behind) for _ in range(2)]

    assert [(b"", True, b"", True)] * 2 == seen
    stale.fetch()
    late.fetch()
    assert not stale.behind
    assert not late.behind


HASHABLE = st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.tuples(st.integers(), st.text())
VALUES = st.recursive(
    HASHABLE | st.floats(allow_nan=False) | st.sets(HASHABLE) | st.frozensets(HASHABLE),
    lambda inner: st.lists(inner) | st.dictionaries(HASHABLE, inner) | st.lists(inner).map(tuple),
    max_leaves=10,
)


def sent(value: object) -> Any:
    return json.loads(json.dumps(encode(value)), object_hook=decode)


class Silent:
    def __repr__(self) -> str:
        raise ValueError("no")


@given(VALUES)
def test_a_value_comes_back_with_its_type(value: object) -> None:
    assert repr(value) == repr(sent(value)) or value == sent(value)


@given(st.dictionaries(st.sampled_from([VALUE_KIND, "a"]), st.sampled_from(["tuple", "x"])))
def test_a_dictionary_that_looks_like_a_code_is_a_dictionary(value: object) -> None:
    assert value == sent(value)


@pytest.mark.parametrize(
    ("value", "text", "representation"),
    [
        (Decimal("1.50"), "1.50", "Decimal('1.50')"),
        (Path("a", "b"), "a/b", "'a/b'"),
        (Silent(), *["<Silent that cannot be shown: ValueError>"] * 2),
    ],
    ids=["a number", "a path", "an object that fails"],
)
def test_any_other_value_looks_as_it_did(value: object, text: str, representation: str) -> None:
    found = sent(value)

    assert (text, representation) == (str(found), repr(found))


@pytest.mark.parametrize("kind", ["later", 1, ["tuple"]], ids=str)
def test_a_kind_of_a_later_version_is_refused(kind: object) -> None:
    with pytest.raises(ValueError, match="is no kind of value that this version of pjm knows"):
        decode({VALUE_KIND: kind})
