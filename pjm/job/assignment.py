"""The document `job.json` that says what a job has to do, and the names of the files and variables of a job."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from pjm.files import system_bytes, write_json

FOLDER = "PYTEST_PJM_FOLDER"
SHARE = "PYTEST_PJM_SHARE"
PATH = "PYTEST_PJM_PATH"  # the folder of our package; it is removed from the import path before the tests run
PLAN = "job.json"
EVENTS = "events.jsonl"
# The variables that pytest reads. A job gets them from the client, so that its tests run as they would there.
PYTEST_LOOKS_AT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "CI", "BUILD_NUMBER")


@dataclass(frozen=True)
class Assignment:
    """What one share has to do.

    Attributes:
        tests: node ids in order.
        files: the files of the tests; none if a test comes from no file, so that all of `places` is needed.
        places: the files and folders that the client collects.
        arguments: the client's arguments of pytest.
        artifacts: folder that the tests of a session share.
        events: the file of this share's events.
        environment: variables that pytest reads before its arguments; a mark's value replaces the client's.
        path: whether the folder in which pytest starts belongs on the import path, as it did at the client.
        junit: the family of the client's junit file; if the client writes none, a family that accepts everything.
        grace: seconds that Python may take to end after the session of pytest; see also `pjm.job.launch`.
        ranks: processes of MPI that run each test; None for one process without MPI.
        ranks_per_node: the most of them on one node.
        mpiexec: what starts them; see `Scheduler.mpiexec`.
        gate: how ranks keep in step: one of `pjm.job.rank.GATES`.
    """

    tests: Tuple[str, ...]
    files: Tuple[str, ...]
    places: Tuple[str, ...]
    arguments: Tuple[str, ...]
    artifacts: Path
    events: Path
    environment: Dict[str, str]
    path: bool
    junit: str
    grace: float
    ranks: Optional[int] = None
    ranks_per_node: int = 0
    mpiexec: Tuple[str, ...] = ()
    gate: str = "files"


def share_folder(folder: Path, number: int) -> Path:
    """The folder of one share; `folder` is the folder of its job."""
    return folder / f"share-{number}"


def events_file(folder: Path, number: int) -> Path:
    """The file of one share's events; `folder` is the folder of its job."""
    return share_folder(folder, number) / EVENTS


def begun(folder: Path, numbers: Sequence[int]) -> List[int]:
    """Those of the shares that may have events, because their folders exist; `folder` is the folder of their job."""
    if not numbers:
        return []
    try:
        names = {path.name for path in folder.iterdir()}
    except OSError:
        return list(numbers)
    return [number for number in numbers if share_folder(folder, number).name in names]


def write_document(folder: Path, document: Mapping[str, object]) -> None:
    """Write the document of a job into its folder."""
    write_json(folder / PLAN, document)


def read_document(folder: Path) -> Dict[str, Any]:
    """Read the document of a job.

    Raises:
        OSError, ValueError: the document is missing, or is not JSON.
    """
    document: Dict[str, Any] = json.loads((folder / PLAN).read_text(encoding="ascii"))
    return document


def read_assignment(folder: Path, number: int) -> Assignment:
    """Read from the document of a job what one share has to do."""
    document = read_document(folder)
    share, common = document["shares"][number], document["worker"]
    asked = {name: text for name, text in share["resources"]["env"] if name in PYTEST_LOOKS_AT}
    return Assignment(
        tests=tuple(share["tests"]),
        files=tuple(map(_as_here, share["files"])),
        places=tuple(map(_as_here, common["places"])),
        arguments=tuple(map(_as_here, common["arguments"])),
        artifacts=Path(_as_here(common["artifacts"])),
        events=events_file(folder, number),
        environment={**common["environment"], **asked},
        path=bool(common["path"]),
        junit=str(common["junit"]),
        grace=float(common["grace"]),
        ranks=share["resources"]["ranks"],
        ranks_per_node=-(-(share["resources"]["ranks"] or 0) // share["resources"]["nodes"]),
        mpiexec=tuple(map(_as_here, common["mpiexec"])),
        gate=str(common["gate"]),
    )


def _as_here(name: str) -> str:
    """Decode a name with the locale of this process, which may differ from the client's: the bytes stay the same."""
    return os.fsdecode(system_bytes(name))
