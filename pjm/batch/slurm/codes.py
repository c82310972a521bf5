"""Slurm's states and reasons: what phase of a job each means, why jobs end or never start, and what to do."""

from __future__ import annotations

from typing import Dict, Mapping

from pjm.batch.cause import ELAPSE, Cause, machine
from pjm.batch.scheduler import Phase

# squeue(1), JOB STATE CODES, of 22.05; the last of a line are those of later versions.
_PHASES = {
    Phase.QUEUED: "PENDING CONFIGURING REQUEUED REQUEUE_FED POWER_UP_NODE",
    Phase.HELD: "REQUEUE_HOLD RESV_DEL_HOLD SPECIAL_EXIT",
    Phase.RUNNING: "RUNNING SUSPENDED STOPPED RESIZING SIGNALING",
    Phase.ENDING: "COMPLETING STAGE_OUT UPDATE_DB",
    Phase.ENDED: "COMPLETED FAILED CANCELLED TIMEOUT NODE_FAIL OUT_OF_MEMORY PREEMPTED BOOT_FAIL DEADLINE REVOKED "
    "LAUNCH_FAILED RECONFIG_FAIL",
}
STATES: Mapping[str, Phase] = {state: phase for phase, states in _PHASES.items() for state in states.split()}

# What state a job ends in, if that says why: squeue(1), JOB STATE CODES. COMPLETED is success, and FAILED is judged by
# the exit code. The exit code of TIMEOUT is 0:0, 0:15 or 143:0.
ENDS: Mapping[str, Cause] = {
    "BOOT_FAIL": machine("a node it was to run on could not be started"),
    "CANCELLED": Cause("it was cancelled", "run the tests again if that was not meant"),
    "DEADLINE": Cause("its deadline passed", "take --deadline out of the options for sbatch, or run it again"),
    "LAUNCH_FAILED": machine("it could not be started on its node"),
    "NODE_FAIL": machine("a node it ran on failed"),
    "OUT_OF_MEMORY": Cause(
        "it needed more memory than it had",
        "raise mem= in the mark of the test that was running, or make the test smaller",
    ),
    "PREEMPTED": Cause(
        "another job took its nodes", "run it again, in another partition if it has to get through", retry=True
    ),
    "RECONFIG_FAIL": machine("its node could not be configured"),
    "REVOKED": machine("another cluster of the federation took it"),
    "TIMEOUT": ELAPSE,
}

HELD = ("JobHeldUser", "JobHeldAdmin", "JobHoldMaxRequeue")  # reasons: squeue(1), JOB REASON CODES

_ACCOUNT = Cause(
    "its account is not valid here",
    "set fugaku_group to an account of yours: sacctmgr show associations user=$USER format=account",
)
_QOS = Cause("its quality of service is not valid here", "correct --qos in the options for sbatch")
_TIME = Cause(
    "it asks for more time than it may have",
    "lower elapse= in the mark, or choose another rscgrp=: sinfo -o '%P %l' lists partitions and their limits",
)
_NODES = Cause(
    "its partition does not have the nodes that it asks for",
    "lower nodes= in the mark, or choose another rscgrp=: sinfo -s lists partitions and their nodes",
)
_CONSTRAINTS = Cause(
    "no node has what it asks for", "lower nodes=, cpus=, mem= or gres= in the mark, or choose another rscgrp="
)
NEEDED = Cause("a job that it needs failed, so it was removed", "look at the test that it comes after")

# Reasons for which a job waits for ever, unless the site changes something: squeue(1), JOB REASON CODES, and Slurm's
# page resource_limits.html. An array or chain that is over a limit in sum is not among them: it runs bit by bit.
NEVER: Dict[str, Cause] = {
    "AccountNotAllowed": _ACCOUNT,
    "AssocMaxCpuPerJobLimit": _CONSTRAINTS,
    "AssocMaxNodePerJobLimit": _NODES,
    "AssocMaxWallDurationPerJobLimit": _TIME,
    "BadConstraints": _CONSTRAINTS,
    "DependencyNeverSatisfied": NEEDED,
    "InvalidAccount": _ACCOUNT,
    "InvalidQOS": _QOS,
    "PartitionNodeLimit": _NODES,
    "PartitionTimeLimit": _TIME,
    "QOSMaxCpuPerJobLimit": _CONSTRAINTS,
    "QOSMaxMemoryPerJob": _CONSTRAINTS,
    "QOSMaxNodePerJobLimit": _NODES,
    "QOSMaxWallDurationPerJobLimit": _TIME,
    "QOSNotAllowed": _QOS,
    "QOSTimeLimit": _TIME,
}
