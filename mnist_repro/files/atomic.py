"""Writes files atomically: into a temporary file beside the target, flushed to disk, then renamed."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import Iterator, Sequence

from mnist_repro.errors import BadInput

# Prefix of temporary files, which a killed process may leave behind.
UNFINISHED = ".unfinished-"


@contextlib.contextmanager
def replacing(path: Path, typed: str = "") -> Iterator[Path]:
    """A temporary path in the folder of ``path``; it replaces ``path`` when the block ends without an error.

    ``typed`` is what names another folder, such as ``--out DIR``.

    Raises:
        BadInput: the folder cannot be made or written, or the disk is full. ``path`` is then as it was.
    """
    # The suffix stays: Keras chooses the file format by it.
    temporary = path.parent / f"{UNFINISHED}{secrets.token_hex(8)}{path.suffix}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(exist_ok=False)
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise unwritable(path, error, typed) from error
    finally:
        with contextlib.suppress(OSError):
            if temporary.exists():
                temporary.unlink()


@contextlib.contextmanager
def replacing_together(folder: Path, names: Sequence[str], stale: Sequence[str] = ()) -> Iterator[Path]:
    """A temporary folder; its files move into ``folder`` when the block ends without an error.

    A full disk causes an error while the block writes, before any file is replaced. A process that is killed while
    the files move leaves ``folder`` without the last of ``names``: a folder that has this file is complete.

    Args:
        folder: made if it is missing.
        names: the files that the block makes, in the order in which they move.
        stale: files of ``folder`` that are removed first, because the new files make them invalid.

    Raises:
        BadInput: ``folder`` cannot be made or written, has a folder in the place of a file, or the disk is full; all
            files in it are then unchanged. Or a file in it cannot be replaced.
    """
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=str(folder)))
        yield temporary
        require_no_folders(folder, (*stale, *names))
        _take_places(temporary, folder, names, stale)
    except OSError as error:
        raise unwritable(folder, error) from error
    except BadInput as error:
        # The user knows the file by its final path.
        raise BadInput(error.what.replace(str(temporary), str(folder)), error.why, error.fix) from error
    finally:
        if temporary is not None:
            shutil.rmtree(str(temporary), ignore_errors=True)


def _take_places(new: Path, folder: Path, names: Sequence[str], stale: Sequence[str]) -> None:
    """Move the files ``names`` of ``new`` into ``folder``, which lacks the last of them during the move."""
    marker = name = names[-1]
    try:
        for name in (marker, *stale):
            with contextlib.suppress(FileNotFoundError):
                (folder / name).unlink()
        for name in names:
            (new / name).replace(folder / name)
    except OSError as error:
        raise BadInput(
            f"cannot write {folder / name}: {error.strerror}",
            f"its files are replaced one after another, {marker} last: without {marker} they do not belong together",
            "make the folder and this file writable, and type the command again",
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 to ``path``, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def require_writable(folder: Path, typed: str = "") -> None:
    """Make sure, before long work begins, that files can be made in ``folder``. No file or folder is made.

    ``typed`` is what names another folder, such as ``--out DIR``.

    Raises:
        BadInput: ``folder``, or its nearest existing parent, is not a folder, or this user may not write into it.
    """
    nearest = folder.absolute()
    try:
        while not nearest.exists() and nearest != nearest.parent:
            nearest = nearest.parent
    except OSError as error:
        raise unwritable(folder, error, typed) from error
    if not nearest.is_dir():
        raise BadInput(f"{nearest} is not a folder", f"{folder} must be one", another_folder(typed))
    if not os.access(str(nearest), os.W_OK | os.X_OK):
        raise BadInput(
            f"cannot write into {nearest}", "its permissions, or those of its disk, forbid it", another_folder(typed)
        )


def require_replaceable(file: Path) -> None:
    """Make sure, before long work begins, that ``file`` can be written or replaced.

    Raises:
        BadInput: ``file`` is a folder, or `require_writable` refuses its parent folder.
    """
    require_writable(file.parent)
    if file.is_dir():
        raise BadInput(
            f"{file} is a folder",
            "a file must be written there",
            f"name a file in it: {shlex.quote(str(file / 'FILE'))}",
        )


def require_no_folders(folder: Path, names: Sequence[str], typed: str = "") -> None:
    """Make sure that no folder is in the place of one of the files ``names`` of ``folder``.

    ``typed`` is what names another folder, such as ``--out DIR``.

    Raises:
        BadInput: a folder has one of these names.
    """
    for file in (folder / name for name in names):
        # A link to a folder can be replaced.
        if not file.is_symlink() and file.is_dir():
            raise BadInput(
                f"{file} is a folder",
                f"a file {file.name} must be written there",
                f"remove {file}, or {another_folder(typed)}",
            )


def remove_unfinished(folder: Path) -> None:
    """Remove the temporary files that a killed process left in ``folder``. No process may be writing there."""
    for path in folder.glob(f"{UNFINISHED}*"):
        if path.is_dir():
            shutil.rmtree(str(path), ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def another_folder(typed: str = "") -> str:
    """The advice to name another folder; ``typed`` is what names it, such as ``--out DIR``."""
    return f"name another folder: {typed}" if typed else "name another folder"


def unwritable(path: Path, error: OSError, typed: str = "") -> BadInput:
    """The message for a file or folder that the operating system refuses to write; ``typed`` names another folder."""
    # HDF5's own errors have many lines; the first line ends with an opening parenthesis.
    reason = error.strerror or f"{error}\n".splitlines()[0].partition("(")[0].strip() or type(error).__name__
    return BadInput(
        f"cannot write {path}: {reason}",
        "the folder must be writable and its disk must have room; what was there before is untouched",
        f"free some space, or {another_folder(typed)}",
    )
