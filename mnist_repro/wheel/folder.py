"""Writes a project: its folder, whole or not at all and never over another one, or the archive that WHEEL imports.

The archive is a .tgz with the project's folder, and in it a git repository with one commit.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Mapping, Sequence

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import UNFINISHED, unwritable

_WHEN = "2026-01-01T00:00:00Z"  # as `project.WHEN`
_WHO = {"NAME": "mnist-repro", "EMAIL": "mnist-repro@example.com", "DATE": _WHEN}
_COMMIT = {f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in _WHO.items()}


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


def archive(name: str, files: Mapping[str, str]) -> bytes:
    """The bytes of NAME.tgz, whose files all lie in NAME.wheel.

    Args:
        name: name of the project.
        files: text by path, as `Project.files` gives it.

    Raises:
        BadInput: there is no git, or it fails.
    """
    with tempfile.TemporaryDirectory(prefix="mnist-repro-") as place:
        folder = Path(place) / f"{name}.wheel"
        write(folder, files)
        # Nothing of the user's own settings of git.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": place, "GIT_CONFIG_NOSYSTEM": "1", **_COMMIT}
        for words in (
            ("init", "--quiet", "--template="),
            ("symbolic-ref", "HEAD", "refs/heads/main"),
            ("add", "--all", "--force"),
            ("commit", "--quiet", "--message=As mnist-repro wheel wrote it"),
        ):
            _git(folder, words, environment)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            tar.add(str(folder), folder.name, filter=_of_nobody)
        return packed.getvalue()


def _git(folder: Path, words: Sequence[str], environment: Mapping[str, str]) -> None:
    try:
        subprocess.run(
            ["git", *words],  # noqa: S607 - that of PATH
            cwd=str(folder),
            env=environment,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise BadInput(
            "the archive cannot be made",
            f"a git repository is in it, and git did not make one: {getattr(error, 'stderr', None) or error}",
            "install git, or leave out --archive: WHEEL opens the folder as well",
        ) from error


def _of_nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
