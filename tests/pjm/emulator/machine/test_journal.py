"""The journal: two lines for each command, whatever becomes of the disk."""

from __future__ import annotations

import json
from pathlib import Path

from pjm.emulator.machine.journal import Entry, append


def test_a_command_that_did_not_end_has_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    killed = Entry(path, "pjsub", ["-N", "\udcff"], "somebody")
    ended = Entry(path, "pjstat", [], "somebody")
    ended.end(1, ["0290"], ["12"])

    first, second, third = (json.loads(line) for line in path.read_text(encoding="ascii").splitlines())

    assert ("begin", killed.call, ["-N", "\udcff"]) == (first["event"], first["call"], first["argv"])
    assert ("begin", ended.call) == (second["event"], second["call"])
    assert ("end", ended.call, 1, ["0290"], ["12"]) == tuple(
        third[k] for k in ("event", "call", "exit", "faults", "jobs")
    )


def test_a_line_that_was_cut_off_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"a": 1}\n{"b"')

    append(path, {"c": 3})

    assert [{"a": 1}, {"c": 3}] == [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_journal_that_cannot_be_written_stops_no_command(tmp_path: Path) -> None:
    append(tmp_path / "missing" / "journal.jsonl", {})

    assert [] == list(tmp_path.iterdir())
