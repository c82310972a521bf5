"""Runs a command line: errors become messages and exit codes, also where standard streams are closed or full."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import traceback
from pathlib import Path
from typing import Callable, List, Optional, TextIO

from mnist_repro.errors import BadInput, ExitCode

# The packages of each extra: a plain installation has none of them.
PACKAGES = {
    **dict.fromkeys(("numpy", "scipy", "yaml", "rich"), "gate"),
    **dict.fromkeys(("h5py", "pooch"), "recipes"),
}


def missing(package: str) -> BadInput:
    """The message about a package of an extra that is not installed."""
    return BadInput(
        f"{package} is not installed in this environment",
        "a plain installation of mnist-repro has pytest --fugaku alone",
        f"pip install 'mnist-repro[{PACKAGES[package]}]'; [recipes] for trainings, [tensorflow] for all they need",
    )


def run_command(name: str, parser: Callable[[], argparse.ArgumentParser], arguments: Optional[List[str]] = None) -> int:
    """Run one command and return its exit code; messages go to standard error.

    Args:
        name: name of the program.
        parser: makes its command line; each command sets ``run``, which takes the parsed arguments.
        arguments: the command line; None means that of this process.
    """
    try:
        try:
            parsed = parser().parse_args(arguments)
        finally:
            # argparse ends the program after a help text.
            sys.stdout.flush()
        code = int(parsed.run(parsed))
        # Here and not when Python ends, so that the handlers below catch a failed write.
        sys.stdout.flush()
    except BadInput as error:
        _complain(f"{name}: {error}\n")
        return ExitCode.BAD_INPUT
    except KeyboardInterrupt as interrupt:
        _complain(f"{name}: interrupted; {str(interrupt) or 'runs that had finished are whole'}\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output (head, less) closed the pipe.
        _discard(sys.stdout)
        return ExitCode.UNREAD
    except OSError as error:
        # For example, standard output is on a full disk.
        where = f": {error.filename}" if error.filename else ""
        what = f"cannot go on: {error.strerror or error}{where}"
        refused = BadInput(what, "the operating system refused it", "free some space, or name another place")
        _complain(f"{name}: {refused}\n")
        _discard(sys.stdout)
        return ExitCode.BAD_INPUT
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name in PACKAGES:
            _complain(f"{name}: {missing(error.name)}\n")
            return ExitCode.BAD_INPUT
        # Python itself would end with 1, the exit code of a verdict that does not pass.
        _complain(f"{traceback.format_exc()}{name}: the command could not go on; the last line says why\n")
        _discard(sys.stdout)
        return ExitCode.BAD_INPUT
    return code


def run_script(main: Callable[[], int]) -> None:
    """Run a command line as its console script does."""
    _open_closed_streams()
    # A file name with letters that the terminal's encoding lacks must not end a command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(main())
    finally:
        # Python 3.8 buffers standard error. If it failed to write the buffer at its end, it would end with 120.
        _complain("")


def _open_closed_streams() -> None:
    """Open the standard streams that were closed at the start (`>&-`): the next file would get their numbers."""
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            # `os.open` takes the lowest free number, which is this one.
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8"))


def _complain(text: str) -> None:
    """Write a message to standard error; if that is impossible, the exit code alone reports the error."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Send buffered output to the null device, so that Python does not fail when it writes it at its end."""
    with contextlib.suppress(io.UnsupportedOperation), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
