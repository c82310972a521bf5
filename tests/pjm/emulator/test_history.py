"""What an emulator tells tests about itself: calls of commands."""

from __future__ import annotations

import json

from pjm import emulator
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
