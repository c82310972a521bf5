"""The Slurm that tests start leaves no process behind, listens on loopback only, and needs no root."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterator, List, Set

import pytest

from tests.builders.processes import alive, until
from tests.slurm.machine import Machine, clean, missing, slurm

ROOT = Path(__file__).resolve().parents[3]
ONE = Machine(nodes=1)
pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

# Starts one, says so, and waits to be killed.
HOLDER = """
import sys, time
from pathlib import Path
from tests.slurm.machine import Machine, slurm
with slurm(Path(sys.argv[1]), Machine(nodes=1)) as running:
    running.run("sbatch", "--output=/dev/null", "--wrap", "exec sleep 987")
    print(running.guard.pid, flush=True)
    time.sleep(600)
"""


def of(folder: Path) -> Set[int]:
    """The processes that have a Slurm's folder in their command line or environment: daemons, jobs and the guard."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in text and int(entry.name) != os.getpid():
            found.add(int(entry.name))
    return found


def listening(processes: Set[int]) -> List[str]:
    """The addresses on which processes listen, as /proc/net/tcp writes them: 0100007F is 127.0.0.1."""
    held = set()
    for process in processes:
        for handle in Path(f"/proc/{process}/fd").glob("*"):
            target = os.readlink(str(handle)) if handle.is_symlink() else ""
            held.add(target[len("socket:[") : -1] if target.startswith("socket:[") else "")
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return [row[1].partition(":")[0] for row in rows if row[3] == "0A" and row[9] in held]


def test_everything_of_it_is_on_loopback_and_ends_with_it(tmp_path: Path) -> None:
    with slurm(tmp_path, ONE) as running:
        running.run("sbatch", "--output=/dev/null", "--wrap", "exec sleep 986")
        until(lambda: any(b"986" in Path(f"/proc/{each}/cmdline").read_bytes() for each in of(tmp_path) if alive(each)))
        begun = of(tmp_path)

        assert {"0100007F"} == set(listening(begun))

    assert [] == [process for process in begun if alive(process)]
    assert [] == [process for process in of(tmp_path) if alive(process)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_of_it_outlives_the_process_that_wanted_it(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "slurm")]
    with subprocess.Popen(command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip().isdigit()
        holder.send_signal(number)

    until(lambda: not any(map(alive, of(tmp_path / "slurm"))))


def test_what_outlives_a_killed_guard_is_ended_by_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "slurm"
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as holder:
        assert holder.stdout is not None
        guard = int(holder.stdout.readline())
        os.kill(guard, signal.SIGKILL)
        holder.kill()
    left = {process for process in of(folder) if alive(process)}

    with slurm(folder, ONE):
        assert [] == [process for process in left if alive(process)]

    assert len(left) > 2  # or there was nothing to end
    assert [] == clean(folder)


@pytest.fixture
def other_users_folder() -> Iterator[Path]:
    """A folder of nobody's; that of pytest is closed to others."""
    with tempfile.TemporaryDirectory() as name:
        shutil.chown(name, "nobody", "nogroup")
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root can be another user")
def test_an_ordinary_user_can_have_one(other_users_folder: Path) -> None:
    nobody, folder = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"), other_users_folder

    with slurm(folder, ONE, prefix=nobody) as running:
        submit = [*nobody, str(running.commands / "sbatch"), "--wait", f"--output={folder}/out", "--wrap", "id -un"]
        subprocess.run(submit, check=True, cwd=str(folder), stdout=subprocess.DEVNULL, timeout=120)

        assert "nobody\n" == (folder / "out").read_text()
        assert {0} != {Path(f"/proc/{process}").stat().st_uid for process in of(folder) if alive(process)}

    assert [] == [process for process in of(folder) if alive(process)]


def test_a_history_needs_root_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert "slurmdbd listens on every address" in str(missing(Machine(accounting="dbd")))


def test_what_is_not_installed_is_said_with_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None if name == "slurmd" else name)

    assert "no slurmd here, so nothing was tested with a real Slurm: apt-get install" in str(missing())


@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ("sinfo -h -o %P | grep -q small", 0)])
def test_a_command_runs_in_a_slurm_of_its_own(tmp_path: Path, command: str, code: int) -> None:
    run = [
        sys.executable,
        "-m",
        "tests.slurm",
        "run",
        "--folder",
        str(tmp_path),
        "--nodes",
        "1",
        "--",
        "sh",
        "-c",
        command,
    ]

    assert code == subprocess.run(run, cwd=str(ROOT), stderr=subprocess.DEVNULL, check=False, timeout=120).returncode
