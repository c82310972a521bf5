"""The exception for users' mistakes: a message in three parts, and exit code 2."""

from __future__ import annotations

__all__ = ["BadInput"]


class BadInput(Exception):  # noqa: N818 - the mistake is in the input, not in the program
    """Bad input or a bad environment: what happened, why, and what to type next.

    Args:
        what: what happened, naming the file, mark or option.
        why: the value found and the value expected.
        fix: what to type or change next.
    """

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__(f"{what}\n  why: {why}\n  next: {fix}")
        self.what = what
        self.why = why
        self.fix = fix
