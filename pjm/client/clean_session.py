"""The command `pjm clean`, which removes sessions, also from the machine that had their jobs."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from pjm import suggest
from pjm.errors import BadInput
from pjm.sessions import index
from pjm.sessions.commands import add_parser, add_workdir
from pjm.sessions.session import Session, read_facts
from pjm.sessions.summary import making_sense, state_of

_REMOVALS = 10
_CLEANING = """\
  pjm clean 20260102-030405-0a1b       remove one session
  pjm clean --ended                    remove all that are done, cancelled or dry runs
  pjm clean --force 20260102-030405-0a1b
                                       also if its jobs may still run
"""


def add_clean(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    clean = add_parser(subparsers, "clean", "remove sessions", _CLEANING)
    clean.add_argument("session", nargs="*", help="IDs of the sessions")
    clean.add_argument("--ended", action="store_true", help="all sessions that are done, cancelled or dry runs")
    clean.add_argument("--force", action="store_true", help="also sessions that are unfinished, in use or unreadable")
    add_workdir(clean)
    clean.set_defaults(run=clean_sessions)


def clean_sessions(arguments: argparse.Namespace) -> int:
    """Run `pjm clean`."""
    known = index.identities(arguments.workdir)
    named = list(dict.fromkeys(arguments.session))
    listing = suggest.pjm("sessions", arguments.workdir)
    if not named and not arguments.ended:
        raise BadInput("nothing to clean was named", "expected sessions, or --ended", f"type: {listing}")
    for name in named:
        if name not in known:
            raise BadInput(f"there is no session {name}", f"looked in {arguments.workdir}", f"type: {listing}")
        _remove_all(_locked(arguments.workdir / name, arguments.force), arguments.force)
    for name in known if arguments.ended else ():
        if name not in named:
            try:
                session = _locked(arguments.workdir / name)
            except BadInput:
                continue  # in use, unfinished or unreadable
            _remove_all(session)
    return 0


def _locked(folder: Path, force: bool = False) -> Session:
    """A session whose jobs have ended, locked against other clients; with `force`, any."""
    session = Session(folder, {})
    try:
        session.lock()
        _require_ended(folder)
    except BadInput:
        if not force:
            session.close()
            raise
    return session


def _remove_all(session: Session, force: bool = False) -> None:
    """Remove a session there and here; with `force`, here even if it cannot be removed there."""
    try:
        _remove_there(session.folder)
    except BadInput as error:
        if not force:
            session.close()
            raise
        print(f"pjm: {error}", file=sys.stderr)
    _remove(session.folder)
    session.close()
    print(f"removed {session.identity}")


def _remove_there(folder: Path) -> None:
    """Remove the copy of a session on the machine that had its jobs, if that is another one.

    Raises:
        BadInput: it is not removed.
    """
    try:
        session = Session(folder, read_facts(folder))
    except BadInput:
        return  # removed with --force: nothing is known of it
    if not session.facts.get("host") or session.facts.get("dry_run"):
        return
    from pjm.client.batch_system import machine_of  # here, because it imports pytest

    machine = machine_of(session)
    code, _, errors = (0, "", "") if machine is None else machine.run(f"rm -rf .pjm/{folder.name}")
    if code:
        raise BadInput(
            f"session {folder.name} is not removed from {session.facts['host']}",
            errors.strip()[-200:],
            f"remove it here alone: {suggest.pjm(f'clean --force {folder.name}', folder.parent)}",
        )


def _require_ended(folder: Path) -> None:
    """Raise BadInput if, according to its journal, jobs of a session may still run."""
    name = folder.name
    remove = suggest.pjm(f"clean --force {name}", folder.parent)
    try:
        session = Session(folder, read_facts(folder))
        with making_sense(session):
            state = state_of(session, session.journal())
    except BadInput as error:
        raise BadInput(
            f"session {name} is unreadable",
            f"it is unknown whether its jobs still run: {error.what}: {error.why}",
            f"remove it all the same: {remove}",
        ) from error
    if state == "unfinished":
        raise BadInput(
            f"session {name} is {state}",
            "its jobs may still run, and their results would be lost",
            f"finish it: {suggest.resume(folder)}; or remove it all the same: {remove}",
        )


def _remove(folder: Path) -> None:
    """Remove a session's folder, even if one of its jobs is still writing into it."""
    for _ in range(_REMOVALS):
        shutil.rmtree(str(folder), ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.2)
    shutil.rmtree(str(folder))
