"""Dependencies between the sub jobs of a step job. Source: Command Reference, 95-97; End-user's Guide, 100-104."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import Callable, Dict, Iterable, List, Mapping, Sequence, Tuple

from pjm.emulator.machine.messages import Refusal

NEVER = ("NONE", "None", "none")
FORM = re.compile(r"(ec|pc)(==|!=|>=|<=|>|<)(\d+(?:,\d+)*)\Z")
COMPARE: Dict[str, Callable[[int, int], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


@dataclass(frozen=True)
class Dependency:
    """If the form is true for one of the steps, this step is removed.

    Attributes:
        code: "ec", "pc", or "" for a form that is never true.
        sign: how it is compared.
        values: with what.
        removes: one, after or all.
        steps: numbers; none for the one that was executed last.
    """

    code: str
    sign: str
    values: Tuple[int, ...]
    removes: str
    steps: Tuple[int, ...]

    def holds(self, codes: Mapping[str, int]) -> bool:
        """The form is true for a step that ended with these codes."""
        if not self.code:
            return False
        if self.sign == "==":
            return codes[self.code] in self.values
        if self.sign == "!=":
            return codes[self.code] not in self.values
        return COMPARE[self.sign](codes[self.code], self.values[0])


def dependency(text: str) -> Dependency:
    """Read `FORM[:DELTYPE[:STEPNO[:STEPNO...]]]`.

    Raises:
        Refusal: it cannot be read.
    """
    form, *others = text.split(":")
    removes = others[0] if others and others[0] else "one"
    if removes not in ("one", "after", "all") or not all(re.fullmatch(r"\d{1,5}", step) for step in others[1:]):
        raise Refusal("04", f"--sparam sd={text}")
    steps = tuple(int(step) for step in others[1:])
    if form in NEVER:
        return Dependency("", "", (), removes, steps)
    found = FORM.match(form)
    if found is None or ("," in found.group(3) and found.group(2) not in ("==", "!=")):
        raise Refusal("04", f"--sparam sd={text}")
    values = tuple(int(value) for value in found.group(3).split(","))
    return Dependency(found.group(1), found.group(2), values, removes, steps)


def removed(
    number: int, needs: Sequence[str], ended: Mapping[int, Mapping[str, int]], waiting: Mapping[int, Sequence[str]]
) -> List[int]:
    """Which steps are removed now that it is the turn of one.

    Args:
        number: the step whose turn it is: all before it have ended.
        needs: its dependencies, as they were written.
        ended: `ec` and `pc` of the steps that have ended, in the order in which they did.
        waiting: dependencies of the steps after it.

    Returns:
        None of them, or this one and those that go with it.
    """
    for text in needs:
        found = dependency(text)
        steps = found.steps or tuple(list(ended)[-1:])
        if not any(found.holds(ended[step]) for step in steps if step in ended):
            continue
        if found.removes == "one":
            return [number]
        if found.removes == "all":
            return [number, *(step for step in sorted(waiting) if step > number)]
        return _with_followers(number, waiting)
    return []


def _with_followers(number: int, waiting: Mapping[int, Sequence[str]]) -> List[int]:
    gone = [number]
    order = sorted([number, *waiting])
    for step in sorted(waiting):
        before = order[order.index(step) - 1]
        if any(_depends_on(dependency(text), gone, before) for text in waiting[step]):
            gone.append(step)
    return gone


def _depends_on(needed: Dependency, gone: Iterable[int], before: int) -> bool:
    return any(step in gone for step in (needed.steps or (before,)))
