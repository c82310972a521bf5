"""An emulator and its user, for tests: real commands, real processes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, NoReturn, Optional, Sequence, Set

from pjm import emulator
from pjm.emulator.commands import entry
from pjm.emulator.machine.folder import COMMANDS
from pjm.emulator.machine.store import Job, Store
from tests.builders.processes import PATIENCE, until

# A test's jobs must not meet their limits, of a minute and more, because the machine is slow: unless it says otherwise.
SECOND = 10.0
# A job's script that goes on when the test says so, however slow the machine is.
WAIT = "until test -e go; do sleep 0.02; done\n"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


class Row(NamedTuple):
    """How a job ended."""

    id: str
    st: str
    ec: int
    pc: int
    sn: int
    reason: str
    lst: str

    @property
    def codes(self) -> str:
        """State, EC, PC, SN."""
        return f"{self.st} {self.ec} {self.pc} {self.sn}"


@dataclass(frozen=True)
class Emulated:
    """An emulator, and the folder in which its user works."""

    folder: Path
    work: Path
    variables: Mapping[str, str]

    def command(
        self, *words: object, stdin: str = "", cwd: Optional[Path] = None, env: Optional[Mapping[str, str]] = None
    ) -> Ended:
        """Run one of its commands to its end; ``env`` is added to the environment."""
        variables = {**os.environ, **self.variables, **(env or {})}
        given = [str(word) for word in words]
        if given[0] in COMMANDS and threading.active_count() == 1:
            return _forked(self.folder, given, str(cwd or self.work), variables, stdin)
        ended = subprocess.run(
            given,
            cwd=str(cwd or self.work),
            env=variables,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=PATIENCE,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def script(self, text: str, name: str = "job.sh") -> Path:
        """A job script in the user's folder."""
        path = self.work / name
        path.write_text(text, encoding="utf-8")
        return path

    def submit(self, text: str, *options: object, name: str = "job.sh", env: Optional[Mapping[str, str]] = None) -> str:
        """Submit a script; the id that pjsub answers with."""
        ended = self.command("pjsub", "-z", "jid", *options, self.script(text, name).name, env=env)
        assert (0, "") == (ended.code, ended.err)
        return ended.out.split()[-1]

    def rows(self, *words: object, env: Optional[Mapping[str, str]] = None) -> List[Dict[str, str]]:
        """What pjstat says, by column."""
        lines = self.command("pjstat", "--data", *words, env=env).out.splitlines()
        if not lines:
            return []
        names = lines[0].split(",")[1:]
        return [dict(zip(names, line.split(",")[1:])) for line in lines[1:]]

    def ended(self, *ids: str) -> List[Row]:
        """Wait until the jobs, and those that they are part of, have ended; how they did."""
        until(lambda: not {re.split(r"[_\[]", name)[0] for name in ids} & self.unfinished())
        found = [job for job in self.jobs() if job.id in ids]
        return [Row(job.id, job.state, job.ec, job.pc, job.sn, job.reason, job.last_state) for job in found]

    def jobs(self) -> List[Job]:
        """What the emulator knows of all jobs and sub jobs."""
        with Store(self.folder / "jobs.sqlite") as store:
            return store.all()

    def job(self, name: str) -> Job:
        """What the emulator knows of a job."""
        (found,) = (job for job in self.jobs() if job.id == name)
        return found

    def ran_for(self, name: str) -> float:
        """Seconds from a job's start to the end of its script."""
        job = self.job(name)
        assert job.started is not None
        return float(str(job.usage["ended"])) - job.started

    def ran_out_for(self, name: str) -> float:
        """Seconds from the end of a job's script to its own."""
        job = self.job(name)
        assert job.ended is not None
        return job.ended - float(str(job.usage["ended"]))

    def states(self) -> Dict[str, str]:
        """The states of all jobs and sub jobs, without asking pjstat, which takes its time."""
        return {job.id: job.state for job in self.jobs()}

    def unfinished(self) -> Set[str]:
        """Numbers of the jobs that have not ended as a whole."""
        with Store(self.folder / "jobs.sqlite") as store:
            return {str(job.jid) for job in store.unfinished()}

    def wait_for(self, job: str, state: str) -> None:
        """Wait until a job is in a state."""
        until(lambda: self.states().get(job) == state)

    def written(self, name: str) -> str:
        """Wait until a job has come to write something to a file of the user's folder: RUN does not say that much."""
        return until(lambda: self.read(name) if (self.work / name).exists() else "")

    def daemon(self) -> int:
        """The process id of its daemon, which may have ended."""
        lock = self.folder / "daemon.lock"
        return int(until(lambda: lock.read_text(encoding="ascii") if lock.exists() else ""))

    def runner(self, job: str) -> int:
        """The process that looks after the first start of a job."""
        started = self.folder / "runs" / f"{job}.0" / "started.json"
        until(started.exists)
        return int(json.loads(started.read_text(encoding="utf-8"))["runner"])

    def go(self) -> None:
        """Let the jobs go on that WAIT."""
        (self.work / "go").touch()

    def read(self, name: str) -> str:
        """A file of the user's folder."""
        return (self.work / name).read_text(encoding="utf-8")


def _forked(folder: Path, words: Sequence[str], cwd: str, variables: Mapping[str, str], stdin: str) -> Ended:
    """Run a command in a fork of this process: a process of its own, but without the start of Python, which takes long.

    Tests of how commands start run them as a shell does, by their paths.
    """
    with contextlib.ExitStack() as opened:
        given, out, err = (opened.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        given.write(stdin.encode("utf-8"))
        given.seek(0)
        read, write = os.pipe()
        child = os.fork()
        if not child:
            _become(folder, words, cwd, variables, [given.fileno(), out.fileno(), err.fileno()])
        os.close(write)
        ended = bool(select.select([read], [], [], PATIENCE)[0])  # the last writer, the child, is gone
        os.close(read)
        if not ended:
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        assert ended, f"{words} has not ended"
        code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        out.seek(0)
        err.seek(0)
        return Ended(code, os.fsdecode(out.read()), os.fsdecode(err.read()))


def _become(
    folder: Path, words: Sequence[str], cwd: str, variables: Mapping[str, str], streams: Sequence[int]
) -> NoReturn:
    code = 99
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, mode, encoding="utf-8") for n, mode in enumerate("rww"))
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(variables)
        entry.main(str(folder.resolve()), *words)
    except SystemExit as ended:
        code = int(str(ended.code))
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def kill(process: int) -> None:
    """As kill -9 does; the process may have ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def make(
    place: Path, nodes: int = 4, faults: Optional[Sequence[Mapping[str, object]]] = None, **settings: object
) -> Emulated:
    """An emulator in a folder, with an empty folder to work in."""
    work = place / "work"
    work.mkdir(exist_ok=True)
    quick = {"accept": 0.005, "start": 0.005, "end": 0.005, "second": SECOND, **settings}
    return Emulated(place / "emulator", work, emulator.environment(place / "emulator", nodes, quick, faults))


def changed(job: Job, **values: object) -> Job:
    """The same job, but for these values."""
    return Job(**{**vars(job), **values})
