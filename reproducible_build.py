"""The build backend: setuptools, with an sdist that has the same bytes wherever and whenever it is built.

setuptools writes owner, permissions and time of each file of the checkout into the sdist. Here all times are
SOURCE_DATE_EPOCH (seconds since 1970, see https://reproducible-builds.org/specs/source-date-epoch/), which setuptools
itself respects in the wheel. Without that variable, the sdist is as setuptools made it.
"""

from __future__ import annotations

import gzip
import os
import tarfile
from pathlib import Path
from typing import Mapping, Optional

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - all the other hooks

# Generated files have their permissions from it. Each hook runs in a process of its own.
os.umask(0o022)


def build_sdist(sdist_directory: str, config_settings: Optional[Mapping[str, object]] = None) -> str:
    """The hook of PEP 517: build the sdist, and return the name of its file."""
    time = os.environ.get("SOURCE_DATE_EPOCH", "")
    # gzip has 32 bits for it.
    if time and not (time.isdecimal() and int(time) < 1 << 32):
        raise SystemExit(
            f"reproducible_build.py: SOURCE_DATE_EPOCH is {time!r}\n  why: it is a whole number of seconds since 1970\n"
            '  next: SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" python -m build'
        )
    name = str(build_meta.build_sdist(sdist_directory, config_settings))
    if time:
        repack(Path(sdist_directory) / name, int(time))
    return name


def repack(archive: Path, time: int) -> None:
    """Write a tar.gz again: entries by name, one time, no owner, permissions 644 or 755."""
    repacked = archive.with_name(f"{archive.name}.repacked")
    with tarfile.open(str(archive)) as old, repacked.open("wb") as file, gzip.GzipFile(
        "", "wb", fileobj=file, mtime=time
    ) as packed, tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new:
        for entry in sorted(old.getmembers(), key=lambda entry: entry.name):
            content = old.extractfile(entry) if entry.isfile() else None
            entry.mtime, entry.mode = time, 0o755 if entry.mode & 0o100 else 0o644
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.pax_headers = {}
            new.addfile(entry, content)
    repacked.replace(archive)
