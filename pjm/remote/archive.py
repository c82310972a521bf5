"""Archives of files for another machine, and from it: tar, without what could write outside of a folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO, Iterable, Tuple


def pack(file: IO[bytes], members: Iterable[Tuple[Path, str]]) -> None:
    """Write files, folders with what is in them, and links into an archive.

    A member is the path here and the name in the archive.

    Raises:
        OSError: a file cannot be read.
    """
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.GNU_FORMAT, errors="surrogateescape") as archive:
        for path, name in members:
            archive.add(str(path), name, filter=_plain)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o700 if member.isdir() or member.mode & 0o100 else 0o600
    return member


def unpack(file: IO[bytes], folder: Path) -> None:
    """Write the files of an archive from another machine below a folder.

    A link to a file of the archive becomes a copy of that; other links are left out.

    Raises:
        tarfile.TarError, OSError: it cannot be read, or a file cannot be written.
    """
    with tarfile.open(fileobj=file, mode="r:", errors="surrogateescape") as archive:
        for member in archive:
            parts = PurePosixPath(member.name).parts
            if not parts or ".." in parts or member.name.startswith("/") or "\0" in member.name:
                continue
            target = folder.joinpath(*parts)
            if any(each.is_symlink() for each in (target, *target.parents) if folder in each.parents):
                continue
            content = None
            if member.isfile() or member.islnk() or member.issym():
                with contextlib.suppress(KeyError):  # a link to what is not in the archive
                    content = archive.extractfile(member)
            if member.isdir():
                target.mkdir(mode=0o700, parents=True, exist_ok=True)
            elif content is not None:
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                unfinished = target.with_name(f".{target.name}.{os.getpid()}")
                with unfinished.open("wb") as out:
                    shutil.copyfileobj(content, out)
                unfinished.chmod(0o700 if member.mode & 0o100 else 0o600)
                unfinished.replace(target)
