"""What a job has to do: its document `job.json`, what one share reads there, and the names of files and variables."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Tuple

from pjm.files import system_bytes, write_json

FOLDER = "PYTEST_PJM_FOLDER"
SHARE = "PYTEST_PJM_SHARE"
PATH = "PYTEST_PJM_PATH"  # where our package was found for this job only; not for the tests
PLAN = "job.json"
EVENTS = "events.jsonl"
# What pytest looks at besides its arguments: as it was at the client, so that a job's tests run as there.
PYTEST_LOOKS_AT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "CI", "BUILD_NUMBER")


@dataclass(frozen=True)
class Assignment:
    """What one share has to do.

    Attributes:
        tests: node ids in order.
        files: where the tests are, in order.
        arguments: pytest's, as they were given to the client.
        artifacts: folder that the tests of a session share.
        events: file of this share's events.
        environment: variables that pytest looks at before it looks at its arguments: the client's, or the mark's.
        path: whether the folder in which pytest starts is to be on the import path, as it was at the client.
        junit: the family of the client's junit file; if it writes none, one that takes all.
    """

    tests: Tuple[str, ...]
    files: Tuple[str, ...]
    arguments: Tuple[str, ...]
    artifacts: Path
    events: Path
    environment: Dict[str, str]
    path: bool
    junit: str


def share_folder(folder: Path, number: int) -> Path:
    """The folder of one share; `folder` is its job's."""
    return folder / f"share-{number}"


def events_file(folder: Path, number: int) -> Path:
    """The file of one share's events; `folder` is its job's."""
    return share_folder(folder, number) / EVENTS


def write_document(folder: Path, document: Mapping[str, object]) -> None:
    """Write the document of a job into its folder."""
    write_json(folder / PLAN, document)


def read_document(folder: Path) -> Dict[str, Any]:
    """Read the document of a job.

    Raises:
        OSError, ValueError: it is not there, or no JSON.
    """
    document: Dict[str, Any] = json.loads((folder / PLAN).read_text(encoding="ascii"))
    return document


def read_assignment(folder: Path, number: int) -> Assignment:
    """What the document of a job says of one share."""
    document = read_document(folder)
    share, common = document["shares"][number], document["worker"]
    asked = {name: text for name, text in share["resources"]["env"] if name in PYTEST_LOOKS_AT}
    return Assignment(
        tests=tuple(share["tests"]),
        files=tuple(map(_as_here, share["files"])),
        arguments=tuple(map(_as_here, common["arguments"])),
        artifacts=Path(_as_here(common["artifacts"])),
        events=events_file(folder, number),
        environment={**common["environment"], **asked},
        path=bool(common["path"]),
        junit=str(common["junit"]),
    )


def _as_here(name: str) -> str:
    """A name as this process has it, whose locale need not be the client's: the bytes are the same."""
    return os.fsdecode(system_bytes(name))
