"""Runs the batch system's commands on a machine: one at a time, killed if it hangs, its errors those of a scheduler."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Iterable, Iterator, List, Mapping, Optional, Protocol, Sequence, Tuple, Union

from pjm.batch.scheduler import AnswerLostError, Submission, SubmitError, UnansweredError

_LONGEST_COMMAND = 100_000  # characters; an argument list may have 128 KiB at the least


@dataclass(frozen=True)
class Answer:
    """The output of a command and its exit code, which is negative if a signal ended the command."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Both streams: which one has the messages depends on version and site."""
        return f"{self.out}\n{self.err}" if self.err else self.out


class NotStartedError(Exception):
    """The command was not started: it does not exist, or the machine cannot run another process."""

    def __init__(self, happened: str, missing: bool) -> None:
        super().__init__(happened)
        self.missing = missing


class HungError(Exception):
    """The command did not end in time and was killed, or no answer came: it is unknown what it has done."""


class Host(Protocol):
    """A machine on which the batch system's commands can be run."""

    def has(self, name: str) -> bool:
        """Whether a command of that name exists."""
        ...

    def run(
        self, command: Sequence[str], timeout: float, folder: Optional[Path] = None, keep_open: Sequence[int] = ()
    ) -> Answer:
        """Run a command to its end, with nothing on its standard input.

        Args:
            command: its name and its arguments.
            timeout: seconds.
            folder: its working directory; None for our own.
            keep_open: open files that the command inherits.

        Raises:
            NotStartedError: the command did not start.
            HungError: the command was killed after `timeout` seconds, or its end is not known.
        """
        ...


@dataclass(frozen=True)
class LocalHost:
    """The machine that this process runs on.

    Attributes:
        environment: environment of the commands, PATH included; None for our own.
    """

    environment: Optional[Mapping[str, str]] = None

    def has(self, name: str) -> bool:
        """See `Host.has`."""
        return self._executable(name) is not None

    def _executable(self, name: str) -> Optional[str]:
        return shutil.which(name, path=(os.environ if self.environment is None else self.environment).get("PATH"))

    def run(
        self, command: Sequence[str], timeout: float, folder: Optional[Path] = None, keep_open: Sequence[int] = ()
    ) -> Answer:
        """See `Host.run`."""
        executable = self._executable(command[0])
        if executable is None:
            raise NotStartedError(f"there is no {command[0]} on PATH", missing=True)
        code, out, err = outputs(
            [executable, *command[1:]],
            timeout,
            cwd=folder,
            env=None if self.environment is None else dict(self.environment),
            pass_fds=keep_open,
        )
        return Answer(code, out.decode(errors="replace"), err.decode(errors="replace"))


def outputs(
    command: Sequence[str], timeout: float, stdin: Union[IO[bytes], int] = subprocess.DEVNULL, **options: Any
) -> Tuple[int, bytes, bytes]:
    """Run a command. Its output goes to files, so that we never wait for a child that it leaves behind.

    Args:
        command: the executable and its arguments.
        timeout: seconds.
        stdin: what it reads.
        options: of subprocess.Popen.

    Returns:
        Its exit code, standard output and standard error.

    Raises:
        NotStartedError, HungError: see `Host.run`.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            # In a new session: Ctrl-C in the terminal must not reach a submission that is under way.
            process = subprocess.Popen(command, stdin=stdin, stdout=out, stderr=err, start_new_session=True, **options)
        except OSError as error:
            raise NotStartedError(f"{command[0]} cannot be started: {error}", missing=False) from error
        code = _wait(process, timeout, Path(command[0]).name)
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def _wait(process: subprocess.Popen[bytes], timeout: float, name: str) -> int:
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise HungError(f"{name} did not answer within {timeout:g} s and was killed") from None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ask(host: Host, command: Sequence[str], timeout: float) -> Answer:
    """Run a command that asks the batch system, or that has it delete or release jobs.

    Raises:
        UnansweredError: there is no answer.
    """
    try:
        return host.run(command, timeout)
    except (NotStartedError, HungError) as error:
        raise UnansweredError(str(error)) from error


def hand_over(host: Host, command: Sequence[str], timeout: float, submission: Submission, advice: str) -> Answer:
    """Run a command that submits; ``advice`` says where there is one.

    Raises:
        SubmitError: it did not start.
        AnswerLostError: there is no answer.
    """
    try:
        return host.run(command, timeout, submission.folder, submission.keep_open)
    except NotStartedError as error:
        raise SubmitError(str(error), advice, retry=not error.missing) from error
    except HungError as error:
        raise AnswerLostError(str(error)) from error


def command_lines(words: Iterable[str]) -> Iterator[List[str]]:
    """Split words into as few command lines as the length limit allows: normally one; none if there are no words."""
    chunk: List[str] = []
    length = 0
    for word in words:
        if chunk and length + len(word) + 1 > _LONGEST_COMMAND:
            yield chunk
            chunk, length = [], 0
        chunk.append(word)
        length += len(word) + 1
    if chunk:
        yield chunk


def spans(numbers: Iterable[int]) -> List[str]:
    """Numbers with neighbours joined, as in ids of jobs: 0-2, 5."""
    found: List[List[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return [str(each[0]) if len(each) == 1 else f"{each[0]}-{each[-1]}" for each in found]
