"""Whichever process is killed, and however many clients there are: nothing is lost, nothing runs twice."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, List

import pytest

from pjm import emulator
from pjm.emulator.machine.folder import Folder, environment
from pjm.emulator.machine.store import Store
from pjm.emulator.running import daemon as daemon_module
from pjm.errors import BadInput
from tests.builders.emulated import PATIENCE, WAIT, Emulated, is_gone, until


def daemon(pjm: Emulated) -> int:
    """Its process id."""
    lock = pjm.folder / "daemon.lock"
    until(lambda: lock.exists() and lock.read_text(encoding="ascii"))
    return int(lock.read_text(encoding="ascii"))


def runner(pjm: Emulated, job: str) -> int:
    """The process that looks after the first start of a job."""
    started = pjm.folder / "runs" / f"{job}.0" / "started.json"
    until(started.exists)
    return int(json.loads(started.read_text(encoding="utf-8"))["runner"])


def kill(process: int) -> None:
    """As kill -9 does; it may have ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def test_the_next_command_revives_a_killed_daemon_and_running_jobs_run_on(pjm: Emulated) -> None:
    jobs = [pjm.submit("echo began >> ran; sleep 0.3; echo ended >> ran") for _ in range(6)]
    for _ in range(8):
        kill(daemon(pjm))
        pjm.rows()
        time.sleep(0.05)

    assert [0] * 6 == [row.ec for row in pjm.ended(*jobs)]
    assert [1] * 6 == [job.starts for job in emulator.jobs(pjm.folder)]
    assert sorted(["began"] * 6 + ["ended"] * 6) == sorted(pjm.read("ran").split())


def test_a_job_that_ended_while_no_daemon_lived_is_known_to_have_ended(pjm: Emulated) -> None:
    job = pjm.submit("echo began > ran; sleep 0.2; exit 4")
    until((pjm.work / "ran").exists)
    kill(daemon(pjm))
    time.sleep(0.4)
    pjm.rows()

    assert 4 == pjm.ended(job)[0].ec


def test_a_killed_runner_is_a_dead_node_and_the_job_restarts(pjm: Emulated) -> None:
    job = pjm.submit("echo $$ >> ran; test $(wc -l < ran) = 2 || sleep 600")
    pjm.written("ran")
    kill(runner(pjm, job))

    (row,) = pjm.ended(job)

    assert "EXT 0 0 0" == row.codes
    assert [2] == [each.starts for each in emulator.jobs(pjm.folder)]
    assert "PJM 7008" in pjm.read(f"job.sh.{job}.err")
    assert "PLE 1700 The job restarts." in pjm.read(f"job.sh.{job}.out")


def test_a_runner_that_ends_while_the_daemon_looks_is_no_dead_node(
    pjm: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = pjm.submit("echo $$ > ran; " + WAIT)
    pjm.written("ran")
    kill(daemon(pjm))
    result = pjm.folder / "runs" / f"{job}.0" / "result.json"
    is_locked = daemon_module._is_locked

    def ends_meanwhile(path: Path) -> bool:
        pjm.go()
        until(result.exists)
        until(lambda: not is_locked(path))
        return False

    monkeypatch.setattr(daemon_module, "_is_locked", ends_meanwhile)
    with Store(pjm.folder / "jobs.sqlite") as store:
        daemon_module.Daemon(Folder(pjm.folder), store, lock=-1)._turn(time.time())
    pjm.rows()  # starts a daemon for the rest

    assert ["EXT 0 0 0"] == [row.codes for row in pjm.ended(job)]
    assert [1] == [each.starts for each in emulator.jobs(pjm.folder)]


def test_daemon_and_runner_killed_at_once(pjm: Emulated) -> None:
    job = pjm.submit("echo $$ >> ran; sleep 600", "--norestart")
    script = pjm.written("ran").strip()
    for process in (daemon(pjm), runner(pjm, job)):
        kill(process)
    pjm.rows()

    (row,) = pjm.ended(job)

    assert "EXT 0 20 9" == row.codes
    # What was left of it was killed.
    until(lambda: is_gone(script))


def test_a_job_may_be_deleted_at_any_moment_of_its_life(making: Callable[..., Emulated]) -> None:
    pjm = making(nodes=16, accept=0.02, start=0.02)
    pjm.script("sleep 600")
    ids = []
    for number in range(16):
        # Those that come later are nearer to their start when all are deleted at once.
        ids.append(pjm.command("pjsub", "-z", "jid", "job.sh").out.strip())
        if number % 4 == 3:
            pjm.command("pjdel", *ids[-4:])

    ended = {row.codes for row in pjm.ended(*ids)}

    assert ended <= {"CCL 1 1 9", "CCL 0 1 0", "RJT 0 2 0"}
    assert {1} >= {job.starts for job in emulator.jobs(pjm.folder) if job.starts}


def test_a_killed_pjsub_has_submitted_or_not_and_never_half(pjm: Emulated) -> None:
    pjm.script("true")
    for delay in range(12):
        process = subprocess.Popen(
            [str(pjm.folder / "bin" / "pjsub"), "--bulk", "--sparam", "1-20", "job.sh"],
            cwd=str(pjm.work),
            env={**os.environ, **pjm.variables},
            stdout=subprocess.DEVNULL,
        )
        time.sleep(0.02 + delay * 0.003)
        process.kill()
        process.wait()

    assert 0 == len(emulator.jobs(pjm.folder)) % 20
    assert "48" == pjm.submit("true")[:2]


def test_many_clients_at_once_do_not_tread_on_each_other(making: Callable[..., Emulated]) -> None:
    pjm = making(nodes=8)
    pjm.script("echo $PJM_JOBID\n")

    def client(number: int) -> List[str]:
        user = f"user{number}"
        env = {"PJM_EMULATOR_USER": user}
        ids = [pjm.command("pjsub", "-z", "jid", "-o", "%j", "job.sh", env=env).out.strip() for _ in range(3)]
        pjm.command("pjwait", *ids, env=env)
        mine = pjm.rows("-H", "--choose=jid,usr", env=env)
        assert [(job, user) for job in ids] == [(row["JOB_ID"], row["USER"]) for row in mine]
        return ids

    with ThreadPoolExecutor(6) as clients:
        ids = [job for found in clients.map(client, range(6)) for job in found]

    assert 18 == len(set(ids))
    assert ids == [pjm.read(job).strip() for job in ids]
    assert 18 == len(emulator.calls(pjm.folder, "pjsub"))


def test_others_jobs_cannot_be_deleted_or_waited_for(pjm: Emulated) -> None:
    job = pjm.submit(WAIT)

    assert (
        f"[ERR.] PJM 0112 pjdel Job {job} does not exist.\n"
        == pjm.command("pjdel", job, env={"PJM_EMULATOR_USER": "x"}).err
    )
    assert 1 == pjm.command("pjwait", job, env={"PJM_EMULATOR_USER": "x"}).code


def test_the_daemon_goes_when_there_is_nothing_to_do_or_its_folder_is_gone(
    making: Callable[..., Emulated],
) -> None:
    pjm = making(idle=0.1)
    pjm.ended(pjm.submit("true"))
    first = daemon(pjm)
    until(lambda: is_gone(first))

    job = pjm.submit("sleep 600")
    pjm.wait_for(job, "RUN")
    second = daemon(pjm)
    script = pjm.folder / "runs" / f"{job}.0"
    mine = runner(pjm, job)
    pjm.folder.rename(pjm.folder.with_name("gone"))
    until(lambda: is_gone(second) and is_gone(mine))
    assert not script.exists()
    pjm.folder.with_name("gone").rename(pjm.folder)


def test_whoever_reads_from_a_command_does_not_wait_for_the_daemon(pjm: Emulated) -> None:
    pjm.script(WAIT)
    read, write = os.pipe()
    # As a shell's `3>&1` does: the command has it, and whatever it starts might.
    process = subprocess.Popen(
        [str(pjm.folder / "bin" / "pjsub"), "job.sh"],
        cwd=str(pjm.work),
        env={**os.environ, **pjm.variables},
        stdout=subprocess.DEVNULL,
        pass_fds=[write],
    )
    os.close(write)
    process.wait()
    pjm.wait_for("48000001", "RUN")

    assert select.select([read], [], [], 0)[0]
    assert b"" == os.read(read, 1)
    os.close(read)


def test_the_journal_has_every_command(pjm: Emulated) -> None:
    job = pjm.submit("true", "-N", "日本語")
    pjm.command("pjstat", "r1")

    first, second = emulator.calls(pjm.folder)
    assert ("pjsub", ("-z", "jid", "-N", "日本語", "job.sh"), 0, (job,)) == (
        first.command,
        first.argv,
        first.exit,
        first.jobs,
    )
    assert ("pjstat", ("r1",), 1) == (second.command, second.argv, second.exit)
    assert first.time <= second.time
    assert second.seconds is not None
    assert second.seconds < PATIENCE


def test_the_emulators_folder_is_private(tmp_path: Path) -> None:
    environment(tmp_path / "new")
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o755)

    assert 0o700 == stat.S_IMODE((tmp_path / "new").stat().st_mode)
    with pytest.raises(BadInput, match="expected mode 700"):
        environment(open_folder)


def test_folders_with_blanks_and_quotes_and_modules_of_pythons_names_beside_the_script(tmp_path: Path) -> None:
    place = tmp_path / "it's a $(folder)"
    place.mkdir()
    variables = environment(place / "emulator")
    # Would break any Python that looks into its current folder.
    (place / "json.py").write_text("raise SystemExit(9)")
    (place / "job.sh").write_text("true")
    ended = subprocess.run(
        [str(place / "emulator" / "bin" / "pjsub"), "job.sh"],
        cwd=str(place),
        env={**os.environ, **variables, "PYTHONPATH": str(place)},
        stdout=subprocess.PIPE,
        check=True,
    )

    assert b"[INFO] PJM 0000" in ended.stdout
    assert emulator.stop(place / "emulator", PATIENCE)


@pytest.mark.parametrize("command", ["pjsub", "pjstat", "pjdel", "pjhold", "pjrls", "pjwait"])
def test_a_command_imports_little_and_so_starts_quickly(command: str) -> None:
    # `python -m benchmarks.plugin --only command` measures the time. Each of these takes as long as Python's start.
    slow = {"argparse", "asyncio", "email", "http", "logging", "pytest", "socket", "subprocess", "tempfile", "unittest"}
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from importlib import import_module\n"
        "for name in sys.argv[2:]: import_module(name)\n"
        "print(*sys.modules)"
    )
    root = str(Path(emulator.__file__).resolve().parents[2])
    modules = ("pjm.emulator.commands.entry", f"pjm.emulator.commands.{command}")
    imported = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, root, *modules], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.split()

    assert set() == slow & set(imported)
    assert modules[1] in imported
