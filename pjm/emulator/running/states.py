"""The state changes of jobs: what each event does to a job, to its parent and to the next step."""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence

from pjm.emulator.machine.faults import Rule
from pjm.emulator.machine.store import ENDED, WHOLE, Job, Store
from pjm.emulator.running import statistics, steps
from pjm.emulator.running.statistics import Parts, Row

# The state of a whole job is the first one in this list that one of its sub jobs is in.
OF_WHOLE = (("RUN", ("RUN",)), ("QUE", ("QUE", "RNA")), ("ACC", ("ACC",)), ("HLD", ("HLD",)), ("ERR", ("ERR",)))
NEVER = 1e12


def due(store: Store, job: Job, now: float) -> None:
    """Handle a job whose time in its current state is over."""
    if job.state == "ACC":
        _accepted(store, job, now)
    elif job.state == "RNO":
        _finish(store, job, now)
    elif job.state == "QUE" and any(rule.get("when") == "queued" for rule in _faults(job, "vanish")):
        _forget(store, job, now)
    else:
        job.due, job.reason = None, "" if job.state == "QUE" else job.reason
        store.put([job])


def script_ended(store: Store, job: Job, result: Mapping[str, Any], now: float) -> None:
    """Handle the end of a job's script, for whatever reason it ended."""
    if result.get("usage"):
        job.usage.update({"ended": result["ended"], **result["usage"]})
    then = result.get("then", "")
    if then == "vanish":
        _forget(store, job, now)
        return
    if then == "restart" and job.wish != "delete":
        job.move("QUE")
        job.pc, job.retry, job.started, job.planned = 0, job.retry + 1, None, None
        store.put([job])
        update_parent(store, job, now)
        return
    if then == "hold" and job.wish != "delete":
        job.retry += 1
        _hold(store, job, now)
        return
    codes = {name: result[name] for name in ("ec", "pc", "sn")}
    state, reason = result["state"], result["reason"]
    if then in ("restart", "hold"):
        # The job was deleted while its node went down, or while it was being held.
        state, codes["pc"], reason = "CCL", 1, ""
    if state == "CCL" and codes["pc"] == 1:
        reason = job.wish_text
    job.usage["final"] = {"state": state, "reason": reason, **codes}
    job.wish = ""
    job.move("RNO")
    job.due = now + job.spec["end"] + sum(rule.get("seconds", 1.0) for rule in _faults(job, "runout"))
    store.put([job])
    update_parent(store, job, now)


def wished(store: Store, job: Job, now: float) -> None:
    """Carry out what pjdel or pjhold asked for, on a job that is not running."""
    if job.wish == "hold" and job.state in ("QUE", "RNA") and not job.is_parent:
        _hold(store, job, now)
    elif job.wish == "delete" and job.state not in ("RNO", *ENDED) and not job.is_parent:
        state, code = ("RJT", 2) if job.state == "ACC" else ("CCL", 1)
        end(store, job, state, now, pc=code, reason=job.wish_text)
    else:
        job.wish = ""
        store.put([job])


def end(store: Store, job: Job, state: str, now: float, pc: int = 0, reason: str = "") -> None:
    """End a job that has not run, or not to its end."""
    job.usage["final"] = {"state": state, "reason": reason, "ec": job.ec, "pc": pc, "sn": job.sn}
    job.wish = ""
    _finish(store, job, now)


def update_parent(store: Store, job: Job, now: float) -> None:
    """Update the state of the whole job from its sub jobs, and let the next step run."""
    if job.sub == WHOLE:
        return
    if job.model == "ST" and job.has_ended:
        _next_step(store, job.jid, now)
    whole = store.get(job.jid)
    if whole is None or whole.whole_ended is not None:
        return
    states = store.states_of_subs(job.jid)
    state = next((name for name, any_of in OF_WHOLE if states & set(any_of)), None)
    if state is None and states - set(ENDED):
        state = "RNO"
    if state and states & set(ENDED) and _faults(whole, "parent-runout"):
        state = "RNO"
    if state is None:
        _all_over(store, whole, states, now)
    elif whole.state != state:
        whole.move(state)
        if state == "RUN" and whole.started is None:
            whole.started = now
        store.put([whole])


def _accepted(store: Store, job: Job, now: float) -> None:
    for rule in _faults(job, "reject"):
        end(store, job, "RJT", now, pc=2, reason=str(rule.get("reason", "RSCGRP STOP")))
        return
    job.move("QUE")
    job.queued = now
    for rule in _faults(job, "gate-check"):
        job.move("ERR", str(rule.get("reason", "GATE CHECK")))
        job.pc = rule.get("pc", 8)
    for rule in _faults(job, "hold"):
        job.move("HLD", str(rule.get("reason", "operator:maintenance")))
        job.pc = 4
    for rule in _faults(job, "stuck"):
        job.reason = str(rule.get("reason", "INSUFF NODE"))
        job.due = now + rule["seconds"] if "seconds" in rule else None
    for rule in _faults(job, "vanish"):
        if rule.get("when") == "queued":
            job.due = now + rule.get("after", 0.0)
    at = job.spec.get("at")
    if at is not None:
        job.due = max(at, job.due or 0.0)
    store.put([job])
    if job.model == "ST":
        _next_step(store, job.jid, now)
    update_parent(store, job, now)


def _hold(store: Store, job: Job, now: float) -> None:
    job.move("HLD", job.wish_text)
    job.pc, job.held, job.wish = 4, job.held + 1, ""
    job.usage["held-since"] = now
    store.put([job])
    update_parent(store, job, now)


def _finish(store: Store, job: Job, now: float) -> None:
    final = job.usage["final"]
    job.move(final["state"], final["reason"])
    job.ec, job.pc, job.sn = final["ec"], final["pc"], final["sn"]
    job.ended = now
    if job.model == "NM":
        job.whole_ended = now
    if any(rule.get("when") == "ended" for rule in _faults(job, "vanish")):
        _forget(store, job, now)
        return
    if job.usage.get("no-history"):
        job.history = NEVER
    store.put([job])
    if not job.usage.get("no-stats"):
        statistics.write(Row(job, now))
    update_parent(store, job, now)


def _all_over(store: Store, whole: Job, states: set[str], now: float) -> None:
    state = "EXT" if "EXT" in states else "CCL" if "CCL" in states else "RJT"
    whole.move(state)
    whole.ended = whole.whole_ended = now
    subs = store.subs(whole.jid)
    if subs and all(job.usage.get("no-history") for job in subs):
        whole.history = NEVER
    store.put([whole])
    store.end_whole(whole.jid, now)
    if not all(job.usage.get("no-stats") for job in subs):
        parts = Parts(len(subs), len(subs), subs[0].sub, subs[-1].sub)
        statistics.write(Row(whole, now, parts=parts))


def _forget(store: Store, job: Job, now: float) -> None:
    """Remove a job from all views: the emulated system loses it."""
    store.remove(job.key)
    if job.sub == WHOLE:
        return
    job.state = "EXT"
    if store.subs(job.jid):
        update_parent(store, job, now)
    else:
        store.remove((job.jid, WHOLE))


def _next_step(store: Store, jid: int, now: float) -> None:
    """Remove the first step that has not ended if its dependencies say so; otherwise it may run."""
    jobs = store.subs(jid)
    open_steps = [job for job in jobs if not job.has_ended]
    if not open_steps or open_steps[0].state not in ("QUE", "HLD", "ACC") or open_steps[0].wish:
        return
    turn = open_steps[0]
    # Steps in the order of execution; removed steps, which never ran, come first.
    over = sorted((job for job in jobs if job.has_ended), key=lambda job: (job.started is not None, job.ended or 0.0))
    ended = {job.sub: {"ec": job.ec, "pc": job.pc} for job in over}
    later = {job.sub: _needs(job) for job in open_steps[1:]}
    gone = steps.removed(turn.sub, _needs(turn), ended, later)
    for number in gone:
        # Read again, because the end of a step may have ended others.
        job = store.get(jid, number)
        if job is not None and job.state in ("ACC", "QUE", "HLD"):
            end(store, job, "CCL", now, pc=6)


def _needs(job: Job) -> Sequence[str]:
    return job.spec.get("needs", ())  # type: ignore[no-any-return]  # as submission writes it


def _faults(job: Job, name: str) -> List[Rule]:
    return [rule for rule in job.faults if rule["fault"] == name]
