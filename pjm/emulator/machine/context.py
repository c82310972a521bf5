"""The context of an emulated command: its emulator, and the calling user."""

from __future__ import annotations

import grp
import os
from typing import List, NamedTuple

from pjm.emulator.machine import faults
from pjm.emulator.machine.folder import Folder
from pjm.emulator.machine.settings import Settings
from pjm.emulator.machine.store import Store


class Context(NamedTuple):
    """The context of an emulated command.

    Attributes:
        folder, settings, store, faults: the emulator.
        user: the name of the calling user.
        submitted: ids of jobs that the command submitted, for the journal.
    """

    folder: Folder
    settings: Settings
    store: Store
    faults: faults.Faults
    user: str
    submitted: List[str]


def own_group() -> str:
    """The group of the calling user."""
    try:
        return grp.getgrgid(os.getgid()).gr_name
    except KeyError:
        return str(os.getgid())
