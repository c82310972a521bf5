"""What a user is told of a test: its own reports, or why there are none."""

from __future__ import annotations

import os
import re
import shlex
from typing import List, Optional, Sequence, Tuple

from pjm import suggest as advice
from pjm.batch.scheduler import Ending
from pjm.follow.jobs import FollowedShare
from pjm.follow.results import NoResult, Result
from pjm.job import captured_output as captured
from pjm.job.assignment import share_folder
from pjm.job.share_events import TestEvents

_NO_MODULE = re.compile(r"\bModuleNotFoundError\b|\bNo module named\b")


def explain(
    test: str, part: FollowedShare, ending: Ending, retries: int, figures: str = "", needed: Sequence[str] = ()
) -> Result:
    """The result of a test that has none of its own.

    Args:
        test: node id.
        part: what was to run it.
        ending: how that ended.
        retries: how often it was submitted again before; 0 if it is not the kind that is.
        figures: what the batch system measured, in words; "" for nothing.
        needed: the tests that it waits for.
    """
    running = part.reading.running
    happened = [f"its job {ending.happened}" if _verb(ending) else f"its job did not end well: {ending.happened}"]
    happened += [figures] if figures else []
    if running is None:
        happened.append("no test was running" if _begun(part) else "no test had begun")
    elif running.test == test:
        happened.append(f"this test was running, in its {running.phase} phase")
    else:
        happened.append(f"this test had not begun; {running.test} was running, in its {running.phase} phase")
    if retries:
        happened.append(f"it was submitted {retries + 1} times (--fugaku-retries)")
    happened += _own_words(part)
    if part.tail.garbled:
        happened.append(f"{part.tail.garbled} lines of {part.tail.path} are garbled")
    again = advice.run([*needed, test], "--fugaku") if needed else "pytest --fugaku --lf"
    what_next = ending.advice or f"run it again: {again}"
    if running is None or running.test != test:
        return Result(test, trouble=NoResult("; ".join(happened), what_next, part.description, _sections(part)))
    printed = captured.kept(share_folder(part.job.folder, part.number), running.phase)
    trouble = NoResult("; ".join(happened), what_next, part.description, (*printed, *_sections(part)))
    return Result(test, running.events, running.phase, trouble, cut_off=_cut_off(part, running))


def _cut_off(part: FollowedShare, running: TestEvents) -> Optional[float]:
    """Seconds that the running test had when the job ended: what the job had, without those before it."""
    if part.reading.began is None or running.started is None:
        return None
    return max(0.0, part.elapsed - (running.started - part.reading.began))


def _own_words(part: FollowedShare) -> List[str]:
    """What the worker said with its last breath."""
    lines = [line for _, text in part.last_words() for line in text.splitlines() if line.startswith("pjm: ")]
    return [line[len("pjm: ") :] for line in lines[-1:]]


def completed(part: FollowedShare, found: TestEvents, needed: Sequence[str] = ()) -> Result:
    """The result of a test that has come to an end in its job, or that was not found there.

    Args:
        part: what has run it.
        found: what is known of it.
        needed: the tests that it waits for.
    """
    trouble = None
    if found.crash is not None:
        happened = f"it took its process down in its {found.phase} phase: {found.crash}"
        what_next = f"run it here to see more: {advice.run([*needed, found.test])}"
        trouble = NoResult(happened, what_next, part.description, (*found.printed, *_sections(part)))
    elif found.missing is not None and not found.skipped:
        trouble = NoResult(f"not found in the job: {found.missing}", _how_to_agree(found.missing), part.description)
    skipped = found.missing if found.skipped else None
    begun = None if found.missing is not None else found.phase
    return Result(found.test, found.events, begun, trouble, skipped)


def _how_to_agree(missing: str) -> str:
    agree = "have the files, packages and plugins of the job (fugaku_python) agree with those here"
    path = os.environ.get("PYTHONPATH")
    if not path or not _NO_MODULE.search(missing):
        return agree
    line = f"export PYTHONPATH={shlex.quote(path)}"
    return f"{agree}; PYTHONPATH of this shell does not reach jobs: fugaku_prologue can have the line {line}"


def _verb(ending: Ending) -> bool:
    return ending.happened.split(" ", 1)[0] in ("vanished:", "waited", "ran", "ended", "was")


def _begun(part: FollowedShare) -> bool:
    return part.tail.offset > 0


def _sections(part: FollowedShare) -> Tuple[Tuple[str, str], ...]:
    words: List[Tuple[str, str]] = part.last_words()
    return tuple((title, text or "(empty)") for title, text in words)
