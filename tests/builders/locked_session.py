"""A session that is done, and another process that wants its lock, as a client has it that follows the session."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pjm.sessions import index
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


def done_session(workdir: Path) -> Session:
    """One that is done, and that nobody follows."""
    made = index.create(workdir, {"arguments": [], "checkout": {}})
    made.note("planned", job="x")
    made.note("done")
    made.close()
    return made
