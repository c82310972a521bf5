"""What a user is told when the session folder cannot be written."""

from __future__ import annotations

import contextlib
from typing import Iterator

from pjm import advice
from pjm.errors import BadInput
from pjm.session import Session


@contextlib.contextmanager
def writing(session: Session, dry: bool = False) -> Iterator[None]:
    """Around what writes files of a session, and nothing else: what is on the disk stays whole.

    Args:
        session: which one.
        dry: it is a dry run's, which nobody comes back to.

    Raises:
        BadInput: a file cannot be written.
    """
    try:
        yield
    except OSError as error:
        then = "type the same again" if dry else f"come back with: {advice.resume(session.folder)}"
        raise BadInput(
            f"session {session.identity} cannot go on",
            f"a file cannot be written: {error.strerror}: {error.filename or session.folder}",
            f"look at the space and the quota there; then {then}",
        ) from error
