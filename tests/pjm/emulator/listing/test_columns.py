"""The columns of pjstat: order, widths, masks, and fields for programs."""

from __future__ import annotations

import time
from typing import Dict

import pytest

from pjm.emulator.listing.columns import BY_ITEM, chosen, data, table
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.store import Job
from pjm.emulator.running.statistics import Row
from tests.builders.emulated import changed

JOB = Job(48000001234, -1, "NM", "a\n48000009 b, c", "somebody", "hp000000", state="QUE", reason="INSUFF NODE")
NOON = time.mktime((2027, 1, 2, 12, 0, 0, 0, 0, -1))


def test_cells_are_padded_and_cut_but_for_ids() -> None:
    assert ["JOB_ID     ST  USER    ", "48000001234 QUE somebody"] == table(chosen("jid,st,usr", False), [Row(JOB, 0)])


def test_a_name_cannot_make_two_rows_of_one() -> None:
    assert ["JOB_NAME  ", "a 48000009"] == table(chosen("jnam", False), [Row(JOB, 0)])


@pytest.mark.parametrize(
    ("item", "values", "spec", "text"),
    [
        ("sdt", {}, {}, "-"),
        ("sdt", {"state": "RNA", "planned": NOON}, {}, "(01/02 12:00)"),
        ("sdt", {"started": NOON}, {}, "01/02 12:00:00"),
        ("sdt", {}, {"at": NOON}, "(01/02 12:00)@"),
        ("sdt", {"state": "CCL"}, {"at": NOON}, "-"),
        ("elpl", {"elapse": 120}, {"least": 60}, "0000:01:00-0000:02:00"),
        ("elpl", {"elapse": 120}, {}, "0000:02:00"),
        ("nnumr", {"nodes": 12}, {"shape": "2x3x2"}, "12:2x3x2"),
        ("nnuma", {"nodes": 432}, {"shape": "6x9x8"}, "-"),
        ("nnuma", {"nodes": 432, "started": 1.0}, {"shape": "6x9x8"}, "432:6x9x8"),
        ("rankm", {}, {}, "bychip"),
        ("rankm", {"model": "BU"}, {}, "-"),
        ("ec", {"ec": 3}, {}, "3"),
        ("ec", {"model": "ST"}, {}, "-"),
    ],
)
def test_what_a_cell_says(item: str, values: Dict[str, object], spec: Dict[str, object], text: str) -> None:
    job = changed(JOB, **values, spec=spec)

    assert text == BY_ITEM[item].item.of(Row(job, NOON))


def test_of_repeated_columns_the_last_counts_and_unknown_ones_are_dropped() -> None:
    assert ["st", "jid"] == [column.item.key for column in chosen("jid,ST, nonsense,jid", False)]
    assert ["jid", "mail"] == [column.item.key for column in chosen("jid,mail", True)]
    assert ["jid"] == [column.item.key for column in chosen("jid,mail", False)]


@pytest.mark.parametrize(("text", "statistical"), [("nonsense", True), ("mail", False), ("", False)])
def test_columns_of_which_none_is_known_are_refused(text: str, statistical: bool) -> None:
    with pytest.raises(Refusal) as refused:
        chosen(text, statistical)

    assert (f"[ERR.] PJM 0204 pjstat Invalid option argument: --choose {text}.",) == refused.value.lines("pjstat")


def test_the_delimiter_in_a_field_is_quoted() -> None:
    assert ["H,JOB_NAME,ST", ',"a 48000009 b, c",QUE'] == data(chosen("jnam,st", False), [Row(JOB, 0)], ",")


def test_a_quotation_mark_at_the_start_of_a_field_is_quoted() -> None:
    row = Row(changed(JOB, name='"a","b'), 0)

    assert [',"""a"",""b"'] == data(chosen("jnam", False), [row], ",")[1:]


@pytest.mark.parametrize("letter", ["\n", "\r", "\x1b", "\x85", "\u2028", "\u202e", "\u2066"])
def test_a_character_that_would_split_or_turn_a_row_is_a_blank(letter: str) -> None:
    assert "a b" == BY_ITEM["jnam"].item.of(Row(changed(JOB, name=f"a{letter}b"), 0))


def test_of_anothers_job_only_the_public_columns_show() -> None:
    assert ["H;ST;USER;REASON;EC", ";QUE;********;********;***"] == data(
        chosen("st,usr,ermsg,ec", False), [Row(JOB, 0, masked=True)], ";"
    )
