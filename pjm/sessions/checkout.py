"""Records the project's files with which a session was submitted, and compares them when it is resumed."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional

from pjm.errors import BadInput

_CHUNK = 1 << 20
_UNKNOWN = ""  # instead of a digest: the file is not listed; None means that the file is missing


def checkout(rootdir: Path, files: Iterable[Path]) -> Dict[str, Any]:
    """The commit, and the SHA-256 of the tests' files and of all files that differ from the commit."""
    commit = git(rootdir, "rev-parse", "HEAD")
    changed = git(rootdir, "diff", "--name-only", "-z", "--relative", "HEAD") if commit else None
    names = {_shown(path, rootdir) for path in files}
    names.update(name for name in (changed or "").split("\0") if name)
    return {
        "rootdir": str(rootdir),
        "commit": commit.strip() if commit else None,
        "files": {name: _digest(rootdir / name) for name in sorted(names)},
    }


def check_same(before: Mapping[str, Any], now: Mapping[str, Any], session: str) -> None:
    """Raise BadInput, saying what differs, unless both are the same."""
    differences: List[str] = []
    if before.get("rootdir") != now["rootdir"]:
        differences.append(f"root folder {before.get('rootdir')}, now {now['rootdir']}")
    if before.get("commit") != now["commit"]:
        differences.append(f"commit {before.get('commit')}, now {now['commit']}")
    files = before.get("files")
    old: Dict[str, Any] = files if isinstance(files, dict) else {}
    for name in sorted({*old, *now["files"]}):
        if old.get(name, _UNKNOWN) != now["files"].get(name, _UNKNOWN):
            differences.append(_difference(name, old, now["files"], Path(now["rootdir"])))
    if differences:
        shown = "; ".join(differences[:10])
        more = f"; and {len(differences) - 10} more" if len(differences) > 10 else ""
        raise BadInput(
            f"session {session} was submitted with other files",
            f"{shown}{more}",
            "bring them back to what they were, or start a new session without --fugaku-resume",
        )


def _difference(name: str, old: Mapping[str, Any], new: Mapping[str, Any], rootdir: Path) -> str:
    if name not in old and new[name] is not None:
        return f"{name} is among the files only now (new, changed, or selected)"
    if new.get(name) is not None:
        return f"{name} has changed"
    present = None if name in new else _digest(rootdir / name)
    if present is None:
        return f"{name} is gone"
    return f"{name} is not among the files now (as committed, or its tests are not selected)"


def _shown(path: Path, rootdir: Path) -> str:
    try:
        return path.relative_to(rootdir).as_posix()
    except ValueError:
        return str(path)


def _digest(path: Path) -> Optional[str]:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for chunk in iter(lambda: file.read(_CHUNK), b""):
                digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()


def git(folder: Path, *arguments: str) -> Optional[str]:
    """What a command of git prints in a folder; None if it fails, as without git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None
