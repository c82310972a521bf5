"""Messages of PJM's commands."""

from __future__ import annotations

from typing import Tuple

import pytest

from pjm.emulator.machine.messages import Refusal, said

HINT = "Try `pjsub --help` for more information."


@pytest.mark.parametrize(
    ("refusal", "command", "lines"),
    [
        (Refusal("01", "-q"), "pjsub", ("[ERR.] PJM 0001 pjsub Unknown option or no option argument: -q.", HINT)),
        (Refusal("54", "node=0", 1), "pjsub", ("[ERR.] PJM 0054 pjsub node=0 is less than the lower limit (1).",)),
        (Refusal("12", "7"), "pjdel", ("[ERR.] PJM 0112 pjdel Job 7 does not exist.",)),
        (
            Refusal("13", "7"),
            "pjhold",
            ("[ERR.] PJM 0313 pjhold Job 7 is not in the state that pjhold can be accepted.",),
        ),
        # The same number, but a text of its own.
        (Refusal("13", "7"), "pjrls", ("[ERR.] PJM 0413 pjrls Job 7 status is not hold.",)),
        (Refusal("0079", "why"), "pjsub", ("[ERR.] PJM 0079 pjsub why.",)),
        (Refusal("25", details=("Line 2.",)), "pjsub", ("[ERR.] PJM 0025 pjsub Line length too long.", "Line 2.")),
        (Refusal("55"), "pjsub", ("[ERR.] PJM 0055 pjsub ",)),
    ],
)
def test_what_a_command_prints_when_it_refuses(refusal: Refusal, command: str, lines: Tuple[str, ...]) -> None:
    assert lines == refusal.lines(command)


def test_what_a_command_prints_when_it_succeeds() -> None:
    assert "[INFO] PJM 0400 pjrls Job 7 released." == said("INFO", "0400", "pjrls", "Job 7 released.")
