"""Leaving and coming back: detached, killed, interrupted."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import List

from tests.builders import junit
from tests.builders.fugaku_project import FugakuProject, Ran
from tests.builders.processes import PATIENCE, until

SLOW = """
@pytest.mark.fugaku(nodes=1)
def test_quick():
    pass

@pytest.mark.fugaku(nodes=2)
@pytest.mark.parametrize("number", range(3))
def test_slow(number):
    assert number != 1

def test_here():
    pass
"""
ENDLESS = """
@pytest.mark.fugaku(nodes=1)
def test_quick():
    pass

@pytest.mark.fugaku(nodes=2)
def test_endless():
    time.sleep(600)
"""


def _wait_until_one_of_two_is_done(project: FugakuProject) -> None:
    """And the other was handed over, if it has not ended too."""

    def come() -> bool:
        return len([call for call in project.submissions() if call.exit == 0]) == 2 and bool(_done(project))

    until(come)


def _done(project: FugakuProject) -> List[Path]:
    return [each for each in project.workdir.glob("*/jobs/*/share-0/events.jsonl") if b'"end"' in each.read_bytes()]


def _communicate(process: subprocess.Popen[str]) -> Ran:
    out, _ = process.communicate(timeout=PATIENCE)
    return Ran(process.returncode, out)


def test_detach_leaves_and_resume_ends_like_an_unbroken_run(project: FugakuProject) -> None:
    project.write(SLOW)
    unbroken = project.send("--junitxml=unbroken.xml", "-k", "quick or slow or here")
    before = len(project.submissions())
    common = ("test_it.py", "-o", "fugaku_grace=5")

    left = project.send("--junitxml=resumed.xml", "-k", "quick or slow or here", "--fugaku-detach", *common)
    identity = re.findall(r"--fugaku-resume=(\S+)", left.out)[-1]
    facts = project.workdir / identity / "session.json"
    document = json.loads(facts.read_text())
    facts.write_text(json.dumps({**document, "created": document["created"] - 10 * 86400}))
    project.wait_for_end()
    asked = len(project.calls("pjstat"))
    resumed = project.run(f"--fugaku-resume={identity}", *common)

    assert (0, {}) == (left.code, _counts(left)), left.out
    assert (1, {"passed": 4, "failed": 1}) == (resumed.code, resumed.counts()) == (unbroken.code, unbroken.counts())
    assert junit.read(project.path / "unbroken.xml") == junit.read(project.path / "resumed.xml")
    assert before * 2 == len(project.submissions())
    project.needs_emulator("the rest is about its history")
    # Jobs of an old session are looked for far back.
    assert {"day=12"} == {word for call in project.calls("pjstat")[asked:] for word in call.argv if "day" in word}


def _counts(ran: Ran) -> object:
    return {} if "no tests ran" in ran.out else ran.counts()


def test_a_client_that_is_killed_comes_back_and_submits_nothing_twice(project: FugakuProject) -> None:
    project.write(SLOW.replace("    assert", "    while not os.path.exists('go'): time.sleep(0.02)\n    assert"))
    process = project.start("--fugaku", "--fugaku-emulate", "-v")
    _wait_until_one_of_two_is_done(project)
    os.kill(process.pid, signal.SIGKILL)
    _communicate(process)
    (project.there / "go").touch()
    before = len(project.submissions())

    resumed = project.run("--fugaku-resume")

    assert (1, {"passed": 4, "failed": 1}) == (resumed.code, resumed.counts()), resumed.out
    assert before == len(project.submissions()) == 2
    _check_modes(project)


def test_ctrl_c_cancels_with_one_command_and_keeps_what_is_done_by_the_only_client(project: FugakuProject) -> None:
    project.write(ENDLESS)
    process = project.start("--fugaku", "--fugaku-emulate", "-v", "--junitxml=cut.xml")
    _wait_until_one_of_two_is_done(project)

    second = project.run("--fugaku-resume")
    process.send_signal(signal.SIGINT)
    ran = _communicate(process)

    assert 4 == second.code, second.out
    assert f"another pytest follows it: process {process.pid}" in second.out
    assert 2 == ran.code, ran.out
    assert "test_quick PASSED" in ran.out
    assert " cancelled; 1 of 2 tests in jobs have results; the rest: pytest --fugaku-resume=" in ran.out
    assert 1 == len(project.calls("pjdel"))
    assert ["test_quick"] == [dict(case[1])["name"] for case in junit.read(project.path / "cut.xml")[2]]


def test_sigterm_does_the_same_and_the_session_can_be_resumed(project: FugakuProject) -> None:
    project.write(ENDLESS.replace("time.sleep(600)", "time.sleep(0 if os.path.exists('quick') else 600)"))
    process = project.start("--fugaku", "--fugaku-emulate")
    _wait_until_one_of_two_is_done(project)

    process.send_signal(signal.SIGTERM)
    ran = _communicate(process)
    (project.there / "quick").touch()
    resumed = project.run("--fugaku-resume", "-v")

    assert 2 == ran.code, ran.out
    assert 1 == len(project.calls("pjdel"))
    assert (0, {"passed": 2}) == (resumed.code, resumed.counts()), resumed.out
    assert 3 == len(project.submissions())


def test_a_second_ctrl_c_leaves_at_once(project: FugakuProject) -> None:
    project.write(ENDLESS)
    process = project.start(
        "--fugaku",
        "--fugaku-emulate",
        PJM_EMULATOR_FAULTS='[{"fault": "delay", "command": "pjdel", "seconds": 60}]',
    )
    _wait_until_one_of_two_is_done(project)
    process.send_signal(signal.SIGINT)
    until(lambda: project.calls("pjdel"))

    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    ran = _communicate(process)

    assert 2 == ran.code, ran.out
    # The client would have waited for pjdel for longer.
    assert time.monotonic() - begun < 50


def _check_modes(project: FugakuProject) -> None:
    """What is kept is its owner's alone."""
    session = project.session()
    folders = [project.workdir, session, session / "jobs", *session.glob("jobs/*"), session / "artifacts"]
    files = [*(each for each in session.iterdir() if each.is_file()), *session.glob("jobs/*/*.sh")]
    files += [*session.glob("jobs/*/job.json"), *session.glob("jobs/*/*/events.jsonl")]
    assert ["0o700"] * len(folders) == [oct(each.stat().st_mode & 0o777) for each in folders]
    assert dict.fromkeys(files, "0o600") == {each: oct(each.stat().st_mode & 0o777) for each in files}
    assert 7 <= len(files)
