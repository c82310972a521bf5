"""The context of an emulated command: its emulator, and the calling user."""

from __future__ import annotations

import grp
import os
from typing import List, Mapping, NamedTuple, Sequence, Tuple

from pjm.emulator.machine.faults import Rule
from pjm.emulator.machine.folder import Folder
from pjm.emulator.machine.messages import Refusal
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
    faults: Sequence[Rule]
    user: str
    submitted: List[str]


def own_group() -> str:
    """The group of the calling user."""
    try:
        return grp.getgrgid(os.getgid()).gr_name
    except KeyError:
        return str(os.getgid())


def units_and_groups(context: Context, given: Mapping[str, str]) -> Tuple[List[str], List[str]]:
    """The resource units and the resource groups that --rscunit and --rscgrp name.

    Raises:
        Refusal: one does not exist.
    """
    units, groups = ([name for name in given.get(key, "").split(",") if name] for key in ("rscunit", "rscgrp"))
    for unit in units:
        if unit != context.settings.rscunit:
            raise Refusal("97", unit)
    for group in groups:
        if group not in context.settings.groups:
            raise Refusal("98", group)
    return units, groups


def one_group(context: Context, given: Mapping[str, str]) -> str:
    """The resource group that --rscgrp names, or else the default.

    Raises:
        Refusal: it does not exist, or several are named.
    """
    _, groups = units_and_groups(context, given)
    if len(groups) > 1:
        raise Refusal("98", given["rscgrp"])
    return groups[0] if groups else context.settings.rscgrp
