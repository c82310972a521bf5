"""The one error a user is meant to read: what happened, why, what to type next."""

from __future__ import annotations


class BadInput(Exception):  # noqa: N818 - what the user reads is no error of the program's
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
        return f"{self.what}\n  why: {self.why}\n  try: {self.fix}"
