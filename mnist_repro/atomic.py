"""Files that are either whole or not there: written beside, flushed, then renamed."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
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
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The suffix stays: Keras chooses the file format by it. A hostile one would make the name too long.
        suffix = path.suffix if len(path.suffix) < 10 else ""
        handle, name = tempfile.mkstemp(prefix=UNFINISHED, suffix=suffix, dir=str(path.parent))
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()


@contextlib.contextmanager
def replacing_together(folder: Path, names: Sequence[str], stale: Sequence[str] = ()) -> Iterator[Path]:
    """A temporary folder whose files take their places in ``folder`` when the block ends well.

    Args:
        folder: made if it is not there.
        names: the files that the block makes, in the order in which they take their places.
        stale: files of ``folder`` that are removed before, the first first: what they tell is no longer so.

    Raises:
        BadInput: ``folder`` cannot be made or written, one of the files may not be replaced, or the disk is full. All
            in it is then as it was; if even that fails, the message says which file is not.
    """
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=str(folder)))
        yield temporary
        # Before the first of them goes: all or none.
        require_replaceable_together(folder, (*stale, *names))
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
    """Move the files ``names`` of ``new`` into ``folder``, from which ``stale`` go; whatever stops it, none of them."""
    # What is stale may be made anew.
    every = list(dict.fromkeys((*stale, *names)))
    old = _kept(folder, every)
    try:
        for name in stale:
            with contextlib.suppress(FileNotFoundError):
                (folder / name).unlink()
        for name in names:
            (new / name).replace(folder / name)
    except BaseException:
        moved = [name for name in names if not _is_there(new / name)]
        _put_back(old, folder, [name for name in every if name in moved or not _is_there(folder / name)])
        raise
    shutil.rmtree(str(old), ignore_errors=True)


def _kept(folder: Path, names: Sequence[str]) -> Path:
    """A new folder in which the files of ``folder``, those that there are, have a second name."""
    kept = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=str(folder)))
    try:
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                try:
                    os.link(str(folder / name), str(kept / name), follow_symlinks=False)
                except OSError:
                    # Not every file system has second names, and not everybody may give one.
                    shutil.copy2(str(folder / name), str(kept / name), follow_symlinks=False)
    except BaseException:
        shutil.rmtree(str(kept), ignore_errors=True)
        raise
    return kept


def _put_back(old: Path, folder: Path, names: Sequence[str]) -> None:
    """Bring back what ``folder`` had under these names: the files of ``old``, and nothing where there is none.

    Raises:
        BadInput: one of them cannot be brought back. ``old`` is then still there.
    """
    failed = []
    for name in names:
        try:
            if _is_there(old / name):
                (old / name).replace(folder / name)
            else:
                with contextlib.suppress(FileNotFoundError):
                    (folder / name).unlink()
        except OSError as error:
            failed.append(f"{folder / name} could not be put back: {error.strerror}")
    if failed:
        raise BadInput(
            "; ".join(failed),
            f"writing {folder} failed half way, and so did undoing it: not all files there belong together",
            f"make the folder writable; what it had before is in {old}",
        )
    shutil.rmtree(str(old), ignore_errors=True)


def _is_there(file: Path) -> bool:
    """Whether there is something of this name, a link that leads nowhere included."""
    return os.path.lexists(str(file))


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
    require_replaceable_together(file.parent, [file.name])


def require_replaceable_together(folder: Path, names: Sequence[str]) -> None:
    """Make sure that files of these names could take the place of what is in ``folder``.

    Raises:
        BadInput: one of them is a folder, or belongs to somebody else in a folder where that protects it.
    """
    for name in names:
        file = folder / name
        try:
            found = file.lstat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unwritable(file, error) from error
        if stat.S_ISDIR(found.st_mode):
            raise BadInput(
                f"{file} is a folder", f"a file {name} is to be written there", f"remove {file}, or name another folder"
            )
        if _is_protected(found, folder.stat()):
            raise BadInput(
                f"{file} belongs to another user",
                f"{folder} lets nobody replace what is not theirs (its sticky bit is set)",
                "name another folder",
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


def _is_protected(file: os.stat_result, folder: os.stat_result) -> bool:
    """Whether the sticky bit of the folder keeps this user from replacing the file: unlink(2), EPERM."""
    return bool(folder.st_mode & stat.S_ISVTX) and os.geteuid() not in (0, file.st_uid, folder.st_uid)


def _umask() -> int:
    """The umask of this process, which mkstemp does not honour."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
