"""The common part of pjdel, pjhold, pjrls and pjsig: applies an operation to ids, ranges and sub jobs, and reports it.

Source: Fugaku user guide, "Deleting a job, job operations": one line for each sub job of a step job, one line for a
bulk job, and one line that repeats the range for a range of sub jobs of a bulk job.
"""

from __future__ import annotations

import sys
from typing import Callable, List, Mapping, Sequence

from pjm.emulator.commands.getopt import Option, asked
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.ids import Wanted, wanted
from pjm.emulator.machine.messages import FAMILIES, Refusal, said
from pjm.emulator.machine.store import Job

# Changes a job, as the options say, and returns the number of the message to print.
Operation = Callable[[Context, Job, Mapping[str, str]], str]
TEXTS = {"00": "Accepted job {}.", "19": "Already accepted job {}."}


def run(
    context: Context,
    command: str,
    words: Sequence[str],
    known: Mapping[str, Option],
    operation: Operation,
    check: Callable[[Mapping[str, str]], object] = bool,
) -> int:
    """Apply an operation to each job that was named.

    Args:
        context: the emulator.
        command: name of the command, for the messages.
        words: its arguments.
        known: its options, but for --help.
        operation: raises Refusal if the job is not in a state for it.
        check: raises Refusal if the options are wrong.

    Returns:
        Exit code: 1 if anything was refused. A refusal does not stop the other ids.
    """
    usage = " ".join([command, *(f"[{spelling}]" for spelling in known), "jobid ..."])
    options, names = asked(words, known, usage)
    check(options)
    if not names:
        raise Refusal("10")
    code = 0
    for name in names:
        target = wanted(name)
        try:
            if target is None:
                raise Refusal("11", name)
            for number, job_id in _apply_to(context, target, lambda job: operation(context, job, options)):
                text = "Job {} released." if command == "pjrls" else TEXTS[number]
                print(said("INFO", FAMILIES[command] + number, command, text.format(job_id)), flush=True)
        except Refusal as refusal:
            print(*refusal.lines(command), sep="\n", file=sys.stderr, flush=True)
            code = 1
    return code


def require_state(job: Job, *states: str) -> None:
    """Refuse a job that has ended, with 12, or that is in none of these states, with 13.

    Raises:
        Refusal: it is one.
    """
    if job.whole_ended is not None:
        raise Refusal("12", job.id)
    if job.state not in states:
        raise Refusal("13", job.id)


def _apply_to(context: Context, target: Wanted, operation: Callable[[Job], str]) -> List[tuple[str, str]]:
    with context.store.changing():
        named = [job for job in context.store.with_subs(target.jids) if target.names(job) and job.user == context.user]
        if not named and not target.is_range:
            raise Refusal("12", target.word)
        answers: List[tuple[str, str]] = []
        for job in named:
            try:
                answers += _with_subs(context, job, operation)
            except Refusal:
                # Errors within a range are not reported.
                if not target.is_range:
                    raise
    if target.subs is not None and target.is_range and target.model == "BU" and answers:
        return [(answers[0][0], target.word)]
    return answers


def _with_subs(context: Context, job: Job, operation: Callable[[Job], str]) -> List[tuple[str, str]]:
    if not job.is_parent:
        number = operation(job)
        context.store.put([job])
        return [(number, job.id)]
    subs = context.store.subs(job.jid)
    answers = {}
    refused = None
    for sub in subs:
        try:
            answers[sub.id] = operation(sub)
        except Refusal as refusal:
            refused = refusal
    if not answers:
        raise Refusal(refused.number if refused else "12", job.id)
    context.store.put(subs)
    if job.model == "ST":
        return [(number, name) for name, number in answers.items()]
    return [("00" if "00" in answers.values() else next(iter(answers.values())), job.id)]
