"""Worker processes: `Process` starts and asks one, `serve` answers in it. Requests and answers are lines of JSON."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from typing import Any, Callable, Dict, List, Mapping, Optional

from mnist_repro.errors import BadInput

LINES_SHOWN = 15
FEWER = (
    "on Linux, put `taskset -c 0` before the command and leave --processes out, so that it starts one process at a time"
)

# Takes a request, and a function that reports progress as keywords; returns the answer.
Answerer = Callable[[Dict[str, Any], Callable[..., None]], Any]


class DiedError(Exception):
    """A worker process has ended without an answer.

    Args:
        code: its exit code; negative for a signal.
        last_words: the last lines of its standard error, for a message.
    """

    def __init__(self, code: int, last_words: str) -> None:
        super().__init__(code, last_words)
        self.code = code
        self.last_words = last_words

    @property
    def how(self) -> str:
        """How the process ended: ``was killed by signal 9`` or ``ended with exit code 1``."""
        return f"was killed by signal {-self.code}" if self.code < 0 else f"ended with exit code {self.code}"

    @property
    def fix(self) -> str:
        """What to do next."""
        if self.code < 0:
            return f"type the command again; if a signal 9 comes back, memory is short: {FEWER}"
        return "the last of its words say what to mend; if they name code of mnist_repro, report it as a bug"


class Process:
    """A worker process; `close` ends it.

    Args:
        module: module of this package whose ``main()`` calls `serve`.
        environment: environment of the process; None means that of this process.
        niceness: by how much its priority is lower than that of this process, from 0 to 19.
    """

    def __init__(self, module: str, environment: Optional[Mapping[str, str]] = None, niceness: int = 0) -> None:
        with contextlib.ExitStack() as resources:
            self._log = resources.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace"))
            self._child = subprocess.Popen(
                _command(module),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                encoding="utf-8",
                env=environment,
                start_new_session=True,  # Ctrl-C must reach only this process, which then stops the workers
            )
            if niceness and hasattr(os, "setpriority"):  # not on Windows
                # Its threads, which start later, inherit it.
                lower = os.getpriority(os.PRIO_PROCESS, 0) + niceness
                os.setpriority(os.PRIO_PROCESS, self._child.pid, lower)
            # The log stays open as long as the process lives.
            self._resources = resources.pop_all()

    def ask(self, request: Mapping[str, Any], watch: Callable[[Dict[str, Any]], object] = lambda report: None) -> Any:
        """The answer to a request; ``watch`` is called with each report of progress before it.

        Raises:
            BadInput: the process refused the request.
            DiedError: the process has ended.
            ValueError: something else than an answer was printed.
        """
        assert self._child.stdin is not None  # noqa: S101 - it was started with pipes
        assert self._child.stdout is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):  # if the process is dead, its output ends, which is handled below
            self._child.stdin.write(json.dumps(request) + "\n")
            self._child.stdin.flush()
        for line in self._child.stdout:
            if not line.endswith("\n"):
                break  # the process was killed while it answered
            event = json.loads(line)
            if not isinstance(event, dict):
                raise ValueError(f"it printed {line!r}")
            if "refused" in event:
                raise BadInput(*event["refused"])
            if "answer" in event:
                return event["answer"]
            watch(event)
        code = self._child.wait()
        self._log.seek(0)
        last = self._log.read().splitlines()[-LINES_SHOWN:]
        raise DiedError(code, "its last words were:\n    " + "\n    ".join(last or ["(none)"]))

    def kill(self) -> None:
        """Kill the process at once, from any thread; `ask` then raises `DiedError`."""
        self._child.kill()

    def close(self) -> None:
        """Kill the process, and wait until it is gone."""
        self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._child.wait()
        self._resources.close()


def serve(answer: Answerer) -> None:
    """Answer requests, one after another, until the parent process closes the pipe or ends.

    Answers go to the original standard output; the output of TensorFlow and Keras goes to standard error.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr  # one buffer: the last words stay the last
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()

    def say(**event: Any) -> None:
        answers.write(json.dumps(event) + "\n")
        answers.flush()

    while True:
        request = json.loads(requests.get())
        try:
            say(answer=answer(request, say))
        except BadInput as error:
            say(refused=error.args)


def _listen(requests: queue.SimpleQueue[bytes]) -> None:
    """Read requests into the queue. When standard input ends, end this process, also in the middle of a request.

    Its parent has then finished or was killed, so that no process needs the answer.
    """
    # Unbuffered: Python cannot end while another thread waits in a buffered reader.
    with os.fdopen(os.dup(0), "rb", buffering=0) as lines:
        for line in lines:
            requests.put(line)
    os._exit(0)


def _command(module: str) -> List[str]:
    """The command that runs ``main()`` of a module of this package.

    The process imports from the same folders as this process, and from no others. ``python -m`` would import a file
    json.py in the current folder instead of Python's own module.
    """
    program = f"import sys; sys.path[:] = sys.argv[1:]; from mnist_repro.{module} import main; main()"
    return [sys.executable, "-c", program, *sys.path]
