"""A worker process answers what it is asked, says how it died, and does not outlive its parent."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, Dict, List

import pytest

import mnist_repro
from mnist_repro.errors import BadInput
from mnist_repro.execution.processes import LINES_SHOWN, DiedError, Process
from tests.builders.command_line import environment
from tests.builders.processes import NEEDED, alive, children_of, until

# A worker beside the modules of the real package.
PACKAGE = f"__path__.append({str(Path(mnist_repro.__file__).parent)!r})\n"
WORKER = """
import os, signal, sys, time
from mnist_repro.errors import BadInput
from mnist_repro.execution.processes import serve

def answer(request, report):
    print("said by some library")
    os.write(1, b"and by C code\\n")
    for step in range(request.get("steps", 0)):
        report(done=step)
    if "refuse" in request:
        raise BadInput("a", "b", request["refuse"])
    if "lines" in request:
        sys.stderr.write("".join(f"line {number}\\n" for number in range(request["lines"])))
        sys.exit("the end")
    if "signal" in request:
        os.kill(os.getpid(), request["signal"])
    if "half" in request:
        os.write(PIPE, b'{"answer": "ha')
        os.kill(os.getpid(), signal.SIGKILL)
    if "nice" in request:
        return os.nice(0)
    time.sleep(request.get("seconds", 0))
    return request.get("echo")

def main():
    global PIPE
    PIPE = os.dup(1)
    serve(answer)
"""


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a worker process find `mnist_repro.echo`."""
    (tmp_path / "mnist_repro").mkdir()
    (tmp_path / "mnist_repro" / "__init__.py").write_text(PACKAGE, encoding="utf-8")
    (tmp_path / "mnist_repro" / "echo.py").write_text(WORKER, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))


def test_requests_are_answered_one_after_another_whatever_is_printed_meanwhile() -> None:
    with closing(Process("echo")) as process:
        assert [1, "zwölf", [None, {"a": 0.1}], None] == [
            process.ask({"echo": value}) for value in (1, "zwölf", [None, {"a": 0.1}], None)
        ]


def test_progress_is_reported_before_the_answer() -> None:
    reports: List[Dict[str, Any]] = []
    with closing(Process("echo")) as process:
        assert "done" == process.ask({"steps": 3, "echo": "done"}, reports.append)

    assert [{"done": 0}, {"done": 1}, {"done": 2}] == reports


def test_a_refusal_arrives_whole_and_the_process_goes_on() -> None:
    with closing(Process("echo")) as process:
        with pytest.raises(BadInput) as caught:
            process.ask({"refuse": "c"})
        assert ("a", "b", "c") == caught.value.args
        assert 7 == process.ask({"echo": 7})


def test_a_process_that_ends_says_its_last_words() -> None:
    with closing(Process("echo")) as process, pytest.raises(DiedError) as caught:
        process.ask({"lines": 100})

    last = [*(f"line {number}" for number in range(101 - LINES_SHOWN, 100)), "the end"]
    assert (1, ["its last words were:", *(f"    {line}" for line in last)]) == (
        caught.value.code,
        caught.value.last_words.splitlines(),
    )


def test_a_process_that_is_killed_says_by_which_signal() -> None:
    with closing(Process("echo")) as process, pytest.raises(DiedError) as caught:
        process.ask({"signal": int(signal.SIGKILL)})

    assert -signal.SIGKILL == caught.value.code


def test_a_process_that_was_dead_before_it_was_asked() -> None:
    with closing(Process("no_such_module")) as process, pytest.raises(DiedError, match="No module named"):
        process.ask({})


def test_a_python_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(OSError, match=os.strerror(errno.ENOENT)):
        Process("echo")


def test_another_thread_can_kill_it_in_the_middle() -> None:
    with closing(Process("echo")) as process:
        threading.Timer(0.2, process.kill).start()
        with pytest.raises(DiedError) as caught:
            process.ask({"seconds": 600})

    assert -signal.SIGKILL == caught.value.code


def test_its_environment_can_be_another_one() -> None:
    with closing(Process("echo", {**os.environ, "PYTHONHOME": "/nowhere"})) as process, pytest.raises(DiedError):
        process.ask({})


def test_its_priority_can_be_lower() -> None:
    with closing(Process("echo", niceness=3)) as process:
        assert min(os.nice(0) + 3, 19) == process.ask({"nice": True})


def test_files_of_the_current_folder_are_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "json.py").write_text("raise SystemExit('imported from the current folder')", encoding="utf-8")
    monkeypatch.chdir(folder)
    with closing(Process("echo")) as process:
        assert 7 == process.ask({"echo": 7})


PARENT = """
import sys
sys.path.insert(0, sys.argv[1])
from mnist_repro.execution.processes import Process
Process("echo").ask({"steps": 1, "seconds": 600}, lambda report: print("busy", flush=True))
"""


@NEEDED
def test_it_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], env=environment(), stdout=subprocess.PIPE, encoding="utf-8"
    )
    with parent:
        assert parent.stdout is not None
        assert "busy\n" == parent.stdout.readline()
        [child] = children_of(parent.pid)
        parent.kill()

    until(lambda: not alive(child))


def test_a_process_that_is_killed_in_the_middle_of_its_answer_has_died() -> None:
    with closing(Process("echo")) as process, pytest.raises(DiedError) as died:
        process.ask({"half": True})

    assert -signal.SIGKILL == died.value.code
