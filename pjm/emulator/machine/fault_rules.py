"""The rules of faults on demand: the known faults and their parameters. See docs/reference/emulator.md."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Dict, Sequence, Tuple

from pjm.emulator.machine.messages import ACCEPTANCE, FAMILIES
from pjm.errors import BadInput

Rule = Dict[str, Any]
_COMMON = {"fault": str, "times": int, "every": int, "skip": int}
_NUMBER = (int, float)
# Parameters of the faults that begin while the script runs.
_TIMED: Dict[str, object] = {"after": _NUMBER, "file": str, "attempts": int}

# The parameters of each fault, and their kinds.
OF_COMMANDS: Dict[str, Dict[str, object]] = {
    "message": {"text": str},
    "lost-answer": {"exit": int, "text": str},
    "killed": {},
    "delay": {"seconds": _NUMBER, "when": str},
    "banner": {"text": str},
    "loading": {},
    "no-table": {"header": bool},
    "cut-output": {"keep": int},
}
OF_JOBS: Dict[str, Dict[str, object]] = {
    "reject": {"reason": str},
    "stuck": {"reason": str, "seconds": _NUMBER},
    "gate-check": {"reason": str, "pc": int},
    "hold": {"reason": str},
    "vanish": {**_TIMED, "when": str},
    "late": {"seconds": _NUMBER},
    "gap": {"seconds": _NUMBER},
    "end": {"st": str, "ec": int, "pc": int, "sn": int, "reason": str, "message": str},
    "runout": {"seconds": _NUMBER},
    "parent-runout": {},
    "node-down": _TIMED,
    "preempt": _TIMED,
    "out-of-memory": {**_TIMED, "pc": int},
    "elapse": _TIMED,
    "kill": {**_TIMED, "signal": int},
    "disk-full": {"bytes": int, "files": list},
    "truncate": {"files": list, "keep": int, "drop": int},
    "late-files": {"files": list, "seconds": _NUMBER},
}
# Limits of the values of parameters: numbers must be between these (default: 0 and infinity), ...
_BETWEEN: Dict[str, Tuple[float, float]] = {"every": (1, math.inf), "exit": (0, 255), "signal": (1, 64)}
# ... and words must be one of these, for all faults or for one fault.
_ONE_OF: Dict[Tuple[str, str], Tuple[str, ...]] = {
    ("", "command"): (*FAMILIES, "*"),
    ("delay", "when"): ("before", "after"),
    ("vanish", "when"): ("queued", "running", "ended"),
    ("end", "st"): ("EXT", "CCL", "RJT"),
}


def checked(rules: object, where: str) -> Sequence[Rule]:
    """Check rules against the known faults, and return them.

    Raises:
        BadInput: a fault or a parameter is unknown, or a value is invalid.
    """
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise BadInput(f"{where} has no rules", "a list of objects was expected", 'begin with [{"fault": "0090"}]')
    for rule in rules:
        kinds = {**_COMMON, **_parameters(rule, where)}
        for name, value in rule.items():
            if name not in kinds:
                raise _wrong(rule, where, f"it has no {name!r}; it has: {', '.join(sorted(kinds))}")
            if not isinstance(value, kinds[name]) or (isinstance(value, bool) and kinds[name] is not bool):  # type: ignore[arg-type]
                raise _wrong(rule, where, f"{name} is {value!r}")
            expected = _expected(rule, name, value)
            if expected:
                raise _wrong(rule, where, f"{name} is {value!r}, and must be {expected}")
    return rules


def _expected(rule: Rule, name: str, value: object) -> str:
    """The description of a valid value; "" if the value is valid."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        least, most = _BETWEEN.get(name, (0, math.inf))
        if least <= value <= most and math.isfinite(value):
            return ""
        return f"at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
    if isinstance(value, list):
        return "" if all(isinstance(word, str) for word in value) else "a list of words"
    words = _ONE_OF.get((str(rule["fault"]), name)) or _ONE_OF.get(("", name))
    return f"one of {', '.join(words)}" if words and value not in words else ""


def is_of_jobs(rule: Rule) -> bool:
    """Whether a rule applies to jobs, not to commands."""
    return rule["fault"] in OF_JOBS


def is_message(rule: Rule) -> bool:
    """Whether the name of a rule is the number of a message, or of a reason of the acceptance check."""
    name = str(rule["fault"])
    return re.fullmatch(r"\d{4}", name) is not None or name in ACCEPTANCE


def _parameters(rule: Rule, where: str) -> Dict[str, object]:
    name = rule.get("fault")
    if not isinstance(name, str):
        raise _wrong(rule, where, "it does not say which fault")
    if name in OF_JOBS:
        return {"job": str, "part": int, **OF_JOBS[name]}
    if name in OF_COMMANDS:
        return {"command": str, **OF_COMMANDS[name]}
    if is_message(rule):
        return {"command": str, **OF_COMMANDS["message"]}
    raise _wrong(rule, where, f"no such fault; there are: {', '.join([*OF_COMMANDS, *OF_JOBS, 'NNNN', *ACCEPTANCE])}")


def _wrong(rule: Rule, where: str, why: str) -> BadInput:
    return BadInput(f"fault {json.dumps(rule)} in {where} is wrong", why, "see docs/reference/emulator.md")


def default_command(rule: Rule) -> str:
    """The command that a rule applies to if it names none."""
    number = str(rule["fault"])
    if re.fullmatch(r"\d{4}", number):
        return next((command for command, family in FAMILIES.items() if family == number[:2]), "pjsub")
    return "pjstat" if number in ("loading", "no-table", "cut-output", "banner") else "pjsub"
