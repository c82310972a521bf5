"""The commands `pjm wait`, `pjm cancel` and `pjm clean`, for sessions that were left, and for those that are over."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator, NoReturn, Optional, Sequence

from pjm import suggest
from pjm.batch.scheduler import UnansweredError
from pjm.counted import counted
from pjm.errors import BadInput
from pjm.sessions import index
from pjm.sessions.commands import add_parser, add_session, add_workdir
from pjm.sessions.session import Session, read_facts
from pjm.sessions.summary import in_use, making_sense, state_of, summarize

_LOOK = 0.5  # seconds between looks whether another client has ended
_INTERRUPTED = 2  # exit code of pytest
_SHOWN = 20  # ids that a message names
_REMOVALS = 10
_WAITING = """\
  pjm wait                             wait until the latest session is over
  pjm wait && ./publish                then run another command if the session passed
"""
_CANCELLING = """\
  pjm cancel                           delete the jobs of the latest session
  pjm cancel 20260102-030405-0a1b      delete those of that session
"""
_CLEANING = """\
  pjm clean 20260102-030405-0a1b       remove one session
  pjm clean --ended                    remove all that are done, cancelled or dry runs
  pjm clean --force 20260102-030405-0a1b
                                       also if its jobs may still run
"""


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the three commands. Each parser sets ``run``, a function from arguments to exit code."""
    codes = "those of pytest, 2 also for bad input or environment, 130 interrupted (the jobs run on)"
    wait = add_parser(subparsers, "wait", "wait until a session is over, and end with its exit code", _WAITING, codes)
    add_session(wait)
    wait.set_defaults(run=wait_for_session)
    cancel = add_parser(subparsers, "cancel", "delete the jobs of a session that no pytest follows", _CANCELLING)
    add_session(cancel)
    cancel.set_defaults(run=cancel_session)
    clean = add_parser(subparsers, "clean", "remove sessions", _CLEANING)
    clean.add_argument("session", nargs="*", help="IDs of the sessions")
    clean.add_argument("--ended", action="store_true", help="all sessions that are done, cancelled or dry runs")
    clean.add_argument("--force", action="store_true", help="also sessions that are unfinished, in use or unreadable")
    add_workdir(clean)
    clean.set_defaults(run=clean_sessions)


def wait_for_session(arguments: argparse.Namespace) -> int:
    """Run `pjm wait`.

    The exit code is pytest's: unmarked tests, jobs that are tried again and other plugins have a part in it. So a
    session that was left is continued as by `--fugaku-resume`; of a session that is over, the code was noted.
    """
    session = index.find(arguments.workdir, arguments.session)
    if session.facts.get("dry_run") and not session.journal():
        raise BadInput(
            f"session {session.identity} is a dry run",
            "it submitted no jobs",
            f"submit them: {suggest.again(session.facts)}",
        )
    if in_use(session.folder):
        print(f"session {session.identity}: waiting for the pytest that follows it", flush=True)
    while in_use(session.folder):
        time.sleep(_LOOK)
    code = _noted_code(session)
    if code is None:
        return _resume(session)
    print(f"session {session.identity} ended with exit code {code}")
    return code


def _noted_code(session: Session) -> Optional[int]:
    """The exit code of a session that is over; None if it is not over, or if its client could not note it."""
    with making_sense(session):
        journal = session.journal()
        state = state_of(session, journal)
        last = [record for record in journal if record["event"] in ("done", "cancelled", "exit")][-1:]
        if state in ("done", "cancelled") and last and last[0]["event"] == "exit":
            return int(last[0]["code"])
        return _INTERRUPTED if state == "cancelled" else None


def _resume(session: Session) -> int:
    """Continue a session in another process, and return its exit code. Ctrl-C ends that process and not the jobs."""
    options = [f"--fugaku-resume={session.identity}", f"--fugaku-workdir={session.folder.parent.resolve()}"]
    start = session.facts.get("start")
    if isinstance(start, str) and not Path(start).is_dir():
        raise BadInput(
            f"session {session.identity} was begun in {start}",
            "there is no such folder now",
            f"move the project back, then type: {_when_moved_back(session, start)}",
        )
    with _ends_as_by_ctrl_c(signal.SIGTERM, signal.SIGHUP):
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "pytest_pjm", *options],
            cwd=start if isinstance(start, str) else None,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C would reach it, and cancel the jobs
        )
        try:
            code = process.wait()
            return code if code >= 0 else 128 - code
        except KeyboardInterrupt:
            print(f"\npjm: the jobs run on; continue with: {_command('wait', session)}", file=sys.stderr)
            raise
        finally:
            process.kill()  # SIGTERM would cancel the jobs. Nothing is lost: the next client reads the journal
            process.wait()


@contextlib.contextmanager
def _ends_as_by_ctrl_c(*numbers: int) -> Iterator[None]:
    def stop(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]  # nohup ignores SIGHUP
    before = {number: signal.signal(number, stop) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def cancel_session(arguments: argparse.Namespace) -> int:
    """Run `pjm cancel`."""
    # Here, because they import pytest, which the other commands of `pjm` do not need.
    from pjm.client import batch_system
    from pjm.client.terminal import live_records
    from pjm.follow.cancel_session import cancel

    session = index.find(arguments.workdir, arguments.session)
    scheduler, mirror = batch_system.of(session)
    session.lock()
    try:
        with session.writing():
            cancelled = cancel(session, scheduler, mirror)
            session.write_live(live_records(cancelled.jobs, time.time()))
    except UnansweredError as error:
        raise BadInput(
            f"session {session.identity}: jobs may still run, because they could not be cancelled",
            str(error),
            f"type the same again: {_command('cancel', session)}",
        ) from error
    finally:
        session.close()
    summary = summarize(session)
    print(f"session {session.identity}: {_how_many(cancelled.ids)}")
    print(f"  {cancelled.node_hours:.3f} node-hours used, {summary['done']} of {summary['tests']} tests have results")
    if cancelled.doubtful:
        raise BadInput(
            f"{counted(len(cancelled.doubtful), 'job')} of session {session.identity} may still start",
            "the answer to the submission was lost, and the batch system does not list the name yet",
            f"type the same again in a few minutes: {_command('cancel', session)}",
        )
    if summary["state"] in ("unfinished", "cancelled"):
        print(f"  next: {suggest.resume(session.folder)}")
    return 0


def _how_many(ids: Sequence[str]) -> str:
    if not ids:
        return "no job was left to cancel"
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return f"{counted(len(ids), 'job')} cancelled: {', '.join(ids[:_SHOWN])}{more}"


def _command(name: str, session: Session) -> str:
    return suggest.pjm(f"{name} {session.identity}", session.folder.parent)


def _when_moved_back(session: Session, start: str) -> str:
    """The command that waits for a session whose project is in `start` again, and the session's folder with it."""
    command = f"cd {shlex.quote(start)} && pjm wait {session.identity}"
    workdir = session.folder.parent
    return command if workdir.name == suggest.DEFAULT else f"{command} --workdir={shlex.quote(str(workdir.absolute()))}"


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
