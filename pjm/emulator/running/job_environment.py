"""The environment variables and file names of a job. Source: End-user's Guide, pages 44-51, 86 and 161-162."""

from __future__ import annotations

import math
import os
import pwd
import re
from pathlib import Path
from typing import Dict, List

from pjm.emulator.machine.store import WHOLE, Job
from pjm.emulator.running import processes

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
LONGEST_NAME = 63
# Variables that `-X` does not copy.
NOT_EXPORTED = ("LD_LIBRARY_PATH", "LD_PRELOAD", "PJM_EMULATOR_FAULTS", "PJM_EMULATOR_USER")

# End-user's Guide, table 2.1: -x and -X can neither change these variables nor add one that the job does not have.
RESERVED = (
    r"PJM_(JOBID|SUBJOBID|JOBNAME|ENVIRONMENT|JOBDIR|O_\w+|SHELL|DPREFIX|RSCUNIT|RSCGRP|ELAPSE_LIMIT|ELAPSED_TIME_MODE|"
    r"ADAPTIVE_\w+|STDOUT_PATH|STDERR_PATH|NET_ROUTE|NODE|NODE_\w+|VNODE\w*|CORE_MEM_LIMIT|VN_POLICY|EXEC_POLICY|MPI_\w+|"
    r"PROC_BY_NODE|RANK_MAP_\w+|ASSIGN_ONLINE_NODE|BULKNUM|STEPNUM|AT|COMMENT|APPNAME|FSNAME|NORESTART|MAILOPTION|"
    r"MAILSENDTO|CUSTOM_RESOURCES|LOCALTMP|SHAREDTMP|LLIO_(?!GFSCACHE\Z)\w+)\Z"
)


def filled(pattern: str, job: Job) -> str:
    """Replace %j, %J, %b, %s and %n in a path."""
    number = str(job.sub) if job.sub != WHOLE else ""
    values = {
        "j": str(job.jid),
        "J": job.id,
        "b": number if job.model == "BU" else "",
        "s": number if job.model == "ST" else "",
        "n": job.name,
        "%": "%",
    }
    return re.sub("%(.?)", lambda match: values.get(match[1], match[0]), pattern, flags=re.DOTALL)


def keyword(name: str) -> str:
    """The beginning of the names of a job's files, made from the job's name."""
    return (f"J{name}" if name[:1].isdigit() else name)[:LONGEST_NAME]


def file_of(job: Job, kind: str) -> Path:
    """The path of a job's `out`, `err` or `stats` file."""
    folder = Path(str(job.spec["cwd"]))
    given = job.spec.get("spath" if kind == "stats" else kind)
    if kind == "err" and job.spec.get("join") and not given:
        return file_of(job, "out")
    if given and not (kind == "stats" and job.is_parent):
        return folder / filled(str(given), job)
    return folder / f"{keyword(job.name)}.{job.id}.{kind}"


def command(script: str, shell: str) -> List[str]:
    """The command that starts a script: that of its `#!` line, otherwise the login shell."""
    with Path(script).open("rb") as file:
        first = file.readline(4096)
    if not first.startswith(b"#!"):
        return [shell, script]
    words = os.fsdecode(first[2:].strip(b" \t\n")).split(None, 1)
    return [*words, script] if words else [shell, script]


def login_shell() -> str:
    """The shell of the user who owns the emulator."""
    try:
        return pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"
    except KeyError:
        return "/bin/sh"


def environment(job: Job, folder: Path) -> Dict[str, str]:
    """The environment of a job. It has only those variables of the submitter that `-X` and `-x` ask for."""
    submitter = job.spec["submitter"]
    variables = {"PATH": SYSTEM_PATH, "HOME": submitter["HOME"] or "/", "SHELL": login_shell()}
    variables.update({"USER": job.user, "LOGNAME": job.user})
    if submitter["TZ"]:
        variables["TZ"] = submitter["TZ"]
    exported = {name: text for name, text in (job.spec.get("exported") or {}).items() if name not in NOT_EXPORTED}
    for given in (exported, job.spec["env"]):
        variables.update({name: text for name, text in given.items() if not re.match(RESERVED, name)})
    variables.update(_own(job))
    variables[processes.MARK] = processes.mark(folder, job.run)
    return variables


def _own(job: Job) -> Dict[str, str]:
    own = {
        "PJM_JOBID": str(job.jid),
        "PJM_SUBJOBID": job.id,
        "PJM_JOBNAME": job.name,
        "PJM_ENVIRONMENT": "BATCH",
        "PJM_JOBDIR": str(job.spec["cwd"]),
        "PJM_O_WORKDIR": str(job.spec["cwd"]),
        "PJM_O_HOST": str(job.spec["host"]),
        **{f"PJM_O_{name}": text for name, text in job.spec["submitter"].items()},
        "PJM_SHELL": login_shell(),
        "PJM_DPREFIX": str(job.spec["prefix"]),
        "PJM_RSCUNIT": job.rscunit,
        "PJM_RSCGRP": job.rscgrp,
        "PJM_ELAPSE_LIMIT": str(job.elapse),
        "PJM_ELAPSED_TIME_MODE": "fixed" if job.spec["least"] is None else "adaptive",
        "PJM_STDOUT_PATH": str(file_of(job, "out")),
        "PJM_STDERR_PATH": str(file_of(job, "err")),
        "PJM_NET_ROUTE": str(job.spec.get("net-route") or "dynamic"),
    }
    if job.model != "NM":
        own["PJM_BULKNUM" if job.model == "BU" else "PJM_STEPNUM"] = str(job.sub)
    return {**own, **_nodes(job), **_mpi(job), **_optional(job)}


def _nodes(job: Job) -> Dict[str, str]:
    nodes = {"PJM_NODE": str(job.nodes), "PJM_NODE_ALLOCATION_MODE": str(job.spec["mode"])}
    sides = str(job.spec["shape"] or job.nodes).split("x")
    nodes.update({f"PJM_NODE_{axis}": side for axis, side in zip("XYZ", sides)})
    if job.spec["memory"] is not None:
        nodes["PJM_NODE_MEM_LIMIT"] = str(job.spec["memory"])
    return nodes


def _mpi(job: Job) -> Dict[str, str]:
    mpi = job.spec["mpi"]
    if not mpi and job.nodes == 1:
        return {}
    shape = mpi.get("shape") or str(job.spec["shape"] or job.nodes)
    given = {f"PJM_MPI_SHAPE_{axis}": side for axis, side in zip("XYZ", shape.split("x"))}
    nodes = math.prod(int(side) for side in shape.split("x"))
    in_all = int(mpi.get("proc") or int(mpi.get("max-proc-per-node", 1)) * nodes)
    per_node = int(mpi.get("max-proc-per-node") or math.ceil(in_all / nodes))
    given.update({"PJM_MPI_PROC": str(in_all), "PJM_PROC_BY_NODE": str(per_node)})
    for way in ("bychip", "bynode"):
        if f"rank-map-{way}" in mpi:
            given[f"PJM_RANK_MAP_{way.upper()}"] = mpi[f"rank-map-{way}"] or "DEF"
    if "assign-online-node" in mpi:
        given["PJM_ASSIGN_ONLINE_NODE"] = "1"
    return given


# Options with a free text, and their variables. pjsub takes them from the same variables: Command Reference, 82-84.
FREE_TEXTS = {"comment": "PJM_COMMENT", "appname": "PJM_APPNAME", "fs": "PJM_FSNAME"}
_OPTIONAL = {**FREE_TEXTS, "at-text": "PJM_AT", "mail-list": "PJM_MAILSENDTO"}


def _optional(job: Job) -> Dict[str, str]:
    optional = {variable: str(job.spec[name]) for name, variable in _OPTIONAL.items() if job.spec.get(name)}
    if job.spec["norestart"]:
        optional["PJM_NORESTART"] = "1"
    if job.spec["custom"]:
        kinds = [(name, "n" if text.isdecimal() else "s", text) for name, text in job.spec["custom"]]
        optional["PJM_CUSTOM_RESOURCES"] = ",".join(f"{name}/{kind}={text}" for name, kind, text in kinds)
    if job.spec["least"] is not None:
        optional["PJM_ADAPTIVE_ELAPSED_TIME_MIN"] = str(job.spec["least"])
        optional["PJM_ADAPTIVE_ELAPSED_TIME_MAX"] = str(job.elapse)
    for name, text in job.spec["llio"].items():
        optional[f"PJM_LLIO_{name.upper().replace('-', '_')}"] = text
    return optional
