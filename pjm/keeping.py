"""What a user is told when the session folder cannot be written."""

from __future__ import annotations

import contextlib
from typing import Iterator

from pjm import advice
from pjm.errors import BadInput
from pjm.session import Session


@contextlib.contextmanager
def writing(session: Session) -> Iterator[None]:
    """Around what writes files of a session, and nothing else: what is on the disk stays whole.

    Raises:
        BadInput: a file cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise BadInput(
            f"session {session.identity} cannot go on",
            f"a file cannot be written: {error.strerror}: {error.filename or session.folder}",
            f"look at the space and the quota there; then come back with: {advice.resume(session.folder)}",
        ) from error
