"""What an emulator tells tests about itself: calls of commands, whatever becomes of the disk."""

from __future__ import annotations

import json
from pathlib import Path

from pjm import emulator
from pjm.emulator.history import Entry, append
from tests.builders.emulated import Emulated
from tests.builders.processes import PATIENCE


def test_a_journal_on_a_full_disk_says_what_it_could(pjm: Emulated) -> None:
    pjm.command("pjstat", "1")
    journal = pjm.folder / "journal.jsonl"
    whole = journal.read_bytes()
    # The last line, of a command's end, is cut; and a beginning is missing.
    journal.write_bytes(whole[:-30])
    pjm.command("pjstat", "2")
    with journal.open("a", encoding="utf-8") as opened:
        opened.write(
            json.dumps({"event": "end", "call": "x", "seconds": 1, "exit": 0, "faults": [], "jobs": []}) + "\n"
        )

    found = emulator.calls(pjm.folder)

    assert [(("1",), None), (("2",), 0)] == [(call.argv, call.exit) for call in found]


def test_the_journal_has_every_command(pjm: Emulated) -> None:
    job = pjm.submit("true", "-N", "日本語")
    pjm.command("pjstat", "r1")

    first, second = emulator.calls(pjm.folder)
    assert ("pjsub", ("-z", "jid", "-N", "日本語", "job.sh"), 0, (job,)) == (
        first.command,
        first.argv,
        first.exit,
        first.jobs,
    )
    assert ("pjstat", ("r1",), 1) == (second.command, second.argv, second.exit)
    assert first.time <= second.time
    assert second.seconds is not None
    assert second.seconds < PATIENCE


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
