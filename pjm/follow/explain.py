"""Builds the result of a test: from its own reports, or a failure that explains why there are none."""

from __future__ import annotations

import os
import re
import shlex
from typing import Iterator, List, Optional, Sequence, Tuple

from pjm import suggest
from pjm.batch.scheduler import Ending
from pjm.follow.jobs import FollowedShare
from pjm.follow.results import NoResult, Result
from pjm.job import captured_output
from pjm.job.assignment import share_folder
from pjm.job.share_events import BadEnd, TestEvents
from pjm.sessions.selection import HASH_SEED

_NO_MODULE = re.compile(r"\bModuleNotFoundError\b|\bNo module named\b")


def explain(
    test: str, share: FollowedShare, ending: Ending, retries: int, figures: str = "", needed: Sequence[str] = ()
) -> Result:
    """The result of a test whose job gave none: a failure that says why.

    Args:
        test: node id.
        share: the share that should have run the test.
        ending: how the share ended.
        retries: how often the test was submitted again before; 0 if its job ended in a way that is not retried.
        figures: what the batch system measured, in words; "" if nothing.
        needed: the tests that it waits for.
    """
    running = share.reading.running
    happened = [f"its job {ending.happened}" if _verb(ending) else f"its job did not end well: {ending.happened}"]
    happened += [figures] if figures else []
    if running is None:
        happened.append("no test was running" if _begun(share) else "no test had begun")
    elif running.test == test:
        happened.append(f"this test was running, in its {running.phase} phase")
    else:
        happened.append(f"this test had not begun; {running.test} was running, in its {running.phase} phase")
    if retries:
        happened.append(f"it was submitted {retries + 1} times (--fugaku-retries)")
    happened += _own_words(share)
    if share.tail.garbled:
        happened.append(f"{share.tail.garbled} lines of {share.tail.path} are garbled")
    again = suggest.run([*needed, test], "--fugaku") if needed else "pytest --fugaku --lf"
    what_next = ending.advice or f"run it again: {again}"
    if running is None or running.test != test:
        trouble = NoResult("; ".join(happened), what_next, share.description, _sections(share))
        return Result(test, trouble=trouble, ran_in=_ran_in(share))
    printed = captured_output.kept(share_folder(share.job.folder, share.number), running.phase)
    trouble = NoResult("; ".join(happened), what_next, share.description, (*printed, *_sections(share)))
    return Result(test, running.events, running.phase, trouble, cut_off=cut_off(share, test), ran_in=_ran_in(share))


def cut_off(share: FollowedShare, test: str) -> Optional[float]:
    """Seconds that a test had run when its job ended: the job's seconds without those before the test.

    None if another test was running, or the times are unknown.
    """
    running = share.reading.running
    if running is None or running.test != test or share.reading.began is None or running.started is None:
        return None
    return max(0.0, share.elapsed - (running.started - share.reading.began))


def _ran_in(share: FollowedShare) -> Optional[FollowedShare]:
    return share if share.id else None


def _own_words(share: FollowedShare) -> List[str]:
    """The last message that the worker wrote to the job's output."""
    lines = [line for _, text in share.last_words() for line in text.splitlines() if line.startswith("pjm: ")]
    return [line[len("pjm: ") :] for line in lines[-1:]]


def completed(share: FollowedShare, events: TestEvents, needed: Sequence[str] = ()) -> Result:
    """The result of a test that ended in its job, or that was not found there."""
    trouble = None
    if events.exit is not None:
        happened = f"it ended the session: {events.stopped}"
        trouble = NoResult(happened, "have a failure fail this test alone: pytest.fail(…)", share.description)
    elif events.crash is not None:
        happened = f"it took its process down in its {events.phase} phase: {events.crash}"
        what_next = f"run it here to see more: {suggest.run([*needed, events.test])}"
        trouble = NoResult(happened, what_next, share.description, (*events.printed, *_sections(share)))
    elif events.missing is not None and not events.skipped:
        what_next = _how_to_agree(events.missing) if events.instead is None else _how_to_repeat()
        happened = f"not found in the job: {events.missing}"
        if events.instead is not None:
            happened = f"not found in the job, where its parameters or their ids differ: {events.instead} was collected"
        trouble = NoResult(happened, what_next, share.description)
    skipped = events.missing if events.skipped else None
    begun = None if events.missing is not None else events.phase
    return Result(events.test, events.events, begun, trouble, skipped, ran_in=_ran_in(share), exit=events.exit)


def _how_to_repeat() -> str:
    advice = "draw no parameter or id at random, from the clock, from an address, or from the process"
    if os.environ.get(HASH_SEED, "").isdecimal():
        return advice
    return (
        f"{advice}; sort those that come from a set, or set {HASH_SEED}, which is not set here: {HASH_SEED}=0 pytest …"
    )


def bad_ends(share: FollowedShare, words: bool = True) -> Iterator[BadEnd]:
    """What went wrong in a share after its tests had ended.

    Args:
        share: a share that is closed, and whose tests have results of their own.
        words: whether to read the last output of a bad end that has no text of its own.
    """
    for process in share.reading.processes:
        for end in process.bad_ends():
            yield end if end.text else end._replace(text=_last_output(share) if words else "")
    last = share.reading.processes[-1:]
    if last and not (last[0].exit or last[0].crashed or share.reading.ended) and share.ending is not None:
        code = 0 if last[0].finish else 1
        happened = f"it {share.ending.happened}" if _verb(share.ending) else share.ending.happened
        yield BadEnd(
            f"{happened}; its tests had ended, and its Python had not", _last_output(share) if words else "", code
        )


def _last_output(share: FollowedShare) -> str:
    return "\n".join(line for _, text in share.last_words(15) for line in text.splitlines())


def _how_to_agree(missing: str) -> str:
    agree = "have the files, packages and plugins of the job (fugaku_python) agree with those here"
    path = os.environ.get("PYTHONPATH")
    if not path or not _NO_MODULE.search(missing):
        return agree
    line = f"export PYTHONPATH={shlex.quote(path)}"
    return f"{agree}; PYTHONPATH of this shell does not reach jobs: fugaku_prologue can have the line {line}"


def _verb(ending: Ending) -> bool:
    return ending.happened.split(" ", 1)[0] in ("vanished:", "waited", "ran", "ended", "was")


def _begun(share: FollowedShare) -> bool:
    return share.tail.offset > 0


def _sections(share: FollowedShare) -> Tuple[Tuple[str, str], ...]:
    words: List[Tuple[str, str]] = share.last_words()
    return tuple((title, text or "(empty)") for title, text in words)
