"""`pjm sessions`, `pjm show` and `pjm clean`: what there is of `pytest --fugaku`, explained and removed."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from pjm import advice
from pjm import session as sessions
from pjm.errors import BadInput
from pjm.events import Tail
from pjm.finished import Finished
from pjm.request import elapse_text
from pjm.session import Record, Session
from pjm.worker import EVENTS, PLAN, share_folder

_REMOVALS = 10
_LISTING = """\
  pjm sessions                         of the project in this folder, the oldest first
  pjm sessions --workdir other/.pjm    of another one
"""
_SHOWING = """\
  pjm show                             the latest session: its jobs and its tests without a result
  pjm show 20260102-030405-0a1b        that one
"""
_CLEANING = """\
  pjm clean 20260102-030405-0a1b       remove one session
  pjm clean --ended                    remove all that are done, cancelled or dry runs
  pjm clean --force 20260102-030405-0a1b
                                       also if its jobs may still run
"""


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the three. Their parsers set ``run``: arguments in, exit code out."""
    listing = _parser(subparsers, "sessions", "list the sessions of a project", _LISTING)
    _add_workdir(listing)
    listing.set_defaults(run=list_sessions)
    show = _parser(subparsers, "show", "what became of a session's jobs and tests", _SHOWING)
    show.add_argument("session", nargs="?", help="which (default: the latest)")
    _add_workdir(show)
    show.set_defaults(run=show_session)
    clean = _parser(subparsers, "clean", "remove sessions", _CLEANING)
    clean.add_argument("session", nargs="*", help="which")
    clean.add_argument("--ended", action="store_true", help="all that are done, cancelled or dry runs")
    clean.add_argument("--force", action="store_true", help="also those that are unfinished, in use or unreadable")
    _add_workdir(clean)
    clean.set_defaults(run=clean_sessions)


def _parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str, examples: str
) -> argparse.ArgumentParser:
    return subparsers.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=f"examples:\n{examples}\nExit codes: 0 done, 2 bad input or environment, 130 interrupted.\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_workdir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workdir",
        type=Path,
        default=advice.nearest(),
        metavar="DIR",
        help="as in --fugaku-workdir (default: .pjm in this folder, or in the nearest above it that has one)",
    )


def list_sessions(arguments: argparse.Namespace) -> int:
    """`pjm sessions`."""
    names = sessions.identities(arguments.workdir)
    if not names:
        print(f"no sessions in {arguments.workdir}")
    for name in names:
        try:
            summary = summarize(Session(arguments.workdir / name, sessions.read_facts(arguments.workdir / name)))
        except BadInput as error:
            print(f"{name}  unreadable: {error.what}")
            continue
        print(
            f"{name}  {summary['state']:10}  {summary['done']} of {summary['tests']} tests have results, "
            f"{summary['jobs']} jobs, {summary['arguments']}"
        )
    return 0


def show_session(arguments: argparse.Namespace) -> int:
    """`pjm show`."""
    session = sessions.find(arguments.workdir, arguments.session)
    summary = summarize(session)
    print(f"session {session.identity}: {summary['state']}")
    print(f"  begun {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(session.facts.get('created', 0)))}")
    print(f"  pytest {summary['arguments']}")
    print(f"  {summary['done']} of {summary['tests']} tests have results")
    for record in _live(session):
        ident = record.get("id") or record.get("name")
        used, wanted = record.get("node_hours_used", 0), record.get("node_hours_requested", 0)
        print(
            f"  job {ident}: {len(record.get('tests', []))} tests, {record.get('outcome') or record.get('state')}, "
            f"queued {elapse_text(max(0, record.get('queued_seconds') or 0))}, "
            f"ran {elapse_text(record.get('ran_seconds') or 0)}, node-hours {used:.3f} of {wanted:.3f}"
        )
    _print_some([f"{test}: {why}" for test, why in summary["settled"].items()])
    _print_some([f"no result yet: {test}" for test in summary["missing"]])
    if summary["state"] in ("unfinished", "cancelled"):
        print(f"  next: {advice.resume(session.folder)}")
    return 0


def _print_some(lines: Sequence[str]) -> None:
    for line in lines[:20]:
        print(f"  {line}")
    if len(lines) > 20:
        print(f"  … and {len(lines) - 20} more")


def clean_sessions(arguments: argparse.Namespace) -> int:
    """`pjm clean`."""
    known = sessions.identities(arguments.workdir)
    named = list(dict.fromkeys(arguments.session))
    listing = advice.pjm("sessions", arguments.workdir)
    if not named and not arguments.ended:
        raise BadInput("nothing to clean was named", "expected sessions, or --ended", f"type: {listing}")
    for name in named:
        if name not in known:
            raise BadInput(f"there is no session {name}", f"looked in {arguments.workdir}", f"type: {listing}")
        _clean(arguments.workdir / name, arguments.force)
    for name in known:
        if arguments.ended and name not in named:
            with contextlib.suppress(BadInput):  # it is in use, unfinished or unreadable
                _require_ended(arguments.workdir / name)
                _clean(arguments.workdir / name)
    return 0


def _clean(folder: Path, force: bool = False) -> None:
    """Remove a session, with other clients kept out meanwhile."""
    session = Session(folder, {})
    try:
        session.lock()
        _require_ended(folder)
    except BadInput:
        if not force:
            session.close()
            raise
    _remove(folder)
    session.close()
    print(f"removed {folder.name}")


def _require_ended(folder: Path) -> None:
    """Raise BadInput if a session's jobs may still run, as far as its journal says."""
    name = folder.name
    remove = advice.pjm(f"clean --force {name}", folder.parent)
    try:
        session = Session(folder, sessions.read_facts(folder))
        state = _state(session, session.journal())
    except BadInput as error:
        raise BadInput(
            f"session {name} is unreadable",
            f"nobody knows whether its jobs still run: {error.what}: {error.why}",
            f"remove it all the same: {remove}",
        ) from error
    if state == "unfinished":
        raise BadInput(
            f"session {name} is {state}",
            "its jobs may still run, and their results would be lost",
            f"finish it: {advice.resume(folder)}; or remove it all the same: {remove}",
        )


def summarize(session: Session) -> Dict[str, Any]:
    """State, numbers, what was told of tests without a result of their own, and tests of which nothing was."""
    journal = session.journal()
    tests: Dict[str, None] = {}
    done: Dict[str, bool] = {}
    settled: Dict[str, str] = {}
    jobs = 0
    for record in journal:
        if record["event"] == "settled":
            settled.update(record["tests"])
        if record["event"] != "planned":
            continue
        jobs += 1
        folder = session.job_folder(str(record["job"]))
        for number, share in enumerate(_shares(folder)):
            tests.update(dict.fromkeys(share["tests"]))
            finished = Finished()
            finished.take(Tail(share_folder(folder, number) / EVENTS).read())
            done.update(finished.done)
    return {
        "state": "in use" if _in_use(session.folder) else _state(session, journal),
        "tests": len(tests),
        "done": sum(1 for test in tests if test in done or test in settled),
        "settled": {test: why for test, why in settled.items() if test not in done},
        "missing": [test for test in tests if test not in done and test not in settled],
        "jobs": jobs,
        "arguments": " ".join(map(str, session.facts["arguments"])),
    }


def _state(session: Session, journal: Sequence[Record]) -> str:
    events = [str(record["event"]) for record in journal]
    if session.facts.get("dry_run") and not events:
        return "dry run"
    last = next((event for event in reversed(events) if event in ("done", "cancelled", "planned", "submitted")), None)
    if last in ("done", "cancelled") and not (last == "cancelled" and _in_doubt(journal)):
        return last
    return "unfinished" if last else "done"


def _in_doubt(journal: Sequence[Record]) -> bool:
    """Whether there is a job of which nobody knows whether it was taken."""
    last = {record["job"]: record["event"] for record in journal if "job" in record}
    return "submitting" in last.values()


def _in_use(folder: Path) -> bool:
    try:
        handle = os.open(str(folder / sessions.LOCK), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not sessions.lock_file(handle)
    except OSError:
        return False  # nobody can have a lock here
    finally:
        os.close(handle)


def _shares(folder: Path) -> List[Dict[str, Any]]:
    try:
        shares: List[Dict[str, Any]] = json.loads((folder / PLAN).read_text(encoding="ascii"))["shares"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return shares


def _live(session: Session) -> List[Dict[str, Any]]:
    try:
        document = json.loads((session.folder / sessions.LIVE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return []
    jobs: Optional[List[Dict[str, Any]]] = document.get("jobs") if isinstance(document, dict) else None
    return jobs or []


def _remove(folder: Path) -> None:
    """Remove a session's folder, although one of its jobs may still be writing into it."""
    for _ in range(_REMOVALS):
        shutil.rmtree(str(folder), ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.2)
    shutil.rmtree(str(folder))
