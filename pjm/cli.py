"""The command line `pjm`."""

from __future__ import annotations

import argparse
import io
import sys
from typing import List, Optional

import pjm
from pjm import suggest
from pjm.client.session_commands import add_commands as add_following
from pjm.emulator.command import add_emulator
from pjm.errors import BadInput
from pjm.sessions.commands import add_commands

EXAMPLES = """\
examples:
  pjm sessions                         list all sessions, the oldest first
  pjm show                             the latest session: its jobs and its tests without a result
  pjm log test_train                   the output of that test and of its job
  pjm wait                             wait until the latest session is over; ends with its exit code
  pjm cancel                           delete the jobs of the latest session
  pjm clean 20260102-030405-0a1b       remove one session
  pjm clean --ended                    remove all that are done
  pjm emulator run -- pjsub job.sh     run one command with an emulated PJM

Exit codes: 0 done, 2 bad input or environment, 130 interrupted; of wait, those of pytest.
"""


def main(arguments: Optional[List[str]] = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="pjm",
        description="Sessions of `pytest --fugaku`, and PJM emulated on this machine.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pjm {pjm.__version__}")
    subparsers = parser.add_subparsers(dest="command_name", metavar="COMMAND")
    add_commands(subparsers)
    add_following(subparsers)
    add_emulator(subparsers)
    try:
        parsed = _parsed(parser, arguments)
    except BrokenPipeError:  # as in `pjm --help | head`
        return _unread()
    except OSError as error:  # such as standard output on a full disk
        refused = BadInput(
            f"cannot go on: {error.strerror}",
            "the help text cannot be written there",
            "free some space, or name another place",
        )
        print(f"pjm: {refused}", file=sys.stderr)
        _unread()
        return 2
    if parsed.command_name is None:
        return 2
    try:
        if getattr(parsed, "workdir", "") is None:
            parsed.workdir = suggest.nearest()
        return int(parsed.run(parsed))
    except BadInput as error:
        print(f"pjm: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # as in `pjm show | head`
        return _unread()


def _parsed(parser: argparse.ArgumentParser, arguments: Optional[List[str]]) -> argparse.Namespace:
    """The parsed command line. If it asks for help, the text is written; a failed write is an error."""
    try:
        parsed = parser.parse_args(arguments)
        if parsed.command_name is None:
            parser.print_help()
    finally:
        # Not sys.stdout.flush(): if standard output was closed (`>&-`), sys.stdout is None.
        print(end="", flush=True)
    return parsed


def _unread() -> int:
    """The exit code when the reader of the output has left; the rest of the output is thrown away."""
    sys.stdout = open("/dev/null", "w")  # noqa: SIM115, PTH123 - Python flushes it when it exits
    return 0


def entry() -> None:
    """The console script `pjm`."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of folders need not be text
    sys.exit(main())
