"""The command `pjm emulator`: runs a program with the emulated PJM commands on its PATH, or stops an emulator."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List, Mapping, Sequence

from pjm.emulator.history import jobs
from pjm.emulator.machine.folder import COMMANDS, Folder, environment
from pjm.emulator.machine.settings import checked, from_texts
from pjm.emulator.machine.store import ENDED
from pjm.emulator.running.processes import stop
from pjm.errors import BadInput

NOT_FOUND, NOT_EXECUTABLE = 127, 126
PATIENCE = 60.0

RUN = """\
Runs COMMAND with the emulated pjsub, pjstat, pjdel and other commands of PJM on its PATH. Without --dir the emulator
ends with COMMAND. With --dir its jobs go on, and the next run with the same folder continues with them.
"""


def add_emulator(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `emulator` to a command line. Each parser sets ``run``, a function from arguments to exit code."""
    emulator = subparsers.add_parser("emulator", help="run a command with an emulated PJM on this machine")
    actions = emulator.add_subparsers(dest="action", metavar="ACTION", required=True)
    run = actions.add_parser(
        "run",
        help="run one command with an emulator",
        description=RUN,
        epilog="example: pjm emulator run -- pjsub job.sh",
    )
    run.add_argument(
        "--nodes", type=int, metavar="N", help="compute nodes (default: those it has; 4 in a new emulator)"
    )
    run.add_argument("--dir", type=Path, metavar="D", help="keep the emulator in this folder")
    run.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting, such as second=0.01; repeatable"
    )
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND...", help="the command")
    run.set_defaults(run=run_command)
    stop = actions.add_parser("stop", help="delete all jobs of an emulator, and wait for their end")
    stop.add_argument("--dir", type=Path, required=True, metavar="D", help="the emulator's folder")
    stop.set_defaults(run=lambda arguments: _stopped(arguments.dir))


def run_command(arguments: argparse.Namespace) -> int:
    """Run `pjm emulator run`.

    Raises:
        BadInput: the command is missing, or an option is invalid.
    """
    words = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not words:
        raise BadInput(
            "no command to run with the emulator",
            "expected one after --",
            "type for example: pjm emulator run -- pjsub job.sh",
        )
    given = from_texts(dict(map(_setting, arguments.set)))
    checked(given, "--set")
    if arguments.nodes is not None:
        given = {"nodes": arguments.nodes, **given}
        checked(given, "--nodes")
    if arguments.dir is not None:
        return _run(arguments.dir, given, words)
    folder = Path(tempfile.mkdtemp(prefix="pjm-emulator-"))
    try:
        return _run(folder, given, words)
    finally:
        stop(folder)
        shutil.rmtree(str(folder), ignore_errors=True)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"--set {text} is no setting", "NAME=VALUE was expected", "type for example: --set second=0.01")
    return name, value


def _run(folder: Path, settings: dict[str, object], words: Sequence[str]) -> int:
    variables = {**os.environ, **environment(folder, settings=settings)}
    try:
        code = _ran(words, variables)
    except OSError as error:
        print(f"pjm emulator run: {words[0]}: {error.strerror}", file=sys.stderr)
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
    return code if code >= 0 else 128 - code


def _ran(words: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run a command to its end. Ctrl-C, SIGTERM and SIGHUP are left to the command, from its beginning."""
    running: List[subprocess.Popen[bytes]] = []
    asked: List[int] = []

    def pass_on(number: int, _: object) -> None:
        asked.append(number)
        for process in running:
            process.send_signal(number)

    # Handlers, because the command does not inherit them. It gets the Ctrl-C of a terminal itself.
    before = {signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None)}
    before[signal.SIGTERM] = signal.signal(signal.SIGTERM, pass_on)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as under nohup
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, pass_on)
    try:
        process = subprocess.Popen(list(words), env=variables)
        running.append(process)
        for number in asked:
            process.send_signal(number)
        return process.wait()
    finally:
        if signal.SIGHUP in asked:
            # A closed terminal sends SIGHUP twice, itself and through the shell: ignore the second while we clean up.
            before[signal.SIGHUP] = signal.SIG_IGN
        for which, handler in before.items():
            signal.signal(which, handler)


def _stopped(folder: Path) -> int:
    if not (folder / "bin" / COMMANDS[0]).exists():
        raise BadInput(
            f"{folder} is no emulator's folder", "it has no commands in it", "name the one that you ran with"
        )
    if stop(folder, PATIENCE):
        return 0
    left = ", ".join(f"{job.id} ({job.state})" for job in jobs(folder) if job.state not in ENDED)
    print(
        f"pjm emulator stop: after {PATIENCE:.0f} s {f'these jobs are left: {left}' if left else 'a process is left'}; "
        f"type it again, or see {Folder(folder).log}",
        file=sys.stderr,
    )
    return 1
