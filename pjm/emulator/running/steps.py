"""Dependencies between the sub jobs of a step job. Source: Command Reference, 95-97; End-user's Guide, 100-104."""

from __future__ import annotations

import re
from typing import Callable, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from pjm.emulator.machine.messages import Refusal

NEVER = ("NONE", "None", "none")
FORM = re.compile(r"(ec|pc)(==|!=|>=|<=|>|<)(\d+(?:,\d+)*)\Z")
# Whether a code meets the condition with these values; only == and != take several.
COMPARE: Dict[str, Callable[[int, Tuple[int, ...]], bool]] = {
    "==": lambda code, values: code in values,
    "!=": lambda code, values: code not in values,
    ">": lambda code, values: code > values[0],
    "<": lambda code, values: code < values[0],
    ">=": lambda code, values: code >= values[0],
    "<=": lambda code, values: code <= values[0],
}


class Dependency(NamedTuple):
    """One dependency of a step. The step is removed if the condition is true for one of the named steps.

    Attributes:
        code: "ec", "pc", or "" for a condition that is never true.
        sign: operator of the comparison.
        values: values to compare with.
        removes: one, after or all.
        steps: numbers of steps; empty for the step that was executed last.
    """

    code: str
    sign: str
    values: Tuple[int, ...]
    removes: str
    steps: Tuple[int, ...]

    def holds(self, codes: Mapping[str, int]) -> bool:
        """Whether the condition is true for a step that ended with these codes."""
        return bool(self.code) and COMPARE[self.sign](codes[self.code], self.values)


def dependency(text: str) -> Dependency:
    """Parse `FORM[:DELTYPE[:STEPNO[:STEPNO...]]]`.

    Raises:
        Refusal: the text cannot be read.
    """
    form, *others = text.split(":")
    removes = others[0] if others and others[0] else "one"
    if removes not in ("one", "after", "all") or not all(re.fullmatch(r"\d{1,5}", step) for step in others[1:]):
        raise Refusal("04", f"--sparam sd={text}")
    steps = tuple(int(step) for step in others[1:])
    if form in NEVER:
        return Dependency("", "", (), removes, steps)
    match = FORM.match(form)
    if match is None or ("," in match.group(3) and match.group(2) not in ("==", "!=")):
        raise Refusal("04", f"--sparam sd={text}")
    values = tuple(int(value) for value in match.group(3).split(","))
    return Dependency(match.group(1), match.group(2), values, removes, steps)


def removed(
    number: int, needs: Sequence[str], ended: Mapping[int, Mapping[str, int]], waiting: Mapping[int, Sequence[str]]
) -> List[int]:
    """The steps to remove when all steps before step `number` have ended.

    Args:
        number: the next step to run.
        needs: its dependencies, as the user wrote them.
        ended: `ec` and `pc` of the steps that have ended, in the order in which they ended.
        waiting: dependencies of the later steps.

    Returns:
        Numbers of steps: empty, or this step and the steps that are removed with it.
    """
    for text in needs:
        condition = dependency(text)
        steps = condition.steps or tuple(list(ended)[-1:])
        if not any(condition.holds(ended[step]) for step in steps if step in ended):
            continue
        if condition.removes == "one":
            return [number]
        if condition.removes == "all":
            return [number, *(step for step in sorted(waiting) if step > number)]
        return _with_followers(number, waiting)
    return []


def _with_followers(number: int, waiting: Mapping[int, Sequence[str]]) -> List[int]:
    gone = [number]
    order = sorted([number, *waiting])
    for step in sorted(waiting):
        before = order[order.index(step) - 1]
        if any(needed in gone for text in waiting[step] for needed in (dependency(text).steps or (before,))):
            gone.append(step)
    return gone
