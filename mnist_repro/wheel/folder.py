"""Writes a project's folder: whole or not at all, and never over another one."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Mapping

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import UNFINISHED, unwritable


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files of a project into a new folder.

    Raises:
        BadInput: the folder has something in it, or cannot be written.
    """
    temporary = None
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BadInput(
                f"{folder} is there already",
                "WHEEL keeps in it what its runs gave, and nothing of that is overwritten",
                f"name another folder, or remove {folder}",
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=str(folder.parent)))
        temporary.chmod(0o755)
        for path, text in files.items():
            file = temporary / path
            file.parent.mkdir(parents=True, exist_ok=True)
            # In bytes: Windows would write other ends of lines.
            file.write_bytes(text.encode("utf-8"))
            # WHEEL would make scripts executable itself, and git would then see a change.
            file.chmod(0o755 if path.endswith(".sh") else 0o644)
        temporary.replace(folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        if temporary is not None:
            shutil.rmtree(str(temporary), ignore_errors=True)
