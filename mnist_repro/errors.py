"""The error that a user reads (what happened, why, what to type next), and the exit codes of every command."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["BadInput"]


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


class BadInput(Exception):  # noqa: N818 - bad input is not an error of the program
    """Input or an environment that the program cannot work with; the command ends with exit code 2.

    Args:
        what: what happened, naming the file or value found.
        why: what was expected instead.
        fix: what to type or change next.
    """

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__(what, why, fix)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        why, fix = (escaped(part, keep="\n") for part in (self.why, self.fix))
        return f"{escaped(self.what)}\n  why: {why}\n  next: {fix}"


def escaped(text: str, keep: str = "") -> str:
    r"""Text that cannot control a terminal: control characters are escaped, for example ``\x1b`` for ESC.

    Names and contents of files may hold such characters.

    Args:
        text: may hold control characters (Unicode category Cc) and marks that reverse the text after them (Cf).
        keep: control characters and marks that are not escaped.
    """
    # Imported here: every start of pytest imports this module.
    import unicodedata

    return "".join(
        letter if letter in keep or unicodedata.category(letter) not in ("Cc", "Cf") else _escape(letter)
        for letter in text
    )


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
