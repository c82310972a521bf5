"""The runner of a job: a process that starts the script, applies its limits, and writes how it ended.

The runner does not use the database. It may outlive the daemon; the next daemon reads the files that the runner wrote.
SIGKILL to the runner has the same effect on the job as a dead node.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import subprocess
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

from pjm.emulator.machine.faults import Rule
from pjm.emulator.machine.folder import Folder
from pjm.emulator.machine.messages import IN_JOB
from pjm.emulator.machine.store import Job
from pjm.emulator.running import job_environment, job_files, processes
from pjm.files import write_json

LOOK = 0.5
"""Seconds between checks whether the emulator's folder still exists."""
LOOK_FOR_FILES = 0.05
"""Seconds between checks for files that faults wait for."""

# What ends a job from outside: signal, state, PJM code, reason, message to its standard error, next step.
ENDINGS: Dict[str, Tuple[int, str, int, str, str, str]] = {
    "elapse": (signal.SIGXCPU, "EXT", 11, "ELAPSE LIMIT EXCEEDED", "elapse", ""),
    "node-down": (signal.SIGKILL, "EXT", 20, "LOST COMM", "node-down", "restart"),
    "preempt": (signal.SIGTERM, "CCL", 18, "ANOTHER JOB STARTED", "deadline", ""),
    "out-of-memory": (signal.SIGKILL, "EXT", 12, "LIMIT OVER MEMORY", "memory", ""),
    "vanish": (signal.SIGKILL, "EXT", 0, "", "", "vanish"),
    "delete": (signal.SIGKILL, "CCL", 1, "", "pjdel", ""),
    "hold": (signal.SIGKILL, "HLD", 4, "", "pjhold", "hold"),
    "gone": (signal.SIGKILL, "EXT", 0, "", "", ""),
}


@dataclass
class Run:
    """One start of a job.

    Attributes:
        folder: the emulator's folder.
        job: the job.
        place: folder of this start.
        group: process group of the script.
        why: what ended the job from outside; "" if nothing has.
        deadlines: what happens next, and when, on the monotonic clock.
        awaited: faults that wait for a file before their time starts.
    """

    folder: Folder
    job: Job
    place: Path
    group: int = 0
    why: str = ""
    deadlines: List[Tuple[float, str]] = field(default_factory=list)
    awaited: List[Rule] = field(default_factory=list)

    def send(self, number: int) -> None:
        """Send a signal to all processes of the job."""
        processes.send(processes.mark(self.folder.path, self.job.run), self.group, number)

    def rules(self, *names: str) -> List[Rule]:
        """The faults with these names that apply to this start."""
        return [rule for rule in self.job.faults if rule["fault"] in names and self.job.retry < _attempts(rule)]


def _attempts(rule: Rule) -> int:
    """How many starts of a job a fault applies to. By default, a fault that ends a job applies to the first start."""
    lasting = rule["fault"] in ("disk-full", "truncate", "late-files", "end")
    return int(rule.get("attempts", 1 << 30 if lasting else 1))


def run(folder: Folder, job: Job) -> None:
    """Start the script, wait for its end, and write the result."""
    _as_fresh(job)
    this = Run(folder, job, folder.runs / job.run)
    write_json(this.place / "started.json", {"runner": os.getpid()}, lasting=False)
    hidden: job_files.Hidden = []
    try:
        result = _ran(this)
        hidden = job_files.damage(this.job, this.rules("truncate", "late-files"))
    except Exception:
        # Without a result, the daemon would take the node for dead and start the job again, for ever.
        traceback.print_exc()
        result = _result(pc=140, reason="INTERNAL ERROR")
    write_json(this.place / "result.json", result, lasting=False)
    folder.ring()
    job_files.restore(hidden)


def _as_fresh(job: Job) -> None:
    """Reset signal handlers and umask, so that the job inherits nothing from the process that started the daemon."""
    signal.signal(signal.SIGUSR1, lambda *_: None)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.umask(job.spec.get("umask", 0o022))
    # pjacl of Fugaku: proc-core is 0 unless the job asks for more.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _ran(this: Run) -> Dict[str, Any]:
    """Start the script unless something ends the job before, and return the result of the job."""
    job = this.job
    for rule in this.rules("end"):
        job_files.append(job_environment.file_of(job, "err"), rule.get("message", ""))
        codes = {name: rule.get(name, 0) for name in ("ec", "pc", "sn")}
        return _result(rule.get("st", "EXT"), rule.get("reason", ""), **codes)
    full = {name for rule in this.rules("disk-full") for name in rule.get("files", ())}
    if not Path(job.spec["cwd"]).is_dir():
        return _result(pc=16, reason="NO CURRENT DIR")
    try:
        out, err = job_files.opened(job, full)
    except OSError:
        return _result(pc=16, reason="FILE IO ERROR")
    if job.retry:
        os.write(out, (IN_JOB["restart"] + "\n").encode())
    job_files.make_full(job, full - {"out", "err"})
    limited = [rule["bytes"] for rule in this.rules("disk-full") if "bytes" in rule]
    try:
        with _small_disk(limited):
            process = subprocess.Popen(
                job_environment.command(str(job.spec["script"]), job_environment.login_shell()),
                cwd=str(job.spec["cwd"]),
                env=job_environment.environment(job, this.folder.path),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                # A write beyond the limit must fail, as on a full disk, and not kill the process.
                restore_signals=not limited,
            )
    except (OSError, ValueError):
        # ValueError: an argument or a variable holds a NUL.
        job_files.append(job_environment.file_of(job, "err"), IN_JOB["script"].format(job.id))
        return _result(pc=21)
    finally:
        os.close(out)
        os.close(err)
    write_json(this.place / "started.json", {"runner": os.getpid(), "group": process.pid}, lasting=False)
    this.group = process.pid
    return _watched(this, process)


@contextlib.contextmanager
def _small_disk(limited: List[int]) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limited:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (min(limited), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _watched(this: Run, process: subprocess.Popen[bytes]) -> Dict[str, Any]:
    # The monotonic clock: setting the time of the machine must not end jobs.
    now = time.monotonic()
    this.deadlines = [(now + (this.job.elapse or 0) * this.job.spec["second"], "elapse")]
    running = [rule for rule in this.rules("vanish") if rule.get("when", "running") == "running"]
    this.awaited = [*this.rules("node-down", "preempt", "out-of-memory", "elapse", "kill"), *running]
    with _signals() as wait:
        while process.poll() is None:
            _act(this)
            look = LOOK_FOR_FILES if this.awaited else LOOK
            ahead = min([deadline for deadline, _ in this.deadlines] + [time.monotonic() + look])
            wait(max(0.0, ahead - time.monotonic()))
    # The script has ended. An order that comes now is too late.
    this.send(signal.SIGKILL)
    return _ended(this, process.returncode)


def _act(this: Run) -> None:
    order = this.place / "order.json"
    if not this.why and order.exists():
        _end_by(this, json.loads(order.read_text(encoding="utf-8"))["order"])
    if not this.why and not this.folder.path.is_dir():
        _end_by(this, "gone")
    now = time.monotonic()
    for rule in list(this.awaited):
        file = Path(this.job.spec["cwd"]) / job_environment.filled(rule.get("file", ""), this.job)
        if "file" not in rule or file.exists():
            this.awaited.remove(rule)
            word = f"signal {rule.get('signal', 9)}" if rule["fault"] == "kill" else rule["fault"]
            this.deadlines.append((now + rule.get("after", 0.0), word))
    for deadline, word in sorted(this.deadlines):
        if deadline > now:
            continue
        this.deadlines.remove((deadline, word))
        if word == "kill":
            this.send(signal.SIGKILL)
        elif word.startswith("signal "):
            this.send(int(word.split()[1]))
        elif not this.why:
            _end_by(this, word)


def _end_by(this: Run, word: str) -> None:
    this.why = word
    number = ENDINGS[word][0]
    this.send(number)
    if number != signal.SIGKILL:
        grace = this.job.spec["kill_after"] * this.job.spec["second"]
        this.deadlines.append((time.monotonic() + grace, "kill"))


def _ended(this: Run, code: int) -> Dict[str, Any]:
    ec, sn = max(code, 0), max(-code, 0)
    if not this.why:
        return _result(ec=ec, sn=sn)
    _, state, pc, reason, message, then = ENDINGS[this.why]
    for rule in this.rules(this.why):
        pc = rule.get("pc", pc)
    if this.why == "delete":
        # As in the manual's example of a deleted job: EC 1, SN 9.
        ec = 1
    if then == "restart" and this.job.spec["norestart"]:
        then = ""
    if pc == 23:
        message = "oom"
    if message:
        text = IN_JOB[message].format(this.job.id, this.job.user)
        job_files.append(job_environment.file_of(this.job, "err"), text)
    return _result(state, reason, then, ec, pc, sn)


def _result(
    state: str = "EXT", reason: str = "", then: str = "", ec: int = 0, pc: int = 0, sn: int = 0
) -> Dict[str, Any]:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    usage = {"user": used.ru_utime, "system": used.ru_stime, "memory": used.ru_maxrss * 1024}
    codes = {"state": state, "ec": ec, "pc": pc, "sn": sn, "reason": reason}
    return {**codes, "then": then, "ended": time.time(), "usage": usage}


@contextlib.contextmanager
def _signals() -> Iterator[Callable[[float], None]]:
    """Yield a function that waits. The end of a child or an order (SIGUSR1) ends the wait early."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    for number in (signal.SIGCHLD, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)

    def wait(seconds: float) -> None:
        if select.select([read], [], [], seconds)[0]:
            os.read(read, 4096)

    yield wait
    signal.set_wakeup_fd(-1)
