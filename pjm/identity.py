"""The identity of a test: the name that its job, its results and its durations go by, in the client as in the job."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterable, Optional

import pytest

_IDENTITY = pytest.StashKey[str]()


def identify(items: Iterable[pytest.Item]) -> None:
    """Settle the identities of collected items. Hooks that rename items later do not change them."""
    for item in items:
        item.stash[_IDENTITY] = identity(item)


def identity(item: pytest.Item) -> str:
    """The identity of an item: its node id, or for a file outside the root folder its path from there and the rest.

    Node ids of such files begin at the folder that the command line names: two tests can have the same.
    """
    settled = item.stash.get(_IDENTITY, None)
    if settled is not None:
        return settled
    file, root = file_of(item), item.config.rootpath
    if file is None or root in file.parents:
        return item.nodeid
    rest = item.nodeid.partition("::")[2] or item.nodeid
    return f"{Path(os.path.relpath(str(file), str(root))).as_posix()}::{rest}"


def file_of(item: pytest.Item) -> Optional[Path]:
    """The file that an item was collected from; None for an item that comes from no file."""
    return next((node.path for node in reversed(item.listchain()) if isinstance(node, pytest.File)), None)
