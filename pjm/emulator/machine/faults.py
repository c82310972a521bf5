"""The faults on demand: rules, and what they hit. See docs/reference/emulator.md."""

from __future__ import annotations

import fnmatch
import json
import math
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from pjm.emulator.machine.messages import ACCEPTANCE, FAMILIES
from pjm.emulator.machine.store import Job, Store
from pjm.errors import BadInput

VARIABLE = "PJM_EMULATOR_FAULTS"
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


def of_command(rules: Sequence[Rule], command: str, store: Store) -> List[Rule]:
    """Count a call of a command, and return the rules that apply to it."""
    mine = [
        rule
        for rule in rules
        if rule["fault"] not in OF_JOBS and rule.get("command", default_command(rule)) in (command, "*")
    ]
    if not mine:
        return []
    with store.changing():
        return [rule for rule in mine if _hits(rule, store)]


def of_job(rules: Sequence[Rule], job: Job, store: Store) -> List[Rule]:
    """Count a job that is being submitted, and return the rules that apply to it. Call it in `Store.changing`."""
    return [rule for rule in rules if rule["fault"] in OF_JOBS and _means(rule, job) and _hits(rule, store)]


def read(path: Path, variables: Mapping[str, str]) -> Sequence[Rule]:
    """Read the rules from the environment variable (JSON, or the path of a file) if it is set, otherwise from the file.

    Raises:
        BadInput: the rules cannot be read, or are invalid.
    """
    text = variables.get(VARIABLE, "")
    where = VARIABLE
    if not text.lstrip().startswith("["):
        path = Path(text) if text else path
        where = str(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            if isinstance(error, FileNotFoundError) and not variables.get(VARIABLE):
                return ()
            raise BadInput(
                f"{where} cannot be read",
                str(error),
                f"name a file with rules in {VARIABLE}, or begin with [" if variables.get(VARIABLE) else "remove it",
            ) from error
    try:
        rules = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where} cannot be read", f"it is no JSON: {error}", "repair it, or remove it") from error
    return checked(rules, where)


def _means(rule: Rule, job: Job) -> bool:
    # All faults except parent-runout apply to jobs that run, not to parents.
    if job.is_parent != (rule["fault"] == "parent-runout") or not fnmatch.fnmatchcase(
        job.name, str(rule.get("job", "*"))
    ):
        return False
    return rule.get("part") in (None, job.sub)


def _hits(rule: Rule, store: Store) -> bool:
    number = store.next(f"fault {json.dumps(rule, sort_keys=True)}") - int(rule.get("skip", 0))
    every = int(rule.get("every", 1))
    times = rule.get("times")
    return number > 0 and number % every == 0 and (times is None or number // every <= int(times))
