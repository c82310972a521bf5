"""Runs the tests of a share on several ranks, in step, and merges what they report.

This process is no rank. It reads the events of each rank, and writes those of the share.
"""

from __future__ import annotations

import collections
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Deque, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from pjm.files import write_json
from pjm.job import captured_output, events
from pjm.job.assignment import EVENTS, Assignment
from pjm.job.events import Event, EventLog, SureLog, Tail
from pjm.job.interpreter import Ended
from pjm.job.merged_report import each_once, failed, merged, ranks
from pjm.job.rank import GATE, LAUNCH, MPIEXEC, NUMBERS, SIZES, TESTS, rank_folder
from pjm.job.share_events import Reading, SuiteProperty, TestEvents

_PHASES = ("setup", "call", "teardown")
_PAUSES = (0.001, 0.05)  # shortest and longest seconds between looks at the events, for each four ranks
_TIME_TO_END = 5.0  # seconds in which mpiexec ends when a rank has died, or when it is told to
_GRACES_TO_BEGIN = 10  # times fugaku_grace: what a rank may take to begin when the others have collected
# How Open MPI names the rank that died first, or that called MPI_Abort.
_NAMED = re.compile(r"process rank (\d+) |invoked on rank (\d+) in communicator MPI_COMM_WORLD")


def run_on_ranks(assignment: Assignment, left: Sequence[str], log: SureLog, program: Sequence[str]) -> Ended:
    """Start mpiexec once, and follow its ranks to their end."""
    launch = assignment.events.parent / f"ranks-{int(time.time() * 1000)}"
    launch.mkdir(mode=0o700)
    folders = [rank_folder(launch, rank) for rank in range(assignment.ranks or 1)]
    for folder in folders:
        folder.mkdir(mode=0o700)
        (folder / EVENTS).touch(mode=0o600)  # a shared file system may remember for long that there was none
    left = left[:1] if assignment.gate == MPIEXEC else left
    write_json(launch / TESTS, {"tests": list(left)})  # the events of the share may reach a node late
    words = (word.replace("{ranks}", str(len(folders))) for word in assignment.mpiexec)
    command = [*(word.replace("{output}", str(launch / "mpiexec")) for word in words), *program]
    following = _Launch(assignment, left, log, launch)
    own = {name: text for name, text in os.environ.items() if name not in (*NUMBERS, *SIZES)}
    environment = {**_for_open_mpi(assignment.ranks_per_node), **own, LAUNCH: str(launch)}
    if "SLURM_JOB_ID" in own:  # a job of `sbatch --export=NIL` has NIL, and srun would start ranks so
        environment["SLURM_EXPORT_ENV"] = "ALL"
    with (launch / "mpiexec.err").open("wb") as errors:
        try:
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=errors)
        except OSError as error:
            sys.stderr.write(f"pjm: {command[0]}: {error.strerror}: fugaku_mpiexec names what starts ranks\n")
            return Ended(1, "mpiexec could not be started")
    try:
        return following.to_the_end(process)
    finally:
        sys.stderr.write(_printed_by(launch))
        sys.stderr.flush()
        _tidy(launch, folders)


def _for_open_mpi(ranks: int) -> Dict[str, str]:
    """Variables that let Open MPI 4 and 5 start more ranks than there are cores, of which those that wait yield.

    They also let it run as root, as in a container: the tests do so anyway.
    """
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    variables = {}
    if os.geteuid() == 0:
        variables = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    if 2 * ranks > threads:  # a core may have two threads
        variables["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
        variables["PRTE_MCA_rmaps_default_mapping_policy"] = ":oversubscribe"
    if ranks > threads:
        variables["OMPI_MCA_mpi_yield_when_idle"] = "1"
    return variables


def _printed_by(launch: Path) -> str:
    """The last lines of what mpiexec itself has printed."""
    texts = (captured_output.last_lines(file, 100) for file in sorted(launch.glob("mpiexec*")))
    return "".join(f"{text}\n" for text in texts if text.strip())


def _tidy(launch: Path, folders: Sequence[Path]) -> None:
    """Remove what the events of the share have by now."""
    for folder in folders:
        captured_output.forget(folder)
        for name in (EVENTS, captured_output.OUTPUT):
            with contextlib.suppress(OSError):
                (folder / name).unlink()
    for path in (*folders, launch / GATE, launch / TESTS, launch / "mpiexec.err", launch):
        with contextlib.suppress(OSError):  # a folder that has a log is kept
            path.rmdir() if path.is_dir() else path.unlink()


class _Rank:
    """What one rank has said.

    Attributes:
        number: its number.
        folder: its folder.
        collected: the tests that it has found; None if it has not said.
        ready: the tests that it was ready to begin.
        parts: its part of each test that it has ended.
        gone: when its process ended, seconds since the epoch; None if it runs.
    """

    def __init__(self, number: int, folder: Path) -> None:
        self.number = number
        self.folder = folder
        self.collected: Optional[Set[str]] = None
        self.ready: Set[str] = set()
        self.parts: Dict[str, TestEvents] = {}
        self.gone: Optional[float] = None
        self._tail = Tail(folder / EVENTS, patience=10)
        self._reading = Reading()

    def read(self) -> List[Event]:
        """Read what is new."""
        new = self._tail.read()
        for event in new:
            if event["event"] == events.COLLECTED:
                self.collected = set(event["tests"])
            elif event["event"] == events.READY:
                self.ready.add(event["test"])
            elif event["event"] == events.GONE:
                self.gone = event["time"]
        for done in self._reading.take(new):
            if not isinstance(done, SuiteProperty):
                self.parts[done.test] = done
        return new

    @property
    def running(self) -> Optional[TestEvents]:
        """The test that it has begun and not ended."""
        return self._reading.running

    @property
    def finish(self) -> Optional[Event]:
        """The event at the end of its session; None if there was none."""
        return self._reading.processes[-1].finish if self._reading.processes else None

    @property
    def begun(self) -> bool:
        """Whether it has said anything."""
        return self._tail.offset > 0

    @property
    def over(self) -> bool:
        """Whether it begins no other test."""
        return self.gone is not None or self.finish is not None

    def part(self, test: str) -> TestEvents:
        """What it has said of a test so far."""
        running = self.running if self.running is not None and self.running.test == test else None
        return self.parts.get(test) or running or TestEvents(test)


class _Launch:
    """Follows the ranks of one start of mpiexec."""

    def __init__(self, assignment: Assignment, left: Sequence[str], log: SureLog, folder: Path) -> None:
        self._ranks = [_Rank(rank, rank_folder(folder, rank)) for rank in range(assignment.ranks or 1)]
        self._left = left
        self._grace = assignment.grace
        self._log = log
        self._folder = folder
        self._gate = EventLog(folder / GATE)
        self._queue: Optional[Deque[str]] = None  # None until the ranks have agreed
        self._test: Optional[_RunningTest] = None
        self._stalled: Optional[float] = None  # since when
        self._cut = False
        self._parent = os.getppid()

    def to_the_end(self, process: subprocess.Popen[bytes]) -> Ended:
        """Follow the ranks until mpiexec has ended. End it if some ranks wait for one that will not come.

        Raises:
            SystemExit: the process that has started this one, such as a pytest without jobs, was killed.
        """
        shortest, longest = (seconds * max(1.0, len(self._ranks) / 4) for seconds in _PAUSES)
        pause = shortest
        last_look: Optional[float] = None  # until when results that are late are waited for
        while True:
            over = process.poll() is not None
            news = self._read()
            self._agree()
            self._go_on()
            if over:
                last_look = last_look if last_look is not None else time.monotonic() + self._grace / 10
                if not news and (self._all_gone() or time.monotonic() >= last_look):
                    break
            if not over and os.getppid() != self._parent:
                _end(process)
                sys.exit("pjm: the pytest that started these tests has ended")
            if not over and self._is_stalled():
                self._cut = True
                late = self._not_begun()
                if late:
                    sys.stderr.write(
                        f"pjm: {ranks(late)} of {len(self._ranks)} did not begin: has mpiexec started all?\n"
                    )
                _end(process)
            pause = shortest if news else min(2 * pause, longest)
            time.sleep(pause)
        self._gate.close()
        return self._ended(process.returncode)

    def _read(self) -> bool:
        news = False
        for rank in self._ranks:
            for event in rank.read():
                news = True
                if rank.number == 0 and event["event"] in (events.BEGIN, events.PLUGINS, events.SUITE_PROPERTY):
                    self._log.write(**event)
        return news

    def _agree(self) -> None:
        """When all ranks have collected: run what all have found."""
        collected = [rank.collected for rank in self._ranks if rank.collected is not None]
        if self._queue is not None or len(collected) < len(self._ranks):
            return
        everywhere = [test for test in self._left if all(test in found for found in collected)]
        for test in self._left:
            if test not in everywhere:
                self._log.write(events.MISSING, test=test, **self._missing(test))
        self._gate.write(events.AGREED, tests=everywhere)
        self._queue = collections.deque(everywhere)

    def _missing(self, test: str) -> Dict[str, object]:
        """Why a test was not found by all ranks, as fields of an event."""
        without = [rank.number for rank in self._ranks if test in rank.parts]
        first = self._ranks[without[0]].parts[test] if without else TestEvents(test, missing="no rank says why")
        if len(without) == len(self._ranks):
            skipped = all(rank.parts[test].skipped for rank in self._ranks)
            return {"outcome": "skipped" if skipped else "failed", "why": first.missing, "instead": first.instead}
        others = [rank.number for rank in self._ranks if rank.number not in without]
        why = f"{ranks(without)} did not collect it, and {ranks(others)} did: all ranks have to collect the same tests"
        return {"outcome": "failed", "why": f"{why} ({first.missing})", "instead": None}

    def _go_on(self) -> None:
        """Begin the next test when all ranks are ready for it, and note what they have done of it."""
        while True:
            if self._test is None:
                if not self._queue or not all(self._queue[0] in rank.ready for rank in self._ranks):
                    return
                test = self._queue.popleft()
                self._test, self._stalled = _RunningTest(test, self._log, self._ranks), None
                self._gate.write(events.GO, test=test)
            if not self._test.go_on():
                return
            self._test.forget()
            self._test = None

    def _is_stalled(self) -> bool:
        """Whether ranks wait for one that will not come, and have waited long enough."""
        waits: Optional[float] = None
        if self._test is not None:
            missing = self._test.missing()
            if any(rank.over for rank in missing):
                waits = _TIME_TO_END
            elif self._test.failed():
                waits = self._grace
        elif self._queue is None or self._queue or any(rank.running is not None for rank in self._ranks):
            waits = _TIME_TO_END if any(rank.over for rank in self._ranks) else None
            if waits is None and self._not_begun() and all(r.collected is not None for r in self._ranks if r.begun):
                waits = _GRACES_TO_BEGIN * self._grace if any(rank.begun for rank in self._ranks) else None
        elif all(rank.over for rank in self._ranks):  # each gives itself up after the grace time
            waits = self._grace + _TIME_TO_END
        if waits is None:
            self._stalled = None
            return False
        now = time.monotonic()
        self._stalled = self._stalled if self._stalled is not None else now
        return now - self._stalled >= waits

    def _all_gone(self) -> bool:
        return all(rank.gone is not None for rank in self._ranks if rank.begun)

    def _not_begun(self) -> List[int]:
        return [rank.number for rank in self._ranks if not rank.begun]

    def _ended(self, code: int) -> Ended:
        code = 128 - code if code < 0 else code
        unended = "".join(
            f"rank {rank.number}:\n{text}"
            for rank in self._ranks
            for text in [captured_output.unended(rank.folder)]
            if text
        )
        test, self._test = self._test, None
        if test is not None and test.failed():
            then = (
                f"{self._grace:g} s later: mpiexec was ended" if self._cut else f"when mpiexec ended with {_code(code)}"
            )
            test.give_up(f"{ranks([rank.number for rank in test.missing()])} had not ended the test {then}")
            self._log.write(events.FINISH, code=1, explained=True, text="", output=self._output())
            return Ended(1, "", (), unended)
        if test is not None:
            words = _printed_by(self._folder)
            printed = [*test.printed(), ("mpiexec's words", words)]
            how = test.died(f"mpiexec ended with {_code(code)}" if not self._cut else "the others waited for it", words)
            return Ended(code or 1, how, [each for each in printed if each[1].strip()], unended)
        finishes = [rank.finish for rank in self._ranks if rank.finish is not None]
        if finishes:
            worst = max(finishes, key=lambda finish: (not finish["explained"], bool(finish["text"]), finish["code"]))
            self._log.write(**{**worst, "output": self._output()})
            code = int(worst["code"]) if self._cut else code or int(worst["code"])
            if all(finish["explained"] for finish in finishes) and worst["code"] not in (0, 1):
                code = int(worst["code"])  # mpiexec has another one for a rank that stops the session
        return Ended(code, f"mpiexec ended with {_code(code)}", (), unended)

    def _output(self) -> object:
        finish = self._ranks[0].finish
        return finish["output"] if finish is not None else {}


class _RunningTest:
    """One test while its ranks run it: writes the merged report of each phase when all have ended it."""

    def __init__(self, test: str, log: SureLog, of: Sequence[_Rank]) -> None:
        self._name = test
        self._log = log
        self._ranks = of
        self._reported = 0  # phases
        self._stopped = self._no_setup = False
        log.write(events.START, test=test, time=time.time())

    def go_on(self) -> bool:
        """Note what is new. Return whether all ranks have ended the test."""
        self._report_up_to(min(self._reached(rank) for rank in self._ranks))
        stopped = next((part for part in self._parts() if part.stopped), None)
        if stopped is not None and not self._stopped:
            self._stopped = True
            self._log.write(events.STOPPED, how=stopped.stopped, exit=stopped.exit)
        if self.missing():
            return False
        self._stop()
        return True

    def _report_up_to(self, reached: int) -> None:
        while self._reported < reached:
            self._report(_PHASES[self._reported])
            self._reported += 1
            if self._reported < len(_PHASES):
                self._log.write(events.PHASE, test=self._name, when=_PHASES[self._reported])

    def forget(self) -> None:
        """Free the memory of its reports."""
        for rank in self._ranks:
            del rank.parts[self._name]

    def missing(self) -> List[_Rank]:
        """The ranks that have not ended the test."""
        return [rank for rank in self._ranks if self._name not in rank.parts]

    def failed(self) -> bool:
        """Whether a rank has failed in it, also as expected."""
        reports = (event["data"] for part in self._parts() for event in _reports(part))
        return any(failed(data) or ("wasxfail" in data and data["outcome"] == "skipped") for data in reports)

    def give_up(self, note: str) -> None:
        """Report the test, which some ranks have not ended."""
        missing = self.missing()
        for phase in _PHASES[self._reported :]:
            self._report(phase, note, missing)
        self._stop()

    def died(self, then: str, words: str) -> str:
        """How the test ended without a failure of its own, in words. It ended in the phase of the rank that died.

        Args:
            then: what happened next.
            words: those of mpiexec. Where they name no rank, it is the one whose end was noted first: on a busy machine
                that may be one that mpiexec has ended.
        """
        gone = sorted((rank.gone, rank.number) for rank in self.missing() if rank.gone is not None)
        named = [int(one or other) for one, other in _NAMED.findall(words)]
        named = [rank for rank in named if rank < len(self._ranks)]  # rank 0 may print such words as well
        first = named[-1] if named else gone[0][1] if gone else None
        if first is not None:
            self._report_up_to(self._reached(self._ranks[first]))
        return then if first is None else f"rank {first} of {len(self._ranks)} died in it; {then}"

    def printed(self) -> List[Tuple[str, str]]:
        """What the ranks that have not ended it had printed."""
        return [section for rank in self.missing() for section in self._kept(rank)]

    def _kept(self, rank: _Rank) -> Iterator[Tuple[str, str]]:
        return captured_output.of_rank(rank.folder, rank.number, rank.part(self._name).phase)

    def _parts(self) -> List[TestEvents]:
        return [rank.part(self._name) for rank in self._ranks]

    def _reached(self, rank: _Rank) -> int:
        """How many phases a rank has ended."""
        return len(_PHASES) if self._name in rank.parts else _PHASES.index(rank.part(self._name).phase)

    def _report(self, phase: str, note: str = "", missing: Sequence[_Rank] = ()) -> None:
        found = [[event for event in _reports(part) if event["data"]["when"] == phase] for part in self._parts()]
        for place in range(max(map(len, found)), 0, -1):  # the last is that of the test; subtests come before it
            of_rank = {rank: each[-place] for rank, each in enumerate(found) if place <= len(each)}
            data = merged({rank: event["data"] for rank, event in of_rank.items()}, len(self._ranks), note)
            self._no_setup |= phase == "setup" and failed(data)
            if phase == "call" and self._no_setup and not failed(data):
                continue  # it would be counted as passed, too
            if failed(data):
                data["sections"] += [section for rank in missing for section in self._kept(rank)]
            shown = {"shown": True} if any(event.get("shown") for event in of_rank.values()) else {}
            self._log.write(events.REPORT, data=data, **shown)

    def _stop(self) -> None:
        """Write what else the ranks have said, and the end of the test."""
        parts = self._parts()
        warned = [event for part in parts for event in part.events if event["event"] == events.WARNING]
        others = [event for event in parts[0].events if event["event"] in (events.ATTRIBUTE, events.BOOK)]
        enough = [event for part in parts for event in part.events if event["event"] == events.ENOUGH]
        for event in (*each_once(warned, ("message", "category", "filename", "lineno")), *others, *enough[:1]):
            self._log.write(**event)
        self._log.write(events.STOP, test=self._name, time=time.time())


def _reports(part: TestEvents) -> Iterator[Event]:
    return (event for event in part.events if event["event"] == events.REPORT)


def _code(code: int) -> str:
    """An exit code in words."""
    if code > 128:
        with contextlib.suppress(ValueError):
            return f"exit code {code}, as for signal {code - 128} ({signal.Signals(code - 128).name})"
    return f"exit code {code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End mpiexec, and so its ranks."""
    process.terminate()
    try:
        process.wait(_TIME_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
