"""Files that are either whole or not there: written beside, flushed, then renamed."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Iterator, Sequence

from mnist_repro.errors import BadInput

# What a killed process may leave behind begins so.
UNFINISHED = ".unfinished-"


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path in the folder of ``path`` that takes its place when the block ends well.

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
        raise _unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            if temporary.exists():
                temporary.unlink()


@contextlib.contextmanager
def replacing_together(folder: Path, names: Sequence[str], stale: Sequence[str] = ()) -> Iterator[Path]:
    """A temporary folder whose files take their places in ``folder`` when the block ends well.

    A full disk is met while the block writes, when nothing is replaced yet. A process that is killed while the files
    take their places leaves ``folder`` without the last of ``names``: a folder that has this file is whole.

    Args:
        folder: made if it is missing.
        names: the files that the block makes, in the order in which they take their places.
        stale: files of ``folder`` that are removed before: the new ones make them untrue.

    Raises:
        BadInput: ``folder`` cannot be made or written, has a folder in the place of a file, or the disk is full; all
            files in it are then as they were. Or one of them cannot be replaced.
    """
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=str(folder)))
        yield temporary
        require_no_folders(folder, (*stale, *names))
        _take_places(temporary, folder, names, stale)
    except OSError as error:
        raise _unwritable(folder, error) from error
    except BadInput as error:
        # The user knows a file by the place that it was meant for.
        raise BadInput(error.what.replace(str(temporary), str(folder)), error.why, error.fix) from error
    finally:
        if temporary is not None:
            shutil.rmtree(str(temporary), ignore_errors=True)


def _take_places(new: Path, folder: Path, names: Sequence[str], stale: Sequence[str]) -> None:
    """Move the files ``names`` of ``new`` into ``folder``, which has the last of them only before and after."""
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


def require_writable(folder: Path) -> None:
    """Make sure that files could be made in ``folder``, before long work is spent on them; nothing is made.

    Raises:
        BadInput: it, or what would have to hold it, is no folder, or may not be written by this user.
    """
    nearest = folder.absolute()
    try:
        while not nearest.exists() and nearest != nearest.parent:
            nearest = nearest.parent
    except OSError as error:
        raise _unwritable(folder, error) from error
    if not nearest.is_dir():
        raise BadInput(f"{nearest} is not a folder", f"{folder} is to be one", "name another folder")
    if not os.access(str(nearest), os.W_OK | os.X_OK):
        raise BadInput(
            f"cannot write into {nearest}", "its permissions, or those of its disk, forbid it", "name another folder"
        )


def require_replaceable(file: Path) -> None:
    """The same for a single file.

    Raises:
        BadInput: it is a folder, or `require_writable` refuses the one that it would be in.
    """
    require_writable(file.parent)
    if file.is_dir():
        raise BadInput(f"{file} is a folder", "a file is to be written there", f"name a file in it: {file / 'FILE'}")


def require_no_folders(folder: Path, names: Sequence[str]) -> None:
    """Make sure that no folder is in the place of one of the files ``names`` of ``folder``.

    Raises:
        BadInput: one is.
    """
    for file in (folder / name for name in names):
        # A link to a folder can be replaced.
        if not file.is_symlink() and file.is_dir():
            raise BadInput(
                f"{file} is a folder",
                f"a file {file.name} is to be written there",
                f"remove {file}, or name another folder",
            )


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed process was about to write into ``folder``; nobody else may be writing there."""
    for path in folder.glob(f"{UNFINISHED}*"):
        if path.is_dir():
            shutil.rmtree(str(path), ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def _unwritable(path: Path, error: OSError) -> BadInput:
    # HDF5 has its own errors, of many lines, the first of which ends in a parenthesis that was just opened.
    reason = error.strerror or f"{error}\n".splitlines()[0].partition("(")[0].strip() or type(error).__name__
    return BadInput(
        f"cannot write {path}: {reason}",
        "the folder must be writable and its disk must have room; what was there before is untouched",
        "free some space, or name another folder",
    )
