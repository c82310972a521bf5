"""The entry point of all emulated commands: writes the journal, applies faults, and sets the exit code."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pwd
import re
import shlex
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Mapping, NoReturn, Sequence

from pjm.emulator.commands import job_operations
from pjm.emulator.commands.getopt import Help
from pjm.emulator.history import Entry
from pjm.emulator.machine import faults, settings
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.faults import Rule, is_message
from pjm.emulator.machine.folder import Folder
from pjm.emulator.machine.messages import ACCEPTANCE, Refusal, Wrapped, said, template
from pjm.emulator.machine.resources import TEMPORARY
from pjm.emulator.machine.store import Store
from pjm.emulator.running import processes
from pjm.errors import BadInput

USER = "PJM_EMULATOR_USER"
BROKEN = 2
# The values in a message of a fault without a text.
EXAMPLES: Mapping[str, Sequence[object]] = {
    "49": (TEMPORARY, "--llio sharedtmp-size=90000Mi,localtmp-size=0Mi"),
    "54": ("node=1", 385),
    "57": ("node=32", 24),
    "70": (),
    "72": ("ru-accept",),
    "76": ("freq=9999", "2000,2200"),
}


def main(folder: str, command: str, *words: str) -> NoReturn:
    """Run one command and exit with its code."""
    # Like any command, Ctrl-C ends it without a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.stdout is None or sys.stderr is None:
        # The caller has closed them. Without a replacement, the database could get their file descriptors.
        nothing = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the command lasts
        sys.stdout, sys.stderr = sys.stdout or nothing, sys.stderr or nothing
    # PJM's messages are ASCII; texts of the user are printed unchanged.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    try:
        code = run(Folder(Path(folder)), command, list(words))
        sys.stdout.flush()
    except BadInput as error:
        print(f"{command} (emulator): {error}", file=sys.stderr)
        code = BROKEN
    except sqlite3.Error as error:
        print(*Refusal("91", str(error)).lines(command), sep="\n", file=sys.stderr)
        code = 1
    except OSError as error:
        code = 1
        if not isinstance(error, BrokenPipeError):
            print(f"{command} (emulator): {error}", file=sys.stderr)
        # So that Python has nothing to write to the broken stream when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def run(folder: Folder, command: str, words: Sequence[str]) -> int:
    """Run one command.

    Raises:
        BadInput: the emulator itself is set up wrongly, or was removed.
    """
    if not folder.commands.is_dir():
        raise BadInput(
            f"there is no emulator in {folder.path}",
            "its folder was removed",
            f"create it again: pjm emulator run --dir {shlex.quote(str(folder.path))} -- true",
        )
    user = caller()
    entry = Entry(folder.journal, command, words, user)
    kind = settings.read(folder.settings, os.environ)
    with Store(folder.database) as store:
        context = Context(folder, kind, store, faults.read(folder.faults, os.environ), user, [])
        rules = faults.of_command(context.faults, command, store)
        code = BROKEN
        try:
            code = _with_faults(context, command, words, rules)
        finally:
            entry.end(code, [str(rule["fault"]) for rule in rules], context.submitted)
    return code


def caller() -> str:
    """The name of the calling user; PJM_EMULATOR_USER replaces it."""
    name = os.environ.get(USER)
    if name:
        return name
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _with_faults(context: Context, command: str, words: Sequence[str], rules: Sequence[Rule]) -> int:
    by_name = {str(rule["fault"]): rule for rule in rules}
    _sleep(rules, "before")
    for name in ("banner", "loading"):
        if name in by_name:
            text = said("INFO", "0281", "pjstat", "Data loading...")
            print(by_name[name].get("text", "Welcome to the emulator\n") if name == "banner" else text)
    for rule in rules:
        if is_message(rule) or rule["fault"] == "message":
            return _fail(command, rule)
    output = io.StringIO()
    hidden = [name for name in ("lost-answer", "killed", "cut-output") if name in by_name]
    with contextlib.redirect_stdout(output) if hidden else contextlib.nullcontext():
        code = _dispatch(context, command, words, by_name)
    _sleep(rules, "after")
    if "killed" in by_name:
        os.kill(os.getpid(), signal.SIGKILL)
    if "cut-output" in by_name and "lost-answer" not in by_name:
        sys.stdout.write(output.getvalue()[: int(by_name["cut-output"].get("keep", 20))])
    if "lost-answer" in by_name:
        sys.stderr.write(str(by_name["lost-answer"].get("text", "")))
        return int(by_name["lost-answer"].get("exit", 0))
    return code


def _dispatch(context: Context, command: str, words: Sequence[str], by_name: dict[str, Rule]) -> int:
    try:
        if command in job_operations.OPERATIONS:
            return job_operations.run(context, command, words)
        module = importlib.import_module(f"pjm.emulator.commands.{command}")
        if "no-table" in by_name:
            return int(module.run_empty(words, bool(by_name["no-table"].get("header", False))))
        return int(module.run(context, words))
    except Refusal as refusal:
        print(*refusal.lines(command), sep="\n", file=sys.stderr)
    except Help as usage:
        print(usage)
        return 0
    except Wrapped as refusal:
        print(refusal, file=sys.stderr)
    except sqlite3.Error as error:
        # For example, the disk is full: the change was rolled back.
        print(*Refusal("91", str(error)).lines(command), sep="\n", file=sys.stderr)
    finally:
        # An error here must not change the answer; the next command will wake the daemon.
        with contextlib.suppress(OSError, sqlite3.Error):
            processes.ensure(context.folder, context.store)
    return 1


def _fail(command: str, rule: Rule) -> int:
    number = str(rule["fault"])
    if number == "message":
        print(rule.get("text", ""), file=sys.stderr)
        return 1
    text = str(rule.get("text", "")) or ACCEPTANCE.get(number, "")
    if number in ACCEPTANCE or number == "0079":
        refusal = Refusal("0079", (text or ACCEPTANCE["Q01"]).rstrip("."))
    elif text and _is_whole(text, template(number, command)):
        print(said("ERR.", number, command, text), file=sys.stderr)
        return 1
    else:
        # The text takes the first place in the message; examples take the others.
        values = list(EXAMPLES.get(number[2:], ("emulated",)))
        values[:1] = [f": {text.rstrip('.')}" if number[2:] == "70" else text.rstrip(".")] if text else values[:1]
        refusal = Refusal(number, *values)
    print(*refusal.lines(command), sep="\n", file=sys.stderr)
    return 1


def _is_whole(text: str, message: str) -> bool:
    """Whether a text is all of a message, values included, or the message has no place for it."""
    parts = [re.escape(part) for part in message.rstrip(".").split("{}")]
    return len(parts) == 1 or re.fullmatch("(.+)".join(parts) + r"\.?", text, re.DOTALL) is not None


def _sleep(rules: Sequence[Rule], when: str) -> None:
    delays = [rule for rule in rules if rule["fault"] == "delay" and rule.get("when", "before") == when]
    time.sleep(sum(float(rule.get("seconds", 1.0)) for rule in delays))
