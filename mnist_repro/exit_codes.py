"""The exit codes of every command of this program, in one table."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit code means.

    ======  =====================================================
    PASSED       0    the command did what was asked; every verdict passes
    VERDICT      1    a verdict that does not pass, or a run that failed
    BAD_INPUT    2    bad input or environment; nothing was half-written
    INTERRUPTED  130  stopped by Ctrl-C; finished runs are whole
    UNREAD       141  the reader of the output left before its end (SIGPIPE)
    ======  =====================================================
    """

    PASSED = 0
    VERDICT = 1
    BAD_INPUT = 2
    INTERRUPTED = 130
    UNREAD = 141
