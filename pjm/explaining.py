"""What a user is told of a test whose job ended without its result."""

from __future__ import annotations

from typing import List, Tuple

from pjm.parts import Part
from pjm.results import Result, Trouble
from pjm.scheduler import Ending


def explain(test: str, part: Part, ending: Ending, job: str, retries: int) -> Result:
    """The result of a test that has none of its own.

    Args:
        test: node id.
        part: what was to run it.
        ending: how that ended.
        job: its id, name and script, for the user.
        retries: how often it was submitted again before; 0 if it is not the kind that is.
    """
    running = part.reading.running
    happened = [f"its job {ending.happened}" if _verb(ending) else f"its job did not end well: {ending.happened}"]
    if running is None:
        happened.append("no test was running" if _begun(part) else "no test had begun")
    elif running.test == test:
        happened.append(f"this test was running, in its {running.phase} phase")
    else:
        happened.append(f"this test had not begun; {running.test} was running, in its {running.phase} phase")
    if retries:
        happened.append(f"it was submitted {retries + 1} times (--fugaku-retries)")
    if part.tail.garbled:
        happened.append(f"{part.tail.garbled} lines of {part.tail.path} are garbled")
    trouble = Trouble("; ".join(happened), ending.advice or "run it again: pytest --fugaku --lf", job, _sections(part))
    mine = running is not None and running.test == test
    return Result(
        test,
        events=running.events if mine and running is not None else [],
        phase=running.phase if mine and running is not None else None,
        trouble=trouble,
    )


def _verb(ending: Ending) -> bool:
    return ending.happened.split(" ", 1)[0] in ("vanished:", "waited", "ran", "ended")


def _begun(part: Part) -> bool:
    return part.tail.offset > 0


def _sections(part: Part) -> Tuple[Tuple[str, str], ...]:
    words: List[Tuple[str, str]] = part.last_words()
    return tuple((title, text or "(empty)") for title, text in words)
