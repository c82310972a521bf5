"""Opens the output files of a job, and applies the faults of files: full disk, truncation and late arrival."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Iterable, List, Sequence, Tuple

from pjm.emulator.machine.faults import Rule
from pjm.emulator.machine.store import WHOLE, Job
from pjm.emulator.running.job_environment import file_of, filled

FULL = "/dev/full"
Hidden = List[Tuple[float, Path, Path]]


def opened(job: Job, full: Iterable[str]) -> Tuple[int, int]:
    """Open standard output and standard error; those named in ``full`` behave as on a full disk.

    Raises:
        OSError: a file cannot be written.
    """
    paths = {kind: file_of(job, kind) for kind in ("out", "err")}
    # Append if the job was restarted, or is a sub job: sub jobs may share a file.
    fresh = os.O_TRUNC if not job.retry and job.sub == WHOLE else 0
    out = _open("out", paths["out"], full, fresh)
    if paths["err"] == paths["out"]:
        return out, os.dup(out)
    try:
        return out, _open("err", paths["err"], full, fresh)
    except OSError:
        os.close(out)
        raise


def _open(kind: str, path: Path, full: Iterable[str], fresh: int) -> int:
    handle = os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND | fresh, 0o666)
    if kind not in full:
        return handle
    os.close(handle)
    return os.open(FULL, os.O_WRONLY)


def append(path: Path, line: str) -> None:
    """Append a line to a job's file, if possible."""
    if not line:
        return
    with contextlib.suppress(OSError), path.open("a", encoding="utf-8", errors="surrogateescape") as opened_file:
        opened_file.write(line + "\n")


def make_full(job: Job, patterns: Iterable[str]) -> None:
    """Make files to which nothing can be written: links to a device that is always full."""
    for pattern in patterns:
        path = Path(str(job.spec["cwd"])) / filled(pattern, job)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() or path.is_symlink():
                path.unlink()
            path.symlink_to(FULL)


def damage(job: Job, rules: Sequence[Rule]) -> Hidden:
    """Truncate and hide files as the rules say.

    Returns:
        For each hidden file: until when it is hidden, its present path, and the path where it belongs.
    """
    hidden: Hidden = []
    for rule in rules:
        for path in _meant(job, rule):
            if rule["fault"] == "truncate":
                size = path.stat().st_size
                keep = size - rule["drop"] if "drop" in rule else rule.get("keep", 0)
                with contextlib.suppress(OSError):
                    os.truncate(str(path), min(size, max(0, keep)))
                continue
            aside = path.with_name(f".late-{job.run}-{path.name}")
            try:
                path.rename(aside)
            except OSError:
                continue
            hidden.append((time.time() + rule.get("seconds", 1.0), aside, path))
    return hidden


def restore(hidden: Hidden) -> None:
    """Wait, and put each hidden file back when its time has come."""
    for moment, aside, path in sorted(hidden):
        time.sleep(max(0.0, moment - time.time()))
        with contextlib.suppress(OSError):
            aside.rename(path)


def _meant(job: Job, rule: Rule) -> List[Path]:
    paths: List[Path] = []
    for pattern in rule.get("files", ["out"]):
        if pattern in ("out", "err"):
            paths.append(file_of(job, pattern))
        else:
            text = filled(pattern, job)
            start, text = (Path("/"), text.lstrip("/")) if text.startswith("/") else (Path(str(job.spec["cwd"])), text)
            # First try the name itself: ids of sub jobs have brackets, which are special in a glob pattern.
            paths += [start / text] if (start / text).exists() else sorted(start.glob(text))
    return [path for path in paths if path.is_file()]
