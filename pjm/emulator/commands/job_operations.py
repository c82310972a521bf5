"""The commands pjdel, pjhold, pjrls and pjsig, which do something to the jobs that are named.

Sources: Command Reference, 15-20 (pjdel), 36-41 (pjhold, pjrls), 62-66 (pjsig); Fugaku user guide, "Deleting a job, job
operations": one line for each sub job of a step job, one line for a bulk job, and one line that repeats the range for a
range of sub jobs of a bulk job.
"""

from __future__ import annotations

import signal
import sys
import time
from typing import Callable, List, Mapping, NamedTuple, Sequence

from pjm.emulator.commands.getopt import VALUE, Option, asked
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.ids import Wanted, wanted
from pjm.emulator.machine.messages import FAMILIES, Refusal, said
from pjm.emulator.machine.store import Job
from pjm.emulator.running import processes

Options = Mapping[str, str]
# States in which a job can be deleted. A parent can also be deleted in RNO.
DELETABLE = ("ACC", "QUE", "RNA", "RUN", "HLD", "ERR", "SPP", "SPD", "RSM")
TEXTS = {"00": "Accepted job {}.", "19": "Already accepted job {}."}


class Operation(NamedTuple):
    """What one command does.

    Attributes:
        known: its options, but for --help.
        apply: changes a job, as the options say, and returns the number of the message to print; raises Refusal if the
            job is not in a state for it.
        check: raises Refusal if the options are wrong.
    """

    known: Mapping[str, Option]
    apply: Callable[[Context, Job, Options], str]
    check: Callable[[Options], object] = bool


def run(context: Context, command: str, words: Sequence[str]) -> int:
    """Run a command on each job that was named; 1 if anything was refused. A refusal does not stop the other ids."""
    operation = OPERATIONS[command]
    usage = " ".join([command, *(f"[{spelling}]" for spelling in operation.known), "jobid ..."])
    options, names = asked(words, operation.known, usage)
    operation.check(options)
    if not names:
        raise Refusal("10")
    code = 0
    for name in names:
        try:
            target = wanted(name)
            for number, job_id in _apply_to(context, target, lambda job: operation.apply(context, job, options)):
                text = "Job {} released." if command == "pjrls" else TEXTS[number]
                print(said("INFO", FAMILIES[command] + number, command, text.format(job_id)), flush=True)
        except Refusal as refusal:
            print(*refusal.lines(command), sep="\n", file=sys.stderr, flush=True)
            code = 1
    return code


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


def _require_state(job: Job, *states: str) -> None:
    """Refuse a job that has ended, with 12, or that is in none of these states, with 13."""
    if job.whole_ended is not None:
        raise Refusal("12", job.id)
    if job.state not in states:
        raise Refusal("13", job.id)


def _delete(_: Context, job: Job, options: Options) -> str:
    """Note the wish; the daemon carries it out, as that of `_hold`."""
    if job.whole_ended is not None and job.whole_ended + job.linger <= time.time():
        raise Refusal("12", job.id)
    if job.state not in DELETABLE and not (job.is_parent and job.state == "RNO"):
        raise Refusal("13", job.id)
    if job.wish == "delete":
        return "19"
    job.wish, job.wish_text = "delete", options.get("reason", "")
    job.deleted = time.time()
    job.usage.update({name: True for name in ("no-stats", "no-history") if name in options})
    return "00"


def _hold(context: Context, job: Job, options: Options) -> str:
    # Running jobs only if they may be restarted.
    running = () if job.spec.get("norestart") else ("RNA", "RUN")
    _require_state(job, "QUE", *running)
    if job.wish:
        return "19"
    job.wish, job.wish_text = "hold", f"{context.user}:{options.get('reason', '')}"
    return "00"


def _release(context: Context, job: Job, _: Options) -> str:
    from pjm.emulator.running import states  # here, because it imports much that the other commands do not need

    _require_state(job, "HLD")
    job.move("QUE")
    now = time.time()
    since = float(job.usage.pop("held-since", now))
    job.usage["held"] = float(job.usage.get("held", 0.0)) + now - since
    job.pc, job.wish, job.wish_text = 0, "", ""
    job.started = job.planned = None
    context.store.put([job])
    states.update_parent(context.store, job, now)
    return "00"


def _send(context: Context, job: Job, options: Options) -> str:
    """Send a signal to all processes of a job, at once."""
    _require_state(job, "RUN")
    started = processes.read(context.folder.runs / job.run / "started.json")
    if not started or "group" not in started:  # its script is about to start, or could not be started
        raise Refusal("13", job.id)
    processes.send(processes.mark(context.folder.path, job.run), started["group"], _number(options))
    return "00"


def _number(options: Options) -> int:
    text = options.get("signal", "")
    if not text:
        raise Refusal("02")
    if text.isdecimal() and text.isascii() and 1 <= int(text) <= 64:
        return int(text)
    names = {name: number for number in signal.Signals for name in (number.name, number.name[3:])}
    if text.upper() not in names:
        raise Refusal("04", f"-s {text}")
    return names[text.upper()]


_REASON = {"-R": Option("reason", VALUE)}
OPERATIONS = {
    "pjdel": Operation(
        {**_REASON, **{f"--{name}": Option(name) for name in ("enforce", "no-stats", "no-history", "llio-flush")}},
        _delete,
    ),
    "pjhold": Operation({**_REASON, **{f"--{name}": Option(name) for name in ("enforce", "llio-flush")}}, _hold),
    "pjrls": Operation({}, _release),
    "pjsig": Operation({"-s": Option("signal", VALUE)}, _send, _number),
}
