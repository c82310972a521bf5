"""The command `pjm log`: prints what a test has printed, and the output of the job in which it ran."""

from __future__ import annotations

import argparse
import difflib
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from pjm import suggest
from pjm.counted import counted
from pjm.errors import BadInput
from pjm.job import captured_output, events
from pjm.job.assignment import events_file, read_document, share_folder
from pjm.job.events import Tail
from pjm.job.share_events import Reading, TestEvents, outcomes
from pjm.sessions import index
from pjm.sessions.session import Session
from pjm.sessions.summary import making_sense

_SHOWN = 5  # tests that a message names
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# C0 and C1 but for tab and newline, and what changes the direction of text.
_HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def print_log(arguments: argparse.Namespace) -> int:
    """Run `pjm log`."""
    session = index.find(arguments.workdir, arguments.session)
    with making_sense(session):
        places = _places(session)
    test = _chosen(arguments.test, list(places), session)
    with making_sense(session):
        begun = [(each, found) for each in places[test] for found in [_events(each, test)] if found is not None]
        place, found = begun[-1] if begun else (places[test][-1], None)
        lines = [f"{test}: {_state(found)}, in job {place.id or place.job.name}"]
        for title, text in _sections(place, found):
            lines += [f"--- {title}", text.rstrip("\n")]
    for line in lines:
        print(printable(line))
    output = share_folder(place.job, place.number)
    _print_file(output.with_suffix(".out"), "standard output")
    _print_file(output.with_suffix(".err"), "standard error")
    for other in places[test]:
        if other is not place:
            print(printable(f"--- it was submitted in another job as well: {other.job}"))
    return 0


def printable(text: str) -> str:
    """The text without what a terminal would obey: colours are left out, and other control characters are shown."""
    text = _COLOUR.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _HARMFUL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


@dataclass(frozen=True)
class _Place:
    """A share of a job in which a test is. `id` is the batch system's; "" before it has given one."""

    job: Path
    number: int
    id: str


def _places(session: Session) -> Dict[str, List[_Place]]:
    """The shares of each test, in the order in which they were planned."""
    journal = session.journal()
    ids = {record["job"]: record["ids"] for record in journal if record["event"] == "submitted"}
    places: Dict[str, List[_Place]] = {}
    for job in (record["job"] for record in journal if record["event"] == "planned"):
        folder = session.job_folder(job)
        for number, share in enumerate(read_document(folder)["shares"]):
            place = _Place(folder, number, str(ids[job][number]) if number < len(ids.get(job, ())) else "")
            for test in share["tests"]:
                places.setdefault(test, []).append(place)
    return places


def _chosen(name: str, tests: Sequence[str], session: Session) -> str:
    """The test of this node id or name.

    Raises:
        BadInput: there is no such test, or there are several.
    """
    matches = [name] if name in tests else [test for test in tests if name in _names(test)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise BadInput(
            f"session {session.identity} has {len(matches)} tests that are called {printable(name)!r}",
            "this command shows the log of one test",
            f"type: {_commands(matches, session)}",
        )
    known = {called: test for test in tests for called in sorted(_names(test))}
    close = difflib.get_close_matches(name, known, _SHOWN) or [called for called in known if name in called]
    raise BadInput(
        f"session {session.identity} has sent no test that is called {printable(name)!r}",
        f"it has sent {counted(len(tests), 'test')} as jobs; tests without the mark fugaku run in pytest itself",
        f"type: {_commands([known[called] for called in close], session)}",
    )


def _commands(tests: Iterable[str], session: Session) -> str:
    """The commands that show the logs of some of these tests; if there are none, what else the session has."""
    words = [f"log {shlex.quote(test)} {session.identity}" for test in list(dict.fromkeys(tests))[:_SHOWN]]
    words = words or [f"show {session.identity}"]
    return printable("; or ".join(suggest.pjm(each, session.folder.parent) for each in words))


def _names(test: str) -> Tuple[str, ...]:
    """What a test may be called: its node id without folders, without its file, without its classes, parameters."""
    plain = test.partition("[")[0]
    file = plain.partition("::")[0]
    begins = (0, file.rfind("/") + 1, len(file) + len("::"), plain.rfind("::") + len("::"))
    return tuple(whole[begin:] for whole in (test, plain) for begin in begins)


def _events(place: _Place, test: str) -> Optional[TestEvents]:
    """What happened to a test in a share; None if it has not begun there."""
    reading = Reading()
    begun = [*reading.take(Tail(events_file(place.job, place.number)).read()), reading.running]
    return next((each for each in begun if isinstance(each, TestEvents) and each.test == test), None)


def _state(found: Optional[TestEvents]) -> str:
    if found is None:
        return "not begun"
    if found.missing is not None:
        return f"not found ({found.missing})"
    if found.crash is not None:
        return f"took its process down ({found.crash})"
    reports = dict(outcomes(found.events))
    if "teardown" not in reports:
        return f"in its {found.phase} phase"
    return next((outcome for outcome in ("failed", "skipped") if outcome in reports.values()), "passed")


def _sections(place: _Place, found: Optional[TestEvents]) -> Iterator[Tuple[str, str]]:
    """What the test itself has printed, with pytest's titles."""
    if found is None or found.missing is not None:
        return
    reports = [event["data"] for event in found.events if event["event"] == events.REPORT]
    if reports:  # a report has what those before it have
        yield from ((str(title), str(text)) for title, text in reports[-1].get("sections", ()))
    if found.crash is not None:
        yield from found.printed
    elif "teardown" not in dict(outcomes(found.events)):
        yield from captured_output.kept(share_folder(place.job, place.number), found.phase)


def _print_file(path: Path, title: str) -> None:
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            print(printable(f"--- {title} of the job: {path}"))
            for line in file:
                print(printable(line).rstrip("\n"))
    except OSError as error:
        print(printable(f"--- {title} of the job: {path}: {error.strerror}"))
