"""The daemon of an emulator: moves jobs from state to state, and gives them nodes. It may be killed at any moment."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any, List, Mapping, NoReturn, Optional, Set

from pjm.emulator.machine import settings
from pjm.emulator.machine.folder import Folder
from pjm.emulator.machine.messages import IN_JOB
from pjm.emulator.machine.store import Job, Store
from pjm.emulator.running import job_environment, job_files, processes, runner, states
from pjm.files import try_lock, write_json

LOOK = 0.5
"""Seconds between checks whether its folder still exists."""
ADOPTED = 0.2
"""Seconds between checks of runners that an earlier daemon started: the system does not report their end."""
AT_ONCE = 64
"""How many waiting jobs are considered for free nodes."""


def main(folder: str) -> NoReturn:
    """Serve until there is nothing to do, or until another daemon has the lock."""
    place = Folder(Path(folder))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # A runner inherits this: until it has its own handler, an order (SIGUSR1) must not kill it.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        while True:
            lock = _lock(place)
            if lock is None:
                break
            with Store(place.database) as store:
                Daemon(place, store, lock).serve()
                os.close(lock)
                # A job may have been submitted after the last check and before the release of the lock: check again.
                if not place.database.exists() or not store.has_work():
                    break
    except Exception:
        with contextlib.suppress(OSError):
            traceback.print_exc()
        sys.exit(1)
    sys.exit(0)


def _lock(folder: Folder) -> Optional[int]:
    handle = os.open(str(folder.lock), os.O_RDWR | os.O_CREAT, 0o600)
    if not try_lock(handle):
        os.close(handle)
        return None
    os.ftruncate(handle, 0)
    # While the lock is held, the process id in the file is valid.
    os.write(handle, str(os.getpid()).encode())
    return handle


class Daemon:
    """The daemon while it holds the lock."""

    def __init__(self, folder: Folder, store: Store, lock: int) -> None:
        self.folder = folder
        self.store = store
        self._lock = lock
        self._bell = os.open(str(folder.bell), os.O_RDWR | os.O_NONBLOCK)
        self._children: Set[int] = set()
        self._launch: List[Job] = []

    def serve(self) -> None:
        """Work until there has been nothing to do for the idle time."""
        idle_since = time.time()
        while self.folder.lock.exists():
            self._reap()
            now = time.time()
            ahead = self._turn(now)
            kind = settings.read(self.folder.settings)
            if self.store.has_work():
                idle_since = now
            elif now - idle_since >= kind.idle or self.folder.leave.exists():
                break
            with contextlib.suppress(InterruptedError):
                if select.select([self._bell], [], [], max(0.0, min(ahead - time.time(), LOOK, kind.idle)))[0]:
                    os.read(self._bell, 4096)
        os.close(self._bell)

    def _turn(self, now: float) -> float:
        """Do everything that is due; return when to look again."""
        self._launch = []
        with self.store.changing():
            self._collect(now)
            self._grant_wishes(now)
            self._step_on(now)
            self._give_nodes(now)
        # Only after the change is stored: the database must know a job as running before its runner exists.
        for job in self._launch:
            self._start(job)
        adopted = len(self.store.running()) > len(self._children)
        return min(self.store.next_due() or now + LOOK, now + (ADOPTED if adopted else LOOK))

    def _collect(self, now: float) -> None:
        for job in self.store.running():
            place = self.folder.runs / job.run
            # The lock before the result: a runner writes its result before it ends, and must not end between the two.
            lives = processes.is_locked(place / "alive")
            result = processes.read(place / "result.json")
            if result is not None:
                states.script_ended(self.store, job, result, now)
            elif not lives:
                started = processes.read(place / "started.json")
                if started is None:
                    self._launch.append(job)
                else:
                    self._lost_node(job, started, now)

    def _lost_node(self, job: Job, started: Mapping[str, Any], now: float) -> None:
        processes.send(processes.mark(self.folder.path, job.run), started.get("group"), signal.SIGKILL)
        job_files.append(job_environment.file_of(job, "err"), IN_JOB["node-down"].format(job.id))
        then = "" if job.spec["norestart"] else "restart"
        result = {"state": "EXT", "ec": 0, "pc": 20, "sn": 9, "reason": "LOST COMM", "then": then, "ended": now}
        states.script_ended(self.store, job, result, now)

    def _grant_wishes(self, now: float) -> None:
        for job in self.store.with_wish():
            if job.state == "RUN" and not job.is_parent:
                self._order(job)
            else:
                states.wished(self.store, job, now)

    def _order(self, job: Job) -> None:
        place = self.folder.runs / job.run
        order = place / "order.json"
        if order.exists() or not place.is_dir():
            return
        write_json(order, {"order": job.wish}, lasting=False)
        started = processes.read(place / "started.json")
        # The runner's lock is held, so the process id is still valid.
        if started is not None and processes.is_locked(place / "alive"):
            with contextlib.suppress(OSError):
                os.kill(started["runner"], signal.SIGUSR1)

    def _step_on(self, now: float) -> None:
        for job in self.store.due(now):
            if job.state == "RNA":
                job.move("RUN")
                job.started = now
                job.usage["starts"] = job.usage.get("starts", 0) + 1
                self.store.put([job])
                states.update_parent(self.store, job, now)
                self._launch.append(job)
            else:
                states.due(self.store, job, now)

    def _give_nodes(self, now: float) -> None:
        nodes = settings.read(self.folder.settings).nodes
        free = nodes - sum(min(job.nodes or 1, nodes) for job in self.store.on_nodes())
        if free <= 0:
            return
        for job in self.store.waiting(AT_ONCE):
            if min(job.nodes or 1, nodes) <= free:
                free -= min(job.nodes or 1, nodes)
                job.move("RNA")
                job.planned = now
                job.due = now + job.spec["start"]
                self.store.put([job])

    def _start(self, job: Job) -> None:
        """Fork a runner. The runner holds the lock of its folder as long as it lives."""
        place = self.folder.runs / job.run
        place.mkdir(mode=0o700, exist_ok=True)
        held = os.open(str(place / "alive"), os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX)
        child = os.fork()
        if child:
            os.close(held)
            self._children.add(child)
            return
        try:
            os.setsid()
            os.dup2(held, 3)
            # Close all other handles, above all the daemon's lock: a new daemon must get it when this one is dead.
            os.closerange(4, 256)
            runner.run(self.folder, job)
        except BaseException:
            with contextlib.suppress(BaseException):
                traceback.print_exc()
        finally:
            os._exit(0)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                child, _ = os.waitpid(-1, os.WNOHANG)
                if not child:
                    return
                self._children.discard(child)
