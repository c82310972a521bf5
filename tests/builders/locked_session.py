"""Another process that wants the lock of a session, as a client has it that follows the session."""

from __future__ import annotations

import subprocess
import sys

from pjm.sessions.session import Session

FOLLOW = """
import fcntl, sys
file = open(sys.argv[1], "r+")
try:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit("in use")
print("locked", flush=True)
sys.stdin.read()
"""


def follow(session: Session) -> subprocess.Popen[str]:
    """Another process that wants the session's lock."""
    return subprocess.Popen(
        [sys.executable, "-c", FOLLOW, str(session.folder / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
