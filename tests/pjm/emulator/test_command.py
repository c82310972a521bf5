"""`pjm emulator run` and `stop`, by the function that gives them to the command line."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, Dict, List, Optional

import pytest

from pjm import emulator
from pjm.cli import main
from tests.builders.emulated import WAIT, Emulated
from tests.builders.processes import PATIENCE, alive, until

MAIN = """
import argparse, sys
from pjm.emulator.command import add_emulator
from pjm.errors import BadInput
parser = argparse.ArgumentParser(prog="pjm")
add_emulator(parser.add_subparsers(required=True))
arguments = parser.parse_args()
try:
    sys.exit(arguments.run(arguments))
except BadInput as error:
    sys.exit(f"{error}")
"""


ROOT = str(Path(emulator.__file__).resolve().parents[2])


def started(*words: object, env: Optional[Dict[str, str]] = None) -> subprocess.Popen[str]:
    """`pjm emulator`, started."""
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, "emulator", *map(str, words)],
        env={**os.environ, "PYTHONPATH": ROOT, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def run(*words: object, env: Optional[Dict[str, str]] = None) -> List[object]:
    """`pjm emulator`, run to its end: exit code, output, errors."""
    process = started(*words, env=env)
    out, err = process.communicate(timeout=PATIENCE)
    return [process.returncode, out, err]


def test_a_command_finds_the_emulator_and_its_exit_code_is_kept(tmp_path: Path) -> None:
    script = "cd $WORK; echo 'echo hello' > job.sh; pjsub job.sh && pjwait 48000001; cat job.sh.*.out; exit 7"

    ended = run("run", "--nodes", 1, "--", "sh", "-c", script, env={"WORK": str(tmp_path)})

    assert [7, "[INFO] PJM 0000 pjsub Job 48000001 submitted.\n48000001 0 0 0\nhello\n", ""] == ended


def test_without_a_folder_nothing_of_it_is_left(tmp_path: Path) -> None:
    words = [
        "sh",
        "-c",
        "cd $WORK; echo 'echo $$ > began; exec sleep 600' > job.sh; pjsub job.sh > /dev/null; "
        "until test -s began; do sleep 0.02; done; echo $PJM_EMULATOR",
    ]
    code, out, _ = run("run", "--", *words, env={"WORK": str(tmp_path), "TMPDIR": str(tmp_path)})

    folder = Path(str(out).strip())
    assert 0 == code
    assert tmp_path == folder.parent
    assert not folder.exists()
    until(lambda: not alive((tmp_path / "began").read_text().strip()))


def test_with_a_folder_jobs_go_on_and_the_next_run_finds_them(tmp_path: Path) -> None:
    (tmp_path / "job.sh").write_text("until test -e go; do sleep 0.02; done")
    first = run("run", "--dir", tmp_path / "kept", "--", "sh", "-c", f"cd '{tmp_path}' && pjsub -z jid job.sh")
    (tmp_path / "go").touch()
    second = run("run", "--dir", tmp_path / "kept", "--", "pjwait", "48000001")

    assert [[0, "48000001\n", ""], [0, "48000001 0 0 0\n", ""]] == [first, second]
    assert [0, "", ""] == run("stop", "--dir", tmp_path / "kept")


def test_stop_deletes_what_runs(tmp_path: Path) -> None:
    (tmp_path / "job.sh").write_text(f"touch '{tmp_path}/started'; sleep 600")
    submit = "pjsub job.sh -o /dev/null -e /dev/null; until test -e started; do sleep 0.02; done"
    run("run", "--dir", tmp_path / "kept", "--", "sh", "-c", f"cd '{tmp_path}' && {submit}")

    assert [0, "", ""] == run("stop", "--dir", tmp_path / "kept")
    assert ["CCL"] == [job.state for job in emulator.jobs(tmp_path / "kept")]


def test_settings_on_the_command_line(tmp_path: Path) -> None:
    words = ("--dir", tmp_path / "kept", "--set", "header_only=true", "--set", "first_id=7")

    code, out, _ = run("run", *words, "--", "pjstat")

    assert (0, "JOB_ID") == (code, str(out)[:6])


def _catches(process: int, number: int) -> bool:
    """A process has a handler of its own for a signal."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (number - 1) & 1)


def test_sigterm_goes_to_the_command() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready"
        process = started("run", "--", "sh", "-c", f"trap 'exit 5' TERM; touch '{ready}'; while :; do sleep 0.05; done")
        until(lambda: ready.exists() and _catches(process.pid, signal.SIGTERM))
        process.send_signal(signal.SIGTERM)

        assert (5, ("", "")) == (process.wait(PATIENCE), process.communicate())


def test_a_closed_terminal_leaves_nothing_of_it(tmp_path: Path) -> None:
    script = (
        "cd $WORK; echo 'echo $$ > began; exec sleep 600' > job.sh; pjsub job.sh > /dev/null; "
        "until test -s began; do sleep 0.02; done; echo $PJM_EMULATOR > ready; exec sleep 600"
    )
    process = started("run", "--", "sh", "-c", script, env={"WORK": str(tmp_path), "TMPDIR": str(tmp_path)})
    ready = tmp_path / "ready"
    until(lambda: ready.exists() and ready.read_text().endswith("\n"))
    process.send_signal(signal.SIGHUP)
    until(lambda: not _catches(process.pid, signal.SIGHUP))  # the command is gone, and the emulator is going
    process.send_signal(signal.SIGHUP)

    assert (128 + signal.SIGHUP, ("", "")) == (process.wait(PATIENCE), process.communicate(timeout=PATIENCE))
    assert not Path(ready.read_text().strip()).exists()
    until(lambda: not alive((tmp_path / "began").read_text().strip()))


def test_under_nohup_a_closed_terminal_ends_nothing(tmp_path: Path) -> None:
    ready, go = tmp_path / "ready", tmp_path / "go"
    script = f"touch '{ready}'; until test -e '{go}'; do sleep 0.02; done; exit 7"
    command = [sys.executable, "-c", MAIN, "emulator", "run", "--", "sh", "-c", script]
    process = subprocess.Popen(
        ["/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *command],
        env={**os.environ, "PYTHONPATH": ROOT, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(ready.exists)
    process.send_signal(signal.SIGHUP)
    go.touch()

    assert 7 == process.wait(PATIENCE)
    assert {ready, go} == set(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run"], "no command to run"),
        (
            ["run", "--nodes", "0", "--", "true"],
            "setting 'nodes' in --nodes is 0\n  why: it must be a whole number, and no negative one, and not 0\n",
        ),
        (["run", "--set", "x", "--", "true"], "--set x is no setting"),
        (["run", "--set", "x=1", "--", "true"], "unknown setting 'x' in --set\n"),
        (["run", "--set", "accept_jobs=a", "--", "true"], "why: it must be a whole number, and no negative one\n"),
        (["run", "--", "no-such-command"], f"no-such-command: {os.strerror(errno.ENOENT)}"),
        (["stop", "--dir", "nowhere"], "nowhere is no emulator's folder"),
    ],
)
def test_what_cannot_be_done(words: List[str], says: str) -> None:
    code, out, err = run(*words)

    assert (True, "") == (bool(code), out)
    assert says in str(err)


def _kept(folder: Path) -> str:
    emulator.environment(folder)
    return (folder / "emulator.json").read_text(encoding="utf-8")


def test_who_comes_back_finds_the_settings_as_they_were(tmp_path: Path) -> None:
    folder = tmp_path / "emulator"
    show = ["--", "cat", folder / "emulator.json"]

    made = run("run", "--dir", folder, "--nodes", 7, "--set", "second=0.5", *show)
    back = run("run", "--dir", folder, *show)
    changed = run("run", "--dir", folder, "--nodes", 2, *show)

    assert [{"nodes": 7, "second": 0.5}, {"nodes": 7, "second": 0.5}, {"nodes": 2, "second": 0.5}] == [
        json.loads(str(out)) for _, out, _ in (made, back, changed)
    ]
    assert {"nodes": 2, "second": 0.5} == json.loads(_kept(folder))


# The signal comes when the command has been started and nothing else has happened yet.
TERMINATED_AT_ONCE = """
import os, signal, subprocess, sys
from pjm.cli import main
real = subprocess.Popen
def popen(*words, **how):
    process = real(*words, **how)
    os.kill(os.getpid(), signal.SIGTERM)
    return process
subprocess.Popen = popen
sys.exit(main(sys.argv[1:]))
"""


def test_sigterm_is_passed_on_from_the_beginning(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", TERMINATED_AT_ONCE, "emulator", "run", "--", "sleep", "61.25"],
        env={**os.environ, "PYTHONPATH": str(Path(emulator.__file__).parents[2]), "TMPDIR": str(tmp_path)},
        timeout=PATIENCE,
        check=False,
    )

    assert 128 + signal.SIGTERM == ended.returncode
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("jobs", [True, False])
def test_what_is_left_after_a_while_is_said(
    making: Callable[..., Emulated], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], jobs: bool
) -> None:
    ours = making()
    if jobs:
        ours.wait_for(ours.submit(WAIT), "RUN")
    monkeypatch.setattr("pjm.emulator.command.stop", lambda folder, patience: False)

    assert 1 == main(["emulator", "stop", f"--dir={ours.folder}"])

    left = "these jobs are left: 48000001 (RUN)" if jobs else "a process is left"
    said = capsys.readouterr().err
    assert f"pjm emulator stop: after 60 s {left}; type it again, or see {ours.folder / 'daemon.log'}\n" == said
