"""The table of reasons why PJM ends jobs: codes, their meaning, what to do, and whether to try again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Sequence, Tuple


@dataclass(frozen=True)
class Cause:
    """Why a job ended.

    Attributes:
        meaning: a sentence about the job: "it …".
        advice: what to type or change; {longer} is replaced by twice the elapse limit.
        retry: submitting the same job again may help.
    """

    meaning: str
    advice: str
    retry: bool = False


def machine(meaning: str) -> Cause:
    """A cause in the machine, not in the test or the request."""
    return Cause(meaning, "nothing is wrong with the test: run it again; tell the site if it comes back", retry=True)


_ELAPSE = Cause(
    "it ran over its elapse limit",
    'raise elapse= in the mark of the test that was running, for example @pytest.mark.fugaku(elapse="{longer}")',
)
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
_TOO_MUCH = Cause(
    "it asks for more than there is",
    "lower nodes=, or change rscgrp=, in the mark",
)

# Command Reference p. 73; the Fugaku guide on abnormal ends for 13, 14 and 24.
CODE_NAMES = {
    0: "normal",
    1: "pjdel",
    2: "rejected",
    3: "gate check before the start",
    4: "pjhold",
    6: "step dependency",
    7: "forced deadline",
    8: "gate check",
    9: "not restartable",
    10: "CPU time limit",
    11: "elapse limit",
    12: "memory limit",
    13: "disk limit",
    14: "bulk waiting",
    16: "no access to directory or files",
    18: "another job or deadline started",
    20: "node down",
    21: "shell not run",
    22: "interconnect",
    23: "out of memory",
    24: "CPU statistics",
    25: "hardware",
    26: "prologue or epilogue",
    27: "exit script",
    28: "job environment",
    29: "job environment",
    30: "suspend failure",
    100: "internal, job manager",
    120: "internal, scheduler",
    140: "internal, resource manager",
    160: "internal, Tofu",
    180: "internal, LLIO",
}
CODES: Dict[int, Cause] = {
    1: Cause("it was deleted", "run the tests again if that was not meant"),
    2: Cause("it was rejected after it had been accepted", "change nodes=, elapse= or rscgrp= in the mark"),
    3: _GATE,
    4: Cause("it was held", "release it, or run the tests again"),
    6: Cause("a step that it needs failed, so it was removed", "look at the test that it comes after"),
    7: Cause(
        "the machine's service time ended",
        "run it again; maintenance times are in the site's notices",
        retry=True,
    ),
    8: _GATE,
    9: machine("the system was rebuilt and it may not be restarted"),
    10: Cause("it used more CPU time than it may", "make the test smaller, or raise the limit of the resource group"),
    11: _ELAPSE,
    12: _MEMORY,
    13: Cause("it used more disk than it may", "remove files, or ask the site for a larger quota"),
    14: machine("it ended while it waited as part of a bulk job"),
    16: _FILES,
    18: _PREEMPTED,
    20: machine("a node it ran on went down"),
    21: machine("its shell could not be started"),
    22: machine("the interconnect of a node failed"),
    23: _MEMORY,
    24: machine("its CPU statistics could not be taken"),
    25: machine("a node it ran on failed"),
    26: machine("the site's prologue or epilogue failed"),
    27: machine("the site's exit script failed"),
    28: machine("its job environment could not be made"),
    29: machine("its job environment could not be made"),
    30: machine("it could not be suspended"),
    100: machine("internal error of the job manager"),
    120: machine("internal error of the job scheduler"),
    140: machine("internal error of the resource manager"),
    160: machine("internal error of the interconnect's management"),
    180: machine("internal error of the storage"),
}

# Command Reference p. 73-75. Matched by their beginning, longer before shorter, because tables cut off a reason at 16
# characters.
REASONS: Sequence[Tuple[str, Cause]] = (
    ("ANOTHER JOB STAR", _PREEMPTED),
    ("DEADLINE SCHEDUL", _PREEMPTED),
    ("ELAPSE LIMIT EXC", _ELAPSE),
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
