"""What pjdel, pjhold and pjrls have in common: ids and ranges, what is said of each, whole jobs and their sub jobs.

Source: Fugaku user guide, "Deleting a job, job operations": a step job has one line for each sub job, a bulk job one, a
range of a bulk job's sub jobs one that repeats the range.
"""

from __future__ import annotations

import sys
from typing import Callable, List, Mapping, Sequence

from pjm.emulator.machine.context import Context
from pjm.emulator.machine.ids import Wanted, wanted
from pjm.emulator.machine.messages import FAMILIES, Refusal, info
from pjm.emulator.machine.store import WHOLE, Job

# Changes a job, and says which message tells of it.
Act = Callable[[Job], str]


def each(context: Context, command: str, names: Sequence[str], act: Act, texts: Mapping[str, str]) -> int:
    """Do something to each job that was named.

    Args:
        context: the emulator.
        command: for the messages.
        names: ids and ranges.
        act: raises Refusal if it cannot be done to a job.
        texts: of the messages that ``act`` may choose.

    Returns:
        1 if anything was refused: each id is handled, whatever came of the others.
    """
    if not names:
        raise Refusal("10")
    code = 0
    for name in names:
        one = wanted(name)
        try:
            if one is None:
                raise Refusal("11", name)
            for number, said in _act_on(context, one, act):
                print(info(FAMILIES[command] + number, command, texts[number].format(said)))
                sys.stdout.flush()
        except Refusal as refusal:
            print(*refusal.lines(command), sep="\n", file=sys.stderr)
            sys.stderr.flush()
            code = 1
    return code


def _act_on(context: Context, one: Wanted, act: Act) -> List[tuple[str, str]]:
    with context.store.changing():
        named = _named(context, one)
        if not named and not one.is_range:
            raise Refusal("12", one.word)
        said: List[tuple[str, str]] = []
        for job in named:
            try:
                said += _with_subs(context, job, act)
            except Refusal:
                # Within a range errors are silent.
                if not one.is_range:
                    raise
    if one.subs is not None and one.is_range and one.model == "BU" and said:
        return [(said[0][0], one.word)]
    return said


def _named(context: Context, one: Wanted) -> List[Job]:
    low, high = one.jids
    if one.subs is None:
        condition, values = f"sub = {WHOLE} AND jid BETWEEN ? AND ?", (low, high)
    else:
        condition, values = f"jid = {int(low)} AND model = '{one.model}' AND sub BETWEEN ? AND ?", one.subs
    return context.store.select(f"{condition} AND usr = ?", (*values, context.user))


def _with_subs(context: Context, job: Job, act: Act) -> List[tuple[str, str]]:
    if not job.is_parent:
        number = act(job)
        context.store.put([job])
        return [(number, job.id)]
    subs = context.store.subs(job.jid)
    answers = {}
    refused = None
    for sub in subs:
        try:
            answers[sub.id] = act(sub)
        except Refusal as refusal:
            refused = refusal
    if not answers:
        raise Refusal(refused.number if refused else "12", job.id)
    context.store.put(subs)
    if job.model == "ST":
        return [(number, name) for name, number in answers.items()]
    return [("00" if "00" in answers.values() else next(iter(answers.values())), job.id)]
