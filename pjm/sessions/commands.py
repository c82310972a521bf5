"""The commands `pjm sessions`, `pjm show` and `pjm log`, which list and explain sessions."""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

from pjm import suggest
from pjm.counted import counted
from pjm.elapse import elapse_text
from pjm.errors import BadInput
from pjm.sessions import index
from pjm.sessions.job_log import print_log, printable
from pjm.sessions.session import LIVE, Session, read_facts
from pjm.sessions.summary import SENSELESS, summarize

_LISTING = """\
  pjm sessions                         sessions of the project in this folder, the oldest first
  pjm sessions --workdir other/.pjm    sessions of another project
"""
_SHOWING = """\
  pjm show                             the latest session: its jobs and its tests without a result
  pjm show 20260102-030405-0a1b        that session
"""
_LOGGING = """\
  pjm log test_train                   in the latest session; a node id, or a part of it that names one test
  pjm log tests/test_it.py::test_train 20260102-030405-0a1b
"""


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the three commands. Each parser sets ``run``, a function from arguments to exit code."""
    listing = add_parser(subparsers, "sessions", "list the sessions of a project", _LISTING)
    add_workdir(listing)
    listing.set_defaults(run=list_sessions)
    show = add_parser(subparsers, "show", "show the jobs and tests of a session", _SHOWING)
    add_session(show)
    show.set_defaults(run=show_session)
    log = add_parser(subparsers, "log", "print the output of a test and of its job", _LOGGING)
    log.add_argument("test", help="node id or name of a test that ran in a job")
    add_session(log)
    log.set_defaults(run=print_log)


def add_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
    examples: str,
    codes: str = "0 done, 2 bad input or environment, 130 interrupted",
) -> argparse.ArgumentParser:
    """Add a command about sessions."""
    return subparsers.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=f"examples:\n{examples}\nExit codes: {codes}.\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_session(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name a session."""
    parser.add_argument("session", nargs="?", help="ID of the session (default: the latest)")
    add_workdir(parser)


def add_workdir(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the folder of all sessions."""
    parser.add_argument(
        "--workdir",
        type=Path,
        metavar="DIR",
        help="as --fugaku-workdir (default: that of your settings, else .pjm here or in the nearest folder above)",
    )


def list_sessions(arguments: argparse.Namespace) -> int:
    """Run `pjm sessions`."""
    names = index.identities(arguments.workdir)
    if not names:
        print(f"no sessions in {arguments.workdir}")
    for name in names:
        try:
            summary = summarize(Session(arguments.workdir / name, read_facts(arguments.workdir / name)))
        except BadInput as error:
            print(f"{name}  unreadable: {error.what}")
            continue
        how_far = f"{summary['done']} of {summary['tests']} tests have results, {counted(summary['jobs'], 'job')}"
        print(printable(f"{name}  {summary['state']:10}  {how_far}, {summary['arguments']}"))
    return 0


def show_session(arguments: argparse.Namespace) -> int:
    """Run `pjm show`."""
    session = index.find(arguments.workdir, arguments.session)
    summary = summarize(session)
    print(f"session {session.identity}: {summary['state']}")
    print(f"  begun {_date(session.facts.get('created'))}")
    print(printable(f"  pytest {summary['arguments']}"))
    print(f"  {summary['done']} of {summary['tests']} tests have results")
    asked, jobs = _live(session)
    if jobs:
        print(f"  the batch system at {_date(asked)}:")
    for record in jobs:
        with contextlib.suppress(*SENSELESS):  # a damaged file: it may be replaced at any moment
            since = summary["begun"].get((record["name"], record["part"]), "")
            later = f"; since then {since}" if since and record["state"] != "closed" else ""
            print(printable(_job_line(record) + later))
    _print_some(summary["bad_ends"])
    _print_some([f"{test}: {why}" for test, why in summary["settled"].items()])
    _print_some([f"no result yet: {test}" for test in summary["missing"]])
    if summary["unread"]:
        print(f"  {counted(summary['unread'], 'share')} not looked into, so as not to burden the file system")
    if summary["state"] in ("unfinished", "cancelled"):
        print(f"  next: {suggest.resume(session.folder)}")
    return 0


def _date(seconds: Any) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)) if seconds is not None else "at some time"
    except SENSELESS:
        return "at some time"


def _job_line(record: Dict[str, Any]) -> str:
    ident = record.get("id") or record.get("name")
    used, wanted = record.get("node_hours_used", 0), record.get("node_hours_requested", 0)
    return (
        f"  job {ident}: {counted(len(record.get('tests', [])), 'test')}, "
        f"{record.get('outcome') or record.get('state')}, "
        f"queued {elapse_text(max(0, record.get('queued_seconds') or 0))}, "
        f"ran {elapse_text(record.get('ran_seconds') or 0)}, node-hours {used:.3f} of {wanted:.3f}"
    )


def _print_some(lines: Sequence[str]) -> None:
    for line in lines[:20]:
        print(f"  {printable(line)}")
    if len(lines) > 20:
        print(f"  … and {len(lines) - 20} more")


def _live(session: Session) -> Tuple[Any, List[Dict[str, Any]]]:
    """The time of jobs.json, and its jobs."""
    try:
        document = json.loads((session.folder / LIVE).read_text(encoding="ascii"))
    except (OSError, ValueError, RecursionError):
        return None, []
    if not isinstance(document, dict) or not isinstance(document.get("jobs"), list):
        return None, []
    return document.get("time"), [job for job in document["jobs"] if isinstance(job, dict)]
