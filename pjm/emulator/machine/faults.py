"""The faults on demand: rules from faults.json or PJM_EMULATOR_FAULTS. See docs/reference/emulator.md."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path
from typing import List, Mapping, NamedTuple, Sequence

from pjm.emulator.machine.fault_rules import Rule, checked, default_command, is_of_jobs
from pjm.emulator.machine.store import Job, Store
from pjm.errors import BadInput

VARIABLE = "PJM_EMULATOR_FAULTS"


class Faults(NamedTuple):
    """The rules in force."""

    rules: Sequence[Rule]

    def of_command(self, command: str, store: Store) -> List[Rule]:
        """Count a call of a command, and return the rules that apply to it."""
        mine = [
            rule
            for rule in self.rules
            if not is_of_jobs(rule) and rule.get("command", default_command(rule)) in (command, "*")
        ]
        if not mine:
            return []
        with store.changing():
            return [rule for rule in mine if _hits(rule, store)]

    def of_job(self, job: Job, store: Store) -> List[Rule]:
        """Count a job that is being submitted, and return the rules that apply to it. Call it in `Store.changing`."""
        return [rule for rule in self.rules if is_of_jobs(rule) and _means(rule, job) and _hits(rule, store)]


def read(path: Path, variables: Mapping[str, str]) -> Faults:
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
        except FileNotFoundError:
            return Faults(())
        except (OSError, ValueError) as error:
            raise BadInput(f"{where} cannot be read", str(error), "name a file with rules") from error
    try:
        rules = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where} cannot be read", f"it is no JSON: {error}", "repair it, or remove it") from error
    return Faults(checked(rules, where))


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
