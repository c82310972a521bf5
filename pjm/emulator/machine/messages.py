"""The messages of PJM's commands, with their numbers. Source: PJM's Command Reference, pages 101-113."""

from __future__ import annotations

from typing import Tuple

_COMMANDS = "pjsub pjdel pjstat pjhold pjrls pjwait pjsig pjacl pjshowrsc"
FAMILIES = dict(zip(_COMMANDS.split(), ["00", "01", "02", "03", "04", "06", "07", "32", "32"]))
# Messages that are followed by a hint to --help.
WITH_HINT = ("01", "02", "03", "10", "23")

# Texts by the last two digits, which mean the same for all commands; others are in OWN.
TEXTS = {
    "01": "Unknown option or no option argument: {}.",
    "02": "Invalid combination: {}.",
    "03": "Unknown option argument: {}.",
    "04": "Invalid option argument: {}.",
    "08": "Option arguments must be enclosed in quotation mark.",
    "09": "Invalid argument: {}.",
    "10": "No jobid(s) specified.",
    "11": "Invalid jobid: {}.",
    "12": "Job {} does not exist.",
    "13": "Job {} is not in the state that {command} can be accepted.",
    "20": "File open failed: {}.",
    "21": "Script file name too long.",
    "22": "File format error: {}.",
    "23": "Multiple script files specified.",
    "24": "Too many arguments in script file.",
    "25": "Line length too long.",
    "26": "Current working directory access failed.",
    "27": "Current working directory path contains a newline character.",
    "28": "File creation failed: {}.",
    "41": "Getting group information from gid failed.",
    "45": "{} isn't on the global file system.",
    "46": "Option argument is out of range ({}): {}.",
    "47": "Option argument must be multiple of {}: {}.",
    "49": "Option argument is invalid. sharedtmp-size + localtmp-size must be less than or equal to {}: {}.",
    "54": "{} is less than the lower limit ({}).",
    "56": "The specified execution time is earlier than the current time: {}.",
    "57": "{} is greater than the upper limit ({}).",
    "58": "{} does not exist.",
    "59": "{} is disabled.",
    "60": "Step number overflowed.",
    "69": "{} in -L option is not specified.",
    "70": "No execute permission{}.",
    "71": "Group not authorized to submit a job: group({})",
    "72": "Job exceeded the accept limit: {}.",
    "76": "{} cannot be specified. The value must be specified as follows: {}",
    "77": "Too many custom resources specified.",
    "79": "{}.",
    "89": "Not supported: {}.",
    "90": "PJM daemon is not present.",
    "91": "Internal error: {}.",
    "97": "Resource unit does not exist: {}.",
    "98": "Resource group does not exist: {}.",
}
# Texts that differ from TEXTS, by all four digits.
OWN = {
    "0102": "Invalid combination of options: {}.",
    "0202": "Invalid combination of options: {}.",
    "0413": "Job {} status is not hold.",
    "0671": "No permission: {}.",
    "0702": "No signal specified.",
    "0711": "Invalid jobid :{}.",
    "0713": "Job {} status is not running.",
}
# The messages of pjshowrsc, which come from another part of PJM and have no full stop: Command Reference, 57-61.
OF_PJSHOWRSC = {
    "01": "Invalid option: {}",
    "04": "Invalid option: {}",
    "97": "Specification of resource unit name is wrong: {}",
    "98": "The specified resource group name is wrong: {}",
}

# Reasons of the acceptance check, for 0079: Fugaku user guide, "Checking when a job ends abnormally".
_WRONG = tuple(
    f"{what} is too {how}"
    for more, time in (("few", "short"), ("many", "long"))
    for what, how in (("Node", more), ("Elapse limit", time), ("Use resource", more))
)
_WHOSE = ("group", "rsc-grp", "user")
_REASONS = {
    "Q": [
        "group is not active (ACC->QUE)",
        "user is not active (ACC->QUE)",
        *(f"{wrong} (ACC->QUE)" for wrong in _WRONG),
        *(f"Computing resources shortage occurred.[{whose}] (ACC->QUE)" for whose in _WHOSE),
    ],
    "S": [
        "group is not active (QUE->SIN)",
        "user is not active (QUE->SIN)",
        *(f"need more resource [{whose}] (QUE->SIN)" for whose in _WHOSE),
        *(f"requeue, remaining resource shortage [{whose}] (QUE->SIN)" for whose in _WHOSE),
        *(f"requeue, {wrong} (QUE->SIN)" for wrong in _WRONG),
        "Computing resources shortage occurred.(QUE->RNA)",
    ],
}
ACCEPTANCE = {f"{letter}{n:02d}": text for letter, texts in _REASONS.items() for n, text in enumerate(texts, 1)}

# What PJM appends to a job's standard error: Command Reference, pages 128-131.
IN_JOB = {
    "elapse": "[ERR.] PJM 7004 Job {} was canceled. The job exceeded its elapse time limit.",
    "memory": "[ERR.] PJM 7005 Job {} was canceled. The job exceeded its memory limit.",
    "node-down": "[ERR.] PJM 7008 Job {} was canceled. The node running the job was down.",
    "script": "[ERR.] PJM 7009 Job {} was canceled. The job script cannot be executed.",
    "oom": "[ERR.] PJM 7011 Job {} was canceled. A process of the job was killed by the OOM killer.",
    "deadline": "[ERR.] PJM 7001 Job {} was canceled. Another job or the deadline schedule started.",
    "pjdel": "[INFO] PJM 7090 Job {} was canceled. User {} executed pjdel command.",
    "pjhold": "[INFO] PJM 7091 Job {} was canceled. User {} executed pjhold command.",
    "restart": "[INFO] PLE 1700 The job restarts.",
}


class Refusal(Exception):  # noqa: N818 - the answer of a command, not an error of this program
    """A command refuses, with an error message and its number.

    Attributes:
        number: the last two digits, because the first two depend on the command; or all four for a text in OWN.
        text: the message.
        details: further lines.
    """

    def __init__(self, number: str, *values: object, details: Tuple[str, ...] = ()) -> None:
        super().__init__(number, *values)
        self.number = number
        self.values = values
        self.details = details

    def lines(self, command: str) -> Tuple[str, ...]:
        """The lines for standard error."""
        number = self.number if len(self.number) == 4 else FAMILIES[command] + self.number
        text = template(number, command).format(*self.values, *("",) * 3, command=command)
        hinted = number[2:] in WITH_HINT or number == "0702"
        hint = (f"Try `{command} --help` for more information.",) if hinted and command != "pjshowrsc" else ()
        return (said("ERR.", number, command, text), *self.details, *hint)


def template(number: str, command: str) -> str:
    """The text of a message, with `{}` for its values; an unknown message is its values."""
    special = {number[:2] + key: text for key, text in OF_PJSHOWRSC.items()} if command == "pjshowrsc" else OWN
    return special.get(number, TEXTS.get(number[2:], "{}"))


class Wrapped(Exception):  # noqa: N818 - as above
    """Fugaku's wrapper around pjsub refuses, with a text of its own and without a number."""


def said(level: str, number: str, command: str, text: str) -> str:
    """Format one message, such as `[INFO] PJM 0000 pjsub Job 1 submitted.`."""
    return f"[{level}] {'PRM' if command == 'pjshowrsc' else 'PJM'} {number} {command} {text}"
