"""The table of reasons why PJM ends jobs: codes, their meaning, what to do, and whether to try again."""

from __future__ import annotations

from typing import Dict, Sequence, Tuple

from pjm.batch.cause import ELAPSE, Cause, machine
from pjm.batch.scheduler import Phase

_MEMORY = Cause(
    "it needed more memory than it had",
    "raise nodes= in the mark of the test that was running, or make the test smaller",
)
_FILES = Cause(
    "its working directory or its output files cannot be reached from the compute node",
    "set fugaku_workdir to a folder on the data area that compute nodes share, and name its volume in fugaku_gfscache",
)
_GATE = Cause(
    "the site's gate check refused it (inactive group, used-up budget, too few nodes or too long for its group)",
    "look at the group's budget and at rscgrp=, nodes= and elapse= in the mark, then run the tests again",
)
_PREEMPTED = Cause(
    "another job or a deadline took its nodes",
    "run it again, in another resource group than a spot one if it has to get through",
    retry=True,
)
_TOO_MUCH = Cause("it asks for more than there is", "lower nodes=, or change rscgrp=, in the mark")

# Name and cause by code. Command Reference p. 73; the Fugaku guide on abnormal ends for 13, 14 and 24.
_TABLE: Dict[int, Tuple[str, Cause]] = {
    1: ("pjdel", Cause("it was deleted", "run the tests again if that was not meant")),
    2: (
        "rejected",
        Cause("it was rejected after it had been accepted", "change nodes=, elapse= or rscgrp= in the mark"),
    ),
    3: ("gate check before the start", _GATE),
    4: ("pjhold", Cause("it was held", "release it, or run the tests again")),
    6: (
        "step dependency",
        Cause("a step that it needs failed, so it was removed", "look at the test that it comes after"),
    ),
    7: (
        "forced deadline",
        Cause(
            "the machine's service time ended", "run it again; maintenance times are in the site's notices", retry=True
        ),
    ),
    8: ("gate check", _GATE),
    9: ("not restartable", machine("the system was rebuilt and it may not be restarted")),
    10: (
        "CPU time limit",
        Cause("it used more CPU time than it may", "make the test smaller, or raise the limit of the resource group"),
    ),
    11: ("elapse limit", ELAPSE),
    12: ("memory limit", _MEMORY),
    13: ("disk limit", Cause("it used more disk than it may", "remove files, or ask the site for a larger quota")),
    14: ("bulk waiting", machine("it ended while it waited as part of a bulk job")),
    16: ("no access to directory or files", _FILES),
    18: ("another job or deadline started", _PREEMPTED),
    20: ("node down", machine("a node it ran on went down")),
    21: ("shell not run", machine("its shell could not be started")),
    22: ("interconnect", machine("the interconnect of a node failed")),
    23: ("out of memory", _MEMORY),
    24: ("CPU statistics", machine("its CPU statistics could not be taken")),
    25: ("hardware", machine("a node it ran on failed")),
    26: ("prologue or epilogue", machine("the site's prologue or epilogue failed")),
    27: ("exit script", machine("the site's exit script failed")),
    28: ("job environment", machine("its job environment could not be made")),
    29: ("job environment", machine("its job environment could not be made")),
    30: ("suspend failure", machine("it could not be suspended")),
    100: ("internal, job manager", machine("internal error of the job manager")),
    120: ("internal, scheduler", machine("internal error of the job scheduler")),
    140: ("internal, resource manager", machine("internal error of the resource manager")),
    160: ("internal, Tofu", machine("internal error of the interconnect's management")),
    180: ("internal, LLIO", machine("internal error of the storage")),
}
CODES = {code: cause for code, (_, cause) in _TABLE.items()}
CODE_NAMES = {0: "normal", **{code: name for code, (name, _) in _TABLE.items()}}

# Command Reference p. 73-75. Matched by their beginning, longer before shorter, because tables cut off a reason at 16
# characters.
REASONS: Sequence[Tuple[str, Cause]] = (
    ("ANOTHER JOB STAR", _PREEMPTED),
    ("DEADLINE SCHEDUL", _PREEMPTED),
    ("ELAPSE LIMIT EXC", ELAPSE),
    ("FILE IO ERROR", _FILES),
    ("GATE CHECK", _GATE),
    ("IMPOSSIBLE SCHED", Cause("it can never be scheduled as it is", "lower nodes= or elapse= in the mark")),
    ("INSUFF", _TOO_MUCH),
    ("INTERNAL ERROR", machine("internal error")),
    ("INVALID HOSTFILE", Cause("its host file is invalid", "take the host file out of the job's prologue")),
    ("LIMIT OVER MEMOR", _MEMORY),
    ("LOST COMM", machine("the connection to a node was lost")),
    ("NO CURRENT DIR", _FILES),
    ("NOT EXIST", Cause("it asks for a resource that does not exist", "correct the mark")),
    ("RESUME FAIL", machine("it could not be resumed")),
    ("RSCGRP NOT EXIST", Cause("its resource group does not exist", "correct rscgrp= or fugaku_rscgrp")),
    ("RSCGRP STOP", Cause("its resource group is stopped", "use another rscgrp=, or wait for it to be opened")),
    ("RSCUNIT NOT EXIS", Cause("its resource unit does not exist", "correct rscgrp= or fugaku_rscgrp")),
    ("RSCUNIT STOP", Cause("its resource unit is stopped", "wait for it to be opened")),
    ("RUNLIMIT EXCEED", Cause("too many jobs run at once", "wait for other jobs of the group to end")),
    ("SUSPEND FAIL", machine("it could not be suspended")),
    ("USELIMIT EXCEED", Cause("the group's budget is used up", "charge another group with fugaku_group")),
    ("USER NOT EXIST", Cause("its user is not known to the scheduler", "ask the site")),
)
VAGUE = (0, 2, 3, 8, 100, 120, 140, 160, 180)  # codes that a reason makes clearer

# Command Reference p. 67, End-user's Guide p. 19. The long names are those of `pjstat -s` and of site wrappers.
_PHASES = {
    Phase.QUEUED: "ACC ACCEPT QUE QUEUED RNA RUNNING-A",
    Phase.HELD: "HLD HOLD",
    Phase.RUNNING: "RNP RUNNING-P RUN RUNNING SPP SUSPEND SPD SUSPENDED RSM RESUME",
    Phase.ENDING: "RNE RUNNING-E RNO RUNOUT",
    Phase.ENDED: "EXT EXIT END RJT REJECT CCL CANCEL",
    Phase.STUCK: "ERR ERROR",
}
STATES = {state: phase for phase, states in _PHASES.items() for state in states.split()}
