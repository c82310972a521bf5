"""The resources of `-L` and `--llio`: sizes, limits of processes, custom resources and their values, as on Fugaku."""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple, Optional, Sequence, Tuple

CORES = 48
"""Of a node of Fugaku."""
MEMORY = 28 * 1024**3
"""Bytes of a node that jobs can use."""
TEMPORARY = 93615751168
"""Bytes of a node for sharedtmp and localtmp together: recorded with message 0049, programming guide on I/O."""
RETENTION_NODES = 9216
"""Up to so many nodes a job may ask for retention_state=1: Fugaku user guide, Power control function."""
LARGEST = 2147483647


class ProcessLimit(NamedTuple):
    """A limit of `-L proc-NAME=`, Command Reference, pages 88-89 and 141-143.

    Attributes:
        name: NAME.
        item: its item of pjstat.
        title: its title in statistics.
        unit: bytes of the unit in which statistics show it; None for a number.
        upper, default: as pjacl shows them on Fugaku.
    """

    name: str
    item: str
    title: str
    unit: Optional[int]
    upper: str = "unlimited"
    default: str = "unlimited"


MIB, MB = 1024**2, 1000**2
PROCESS_LIMITS: Tuple[ProcessLimit, ...] = (
    ProcessLimit("core", "pcfl", "PROC COREFILE LIMIT", MB, default="0"),
    ProcessLimit("cpu", "pcl", "PROC CPU LIMIT", None),
    ProcessLimit("crproc", "pcpl", "PROC CREATE PROCESS LIMIT", None, "4096", "4096"),
    ProcessLimit("data", "pdl", "PROC DATA LIMIT", MIB),
    ProcessLimit("lockm", "prml", "PROC LOCKED MEMORY LIMIT", MIB),
    ProcessLimit("msgq", "pmql", "PROC MESSAGE QUEUE LIMIT", MIB),
    ProcessLimit("openfd", "pofl", "PROC OPEN FILES LIMIT", None, default="1024"),
    ProcessLimit("psig", "ppsl", "PROC PENDING SIGNAL LIMIT", None),
    ProcessLimit("filesz", "ppl", "PROC PERMFILE LIMIT", MB),
    ProcessLimit("stack", "psl", "PROC STACK LIMIT", MIB),
    ProcessLimit("vmem", "pvml", "PROC VIRTUAL MEMORY LIMIT", MIB),
)
# Least and most of the numeric custom resources that pjacl lists on Fugaku.
NUMERIC: Mapping[str, Tuple[int, int]] = {
    "estimated-power": (0, LARGEST),
    "exepjrsh": (0, 1),
    "nnum_cret": (0, LARGEST),
    "test_rsc01": (0, LARGEST),
}
# Power knobs and their values: Fugaku user guide, Power control function. No values are documented for jobenv.
CUSTOM: Mapping[str, Sequence[str]] = {
    "freq": ("2000", "2200"),
    "throttling_state": tuple("0123456789"),
    "issue_state": ("0", "1"),
    "ex_pipe_state": ("0", "1"),
    "eco_state": ("0", "1", "2"),
    "retention_state": ("0", "1"),
    "jobenv": (),
    **dict.fromkeys(NUMERIC, ()),
}
# Least and most bytes of the sizes of `--llio`, and what they must be a multiple of: Command Reference, 84.
LLIO_SIZES: Mapping[str, Tuple[int, int, int]] = {
    "sharedtmp-size": (0, LARGEST * MIB, MIB),
    "localtmp-size": (0, LARGEST * MIB, 1),
    "cn-cached-write-size": (0, LARGEST * 1024, 4096),
    "cn-cache-size": (4 * MIB, LARGEST * MIB, 1),
    "stripe-size": (64 * 1024, 4194240 * 1024, 1024),
}


def size(text: str, decimal: bool = False) -> Optional[int]:
    """Bytes of `5`, `5Mi` and the like, or with ``decimal`` of `5M`; without a unit mega. None for anything else."""
    match = re.fullmatch(r"(\d{1,10})([KMGTP])?" if decimal else r"(\d{1,10})(?:([KMGTP])i)?", text, re.ASCII)
    if match is None:
        return None
    return int(match[1]) * int((1000 if decimal else 1024) ** " KMGTP".index(match[2] or "M"))
