"""`pjm sessions`, `pjm show`, `pjm log`, `pjm wait`, `pjm cancel`, `pjm clean`."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from typing import Tuple

import pytest

from pjm.cli import main
from pjm.sessions.session import JOURNAL
from tests.builders.fugaku_project import FAILS_BESIDE_A_SLOW_ONE, FugakuProject
from tests.builders.processes import PATIENCE, until

TESTS = """
@pytest.mark.fugaku
def test_quick():
    pass

@pytest.mark.fugaku(nodes=2)
def test_slow():
    time.sleep(float(os.environ.get("SECONDS", "0")))
"""


@pytest.fixture
def done(project: FugakuProject) -> FugakuProject:
    project.write(TESTS)
    assert 0 == project.send("-q").code
    return project


@pytest.fixture
def left(project: FugakuProject) -> FugakuProject:
    """A session whose client was killed when both jobs were in and one had begun."""
    project.write(TESTS.replace('os.environ.get("SECONDS", "0")', '"600"'))
    process = project.start("--fugaku", "--fugaku-emulate")
    until(lambda: list(project.workdir.glob("*/jobs/*/share-0/events.jsonl")))
    until(lambda: 2 == (project.session() / JOURNAL).read_text(encoding="ascii").count('"submitted"'))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return project


@pytest.fixture
def with_ssh(project: FugakuProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this process know the login node, if there is one."""
    monkeypatch.setenv("PATH", project.environment()["PATH"])


@pytest.mark.usefixtures("with_ssh")
def test_a_finished_session_is_listed_shown_and_removed(
    done: FugakuProject, capsys: pytest.CaptureFixture[str]
) -> None:
    workdir, identity = f"--workdir={done.workdir}", done.session().name

    assert 0 == main(["sessions", workdir])
    assert (
        f"{identity}  done        2 of 2 tests have results, 2 jobs, -p pjm.plugin --fugaku" in capsys.readouterr().out
    )
    assert 0 == main(["show", workdir])
    shown = capsys.readouterr().out
    assert f"session {identity}: done" in shown
    assert 2 == shown.count(" 1 test, passed, queued ")
    assert 0 == main(["clean", "--ended", workdir])
    assert f"removed {identity}\n" == capsys.readouterr().out
    assert not (done.workdir / identity).exists()


@pytest.mark.usefixtures("with_ssh")
def test_an_unfinished_session_says_how_to_come_back_and_is_not_removed(
    left: FugakuProject, capsys: pytest.CaptureFixture[str]
) -> None:
    workdir, identity = f"--workdir={left.workdir}", left.session().name

    assert 0 == main(["show", identity, workdir])
    shown = capsys.readouterr().out
    assert "  no result yet: test_it.py::test_slow\n" in shown
    assert f"  next: pytest --fugaku-resume={identity} --fugaku-workdir={left.workdir}\n" in shown
    assert 0 == main(["clean", "--ended", workdir])
    assert 2 == main(["clean", identity, workdir])
    assert f"session {identity} is unfinished" in capsys.readouterr().err
    assert 0 == main(["clean", "--force", identity, workdir])
    assert not (left.workdir / identity).exists()


def start(project: FugakuProject, *words: str) -> subprocess.Popen[str]:
    """A command of pjm."""
    return subprocess.Popen(
        [sys.executable, "-m", "pjm", *words],
        cwd=project.path,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ran(project: FugakuProject, *words: str) -> Tuple[int, str]:
    """Exit code and output of a command of pjm."""
    with start(project, *words) as process:
        out, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, out


def test_the_jobs_of_a_session_that_was_left_are_cancelled_and_the_rest_can_be_run_later(left: FugakuProject) -> None:
    identity = left.session().name

    code, out = ran(left, "cancel")

    assert 0 == code, out
    assert re.match(rf"session {identity}: \d jobs? cancelled: \d+", out), out
    assert "of 2 tests have results" in out
    assert f"next: pytest --fugaku-resume={identity}\n" in out
    left.wait_for_end()
    assert 1 == len(left.calls("pjdel"))
    assert f"session {identity}: no job was left to cancel\n" in ran(left, "cancel")[1]
    assert (2, f"session {identity} ended with exit code 2\n") == ran(left, "wait")
    assert f"session {identity}: cancelled\n" in ran(left, "show")[1]


def test_jobs_are_not_cancelled_while_a_client_follows_them(project: FugakuProject) -> None:
    project.write(FAILS_BESIDE_A_SLOW_ONE)
    with project.start("--fugaku-emulate") as client:
        until(lambda: list(project.workdir.glob("*/jobs/*/share-0/events.jsonl")))

        code, out = ran(project, "cancel")

        assert 2 == code, out
        assert f"session {project.session().name} is in use" in out
        assert f"another pytest follows it: process {client.pid} on " in out
        assert [] == project.calls("pjdel")
        client.send_signal(signal.SIGINT)
        client.communicate()


def test_waiting_gives_the_exit_code_and_the_screen_of_pytest(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_fails():\n    assert 0\ndef test_here():\n    pass\n")
    project.send("--fugaku-detach")

    code, out = ran(project, "wait")

    assert 1 == code, out
    assert "1 failed, 1 passed" in out
    assert (1, f"session {project.session().name} ended with exit code 1\n") == ran(project, "wait")
    assert 1 == len(project.submissions())


def test_waiting_lasts_as_long_as_another_client_and_gives_its_exit_code(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_it():\n    time.sleep(3)\n")
    project.write("def pytest_sessionfinish(session): session.exitstatus = 7\n", "conftest.py")
    with project.start("--fugaku-emulate") as client:
        until(lambda: list(project.workdir.glob("*/jobs/*/share-0/events.jsonl")))

        code, out = ran(project, "wait")

        identity = project.session().name
        assert f"session {identity}: waiting for the pytest that follows it\n" in out
        assert (7, f"session {identity} ended with exit code 7") == (code, out.splitlines()[-1])
        client.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_stops_waiting_leaves_the_jobs_alone(left: FugakuProject, number: int) -> None:
    with start(left, "wait") as waiting:
        assert waiting.stdout is not None
        assert any("fugaku: back to" in line for line in waiting.stdout)
        until(lambda: list(left.workdir.glob("*/jobs/*-0-1/share-0/events.jsonl")))

        waiting.send_signal(number)
        out, _ = waiting.communicate(timeout=PATIENCE)

    assert 130 == waiting.returncode, out
    assert f"the jobs run on; continue with: pjm wait {left.session().name}\n" in out
    assert left.running()
    assert [] == left.calls("pjdel")
    assert f"session {left.session().name}: unfinished" in ran(left, "show")[1]  # and no longer in use


def test_a_dry_run_is_not_waited_for(project: FugakuProject) -> None:
    project.write(TESTS)
    project.send("--fugaku-dry-run")

    code, out = ran(project, "wait", project.session().name)

    assert (2, "submit them: pytest -p pjm.plugin --fugaku --fugaku-emulate") == (
        code,
        out.splitlines()[-1].partition("next: ")[2],
    )


def test_the_log_of_a_test_is_found_by_its_name(done: FugakuProject) -> None:
    code, out = ran(done, "log", "test_slow")

    assert 0 == code, out
    assert re.match(r"test_it.py::test_slow: passed, in job \d+", out), out
    assert "--- standard output of the job: " in out
    assert "1 passed in " in out
