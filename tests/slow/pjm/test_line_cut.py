"""The line to the login node cut at every step, sshd gone for a while, and the client killed: nothing lost or twice."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Callable, Dict, Iterator, Tuple

import pytest

from tests.builders import junit
from tests.builders.fugaku_project import Ran
from tests.builders.processes import until
from tests.builders.remote_project import RemoteProject
from tests.end_to_end.pjm.test_commands import ran
from tests.ssh.login_node import LoginNode, login_node, missing

SEED = int(os.environ.get("PJM_SEED", random.SystemRandom().randrange(1000)))
TIMES = int(os.environ.get("PJM_CUTS", "1"))  # cuts at each step; ten take half an hour
SECONDS = [20, 60] if TIMES > 2 else [10]  # for which nothing answers
# Each test notes there that it has run.
TESTS = """
@pytest.fixture(autouse=True)
def note(request):
    with open("ran", "a") as file:
        file.write(request.node.name + "\\n")

@pytest.mark.fugaku(nodes=1)
@pytest.mark.parametrize("number", range(3))
def test_some(number):
    time.sleep(0.3)
    assert number != 2

@pytest.mark.fugaku(nodes=2)
def test_slow():
    time.sleep(1)

@pytest.mark.fugaku
def test_train(artifacts):
    (artifacts.folder / "weights").write_text("trained")

@pytest.mark.fugaku(after="test_train")
def test_estimate(artifacts):
    assert "trained" == (artifacts.of("test_train") / "weights").read_text()
"""
OUTCOMES = {
    "test_some[0]": "passed",
    "test_some[1]": "passed",
    "test_some[2]": "failure",
    "test_slow": "passed",
    "test_train": "passed",
    "test_estimate": "passed",
}
JOBS = 3  # one for test_some, one for test_slow, one step job for the others
STEPS = {  # what is sent there, how many calls of a session have it at least, and how long one of them takes
    "connect": ("lacks=", 1, 0.2),
    "push": ("tar -xof -", 3, 0.25),
    "submit": ("pjsub .*>submitting", 3, 0.3),
    "poll": ("pjstat .*</dev/null", 5, 0.3),
    "pull": ("known=", 5, 0.08),
}
# Stands for ssh. At one call of the step it runs ssh aside, and cuts all lines after some time.
WRAPPER = """#!/bin/sh
case " $* " in *" -G "*) exec {ssh} "$@";; esac
sent=$(mktemp {folder}/sent.XXXXXX)
cat >"$sent"
if head -n 1 "$sent" | grep -q '{pattern}'; then
    echo call >>{folder}/calls
    if [ "$(wc -l <{folder}/calls)" -eq {which} ]; then
        {ssh} "$@" <"$sent" & ssh=$!
        while kill -0 $ssh && [ -z "$(cat /proc/{sshd}/task/{sshd}/children)" ]; do sleep 0.01; done
        sleep {moment}
        for line in $(cat /proc/{sshd}/task/{sshd}/children); do
            for each in $(cat /proc/$line/task/$line/children) $line; do
                grep -q sshd /proc/$each/comm && kill -9 $each
            done
        done 2>/dev/null
        wait $ssh; code=$?
        echo $code >{folder}/cut
        rm "$sent"
        exit $code
    fi
fi
{ssh} "$@" <"$sent"; code=$?
rm "$sent"
exit $code
"""


@pytest.fixture(scope="module")
def node() -> Iterator[LoginNode]:
    why = missing()
    if why is not None:
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="node-") as folder, login_node(Path(folder)) as made:
        yield made


@pytest.fixture
def project(node: LoginNode, tmp_path: Path) -> Iterator[RemoteProject]:
    made = RemoteProject(Path(tmp_path.name, "project"), node)
    made.write(TESTS)
    (made.path / "pytest.ini").write_text("[pytest]\nfugaku_grace = 5\n", encoding="utf-8")
    yield made
    made.stop()


class Cutter:
    """An `ssh` that cuts the line at one call of a step."""

    def __init__(self, node: LoginNode, folder: Path, pattern: str, which: int, moment: float) -> None:
        self.folder = folder / "cutter"
        self.folder.mkdir()
        command = self.folder / "ssh"
        facts: Dict[str, object] = {"ssh": node.commands / "ssh", "folder": self.folder, "sshd": node.process}
        command.write_text(WRAPPER.format(**facts, pattern=pattern, which=which, moment=f"{moment:.3f}"))
        command.chmod(0o755)
        self.path = f"{self.folder}:{node.commands}:{os.environ['PATH']}"

    @property
    def code(self) -> str:
        """The exit code of the call that was cut; "-" if there was none."""
        cut = self.folder / "cut"
        return cut.read_text().strip() if cut.exists() else "-"


def finished(project: RemoteProject, first: Ran, **variables: str) -> Tuple[int, Ran]:
    """Resume until there is an end, as a user would. Return how many times that took."""
    result, count = first, 0
    while result.code not in (0, 1) and count < 5:
        count += 1
        away = ("--fugaku-emulate", "--junitxml=report.xml")
        resumed = project.run("--fugaku-resume", *away, **variables)
        nothing = "there is no session that submitted jobs" in resumed.out
        result = project.send(*away[1:], **variables) if nothing else resumed
    return count, result


def outcomes(project: RemoteProject) -> Dict[str, str]:
    """The outcome of each test in the report."""
    _, _, cases = junit.read(project.path / "report.xml")
    kinds = {dict(case[1])["name"]: [child[0] for child in case[3]] for case in cases}
    return {
        name: next((kind for kind in kind_list if kind in ("failure", "error", "skipped")), "passed")
        for name, kind_list in kinds.items()
    }


def begun(project: RemoteProject) -> bool:
    """Whether the slow test runs."""
    notes = project.there / "ran"
    return notes.exists() and "test_slow" in notes.read_text()


def times(project: RemoteProject) -> Dict[str, int]:
    """How often each test ran."""
    return dict(Counter((project.there / "ran").read_text().split()))


def nothing_lost_and_nothing_twice(project: RemoteProject, result: Ran, where: str) -> None:
    assert 1 == result.code, f"{where}\n{result.out}"
    assert OUTCOMES == outcomes(project), f"{where}\n{result.out}"
    assert dict.fromkeys(OUTCOMES, 1) == times(project), f"{where}\n{result.out}"
    submitted = [job for call in project.submissions() for job in call.jobs]
    assert len(submitted) == len(set(submitted)), where
    assert JOBS == len(project.submissions()), f"{where}\n{result.out}"


@pytest.mark.parametrize("number", range(TIMES))
@pytest.mark.parametrize("step", STEPS)
def test_the_line_is_cut_at_a_step(
    project: RemoteProject, tmp_path: Path, step: str, number: int, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(f"{SEED} {step} {number}")  # noqa: S311
    pattern, calls, seconds = STEPS[step]
    which, moment = chance.randint(1, calls), chance.uniform(0.0, seconds)
    cutter = Cutter(project.node, tmp_path, pattern, which, moment)

    first = project.send("--junitxml=report.xml", PATH=cutter.path)
    resumes, result = finished(project, first)

    where = f"{step}: call {which} cut after {moment:.3f} s with exit code {cutter.code}, seed {SEED}"
    record_property(
        "cut", f"{step} which={which} moment={moment:.3f} ssh={cutter.code} first={first.code} resumes={resumes}"
    )
    nothing_lost_and_nothing_twice(project, result, where)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_submission_goes_on_for_longer_than_the_grace_time(project: RemoteProject, when: str) -> None:
    project.emulate([{"fault": "delay", "command": "pjsub", "seconds": 12, "when": when, "times": 1}])
    process = project.start("--fugaku", "--fugaku-emulate", "--junitxml=report.xml")
    until(lambda: list(project.there.glob(".pjm/*/jobs/*/submitting")) or process.poll() is not None)

    lines = project.node.cut()
    out, _ = process.communicate(timeout=300)

    assert 1 <= lines
    nothing_lost_and_nothing_twice(project, Ran(process.returncode, out), f"pjsub waits {when} it takes the job")


@pytest.mark.parametrize("number", range(TIMES))
def test_the_line_is_cut_while_jobs_are_cancelled(
    project: RemoteProject, tmp_path: Path, number: int, record_property: Callable[[str, object], None]
) -> None:
    project.write(TESTS.replace("time.sleep(1)", "time.sleep(600)"))
    moment = random.Random(f"{SEED} cancel {number}").uniform(0.0, 0.3)  # noqa: S311
    cutter = Cutter(project.node, tmp_path, "pjdel .*</dev/null", 1, moment)
    process = project.start("--fugaku", "--fugaku-emulate", "--junitxml=report.xml", PATH=cutter.path)
    until(lambda: begun(project) or process.poll() is not None)

    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=300)
    code, said = ran(project, "cancel")
    project.wait_for_end()

    where = f"cut after {moment:.3f} s with exit code {cutter.code}, seed {SEED}\n{out}\n{said}"
    record_property("cut", f"cancel moment={moment:.3f} ssh={cutter.code} first={process.returncode} cancel={code}")
    assert (2, 0) == (process.returncode, code), where
    assert "Traceback" not in out + said, where
    assert JOBS == len(project.submissions()), where
    assert {1} == set(times(project).values()), where
    assert [] == project.running(), where


@pytest.mark.parametrize("seconds", SECONDS)
def test_sshd_is_gone_for_a_while(project: RemoteProject, seconds: int) -> None:
    project.write(TESTS.replace("time.sleep(1)", "time.sleep(8)"))
    process = project.start("--fugaku", "--fugaku-emulate", "--junitxml=report.xml")
    until(lambda: begun(project) or process.poll() is not None)

    project.node.stop()
    time.sleep(seconds)
    alive = process.poll()
    project.node.start()
    out, _ = process.communicate(timeout=300)

    assert alive is None, out
    nothing_lost_and_nothing_twice(project, Ran(process.returncode, out), f"gone for {seconds} s")


@pytest.mark.parametrize("seconds", SECONDS)
def test_the_line_is_silent_for_a_while(project: RemoteProject, seconds: int) -> None:
    project.write(TESTS.replace("time.sleep(1)", "time.sleep(8)"))
    process = project.start("--fugaku", "--fugaku-emulate", "--junitxml=report.xml")
    until(lambda: begun(project) or process.poll() is not None)

    project.node.cut(signal.SIGSTOP)
    time.sleep(seconds)
    project.node.cut(signal.SIGCONT)
    out, _ = process.communicate(timeout=300)

    nothing_lost_and_nothing_twice(project, Ran(process.returncode, out), f"silent for {seconds} s")


@pytest.mark.parametrize("number", range(TIMES))
@pytest.mark.parametrize("cut", [False, True], ids=["", "and-the-line-cut"])
def test_the_client_is_killed(
    project: RemoteProject, number: int, cut: bool, record_property: Callable[[str, object], None]
) -> None:
    moment = random.Random(f"{SEED} kill {number} {cut}").uniform(0.5, 9.0)  # noqa: S311
    process = project.start("--fugaku", "--fugaku-emulate", "--junitxml=report.xml")
    time.sleep(moment)
    os.kill(process.pid, signal.SIGKILL)
    if cut:
        project.node.cut()
    process.communicate()
    calls = len(project.submissions()) if project.emulator.is_dir() else 0

    resumes, result = finished(project, Ran(-9, ""))

    record_property("cut", f"kill moment={moment:.3f} line={cut} submitted-then={calls} resumes={resumes}")
    nothing_lost_and_nothing_twice(project, result, f"killed after {moment:.3f} s, seed {SEED}")
