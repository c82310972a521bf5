"""A host with PJM behind an ssh server of its own, and a stand-in for WHEEL that runs projects there as WHEEL does.

Its commands, patterns and states are those of RIKEN-RCCS/OPEN-WHEEL 274786a6: core/executer.js, deliverFile.js,
transferrer.js, jobManager.js and the profile "Fugaku" in db/jobScheduler.json.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

import pytest

from tests.builders.emulated import Emulated
from tests.builders.processes import PATIENCE, until
from tests.builders.wheel_format import read

SSHD = shutil.which("sshd") or shutil.which("/usr/sbin/sshd")
NEEDED = pytest.mark.skipif(
    not (SSHD and shutil.which("ssh") and shutil.which("rsync")), reason="no sshd, ssh or rsync: WHEEL needs them"
)
SUBMITTED = re.compile(r"pjsub Job (\d+_*\d*) submitted.")
STATES = "ACC|HLD|QUE|RNA|RNE|RNO|RNP|RSM|RUN|SPD|SPP"
# WHEEL's are 60 seconds.
POLL = 0.2


@dataclass(frozen=True)
class Host:
    """The ssh server.

    Args:
        folder: keys and settings.
        port: on loopback.
    """

    folder: Path
    port: int

    @property
    def ssh(self) -> List[str]:
        return ["ssh", "-F", str(self.folder / "ssh_config"), "-p", str(self.port)]

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return _run([*self.ssh, "127.0.0.1", command])

    def copy(self, source: str, target: str) -> int:
        """As WHEEL calls rsync; the exit code."""
        words = ["rsync", "-avv", "--copy-unsafe-links", "-e", shlex.join(self.ssh), source, target]
        return _run(words).returncode

    def at(self, path: Path, name: str = "") -> str:
        return f"127.0.0.1:{path}/{name}"


def _run(words: List[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextlib.contextmanager
def serving(folder: Path, **environment: str) -> Iterator[Host]:
    """An ssh server on loopback with its own keys and settings, for this user alone.

    Args:
        folder: for its files.
        environment: variables that its sessions have, as those of a user's shell.
    """
    assert SSHD is not None
    folder.mkdir(mode=0o700)
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)  # noqa: S607
    if os.getuid() == 0:
        # The server of root wants this folder, which the system makes when it starts one.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = "".join(f"SetEnv {name}={value}\n" for name, value in environment.items())
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\nStrictModes no\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/user_key.pub\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
        f"AllowUsers {getpass.getuser()}\n{variables}",
        encoding="utf-8",
    )
    (folder / "ssh_config").write_text(
        f"Host *\nIdentityFile {folder}/user_key\nIdentitiesOnly yes\nBatchMode yes\nStrictHostKeyChecking no\n"
        f"UserKnownHostsFile {folder}/known\nLogLevel ERROR\nControlMaster auto\nControlPath {folder}/c\n"
        "ControlPersist 20\n",
        encoding="utf-8",
    )
    log = (folder / "log").open("wb")
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log)
    host = Host(folder, port)
    try:
        until(lambda: host.run("true").returncode == 0 or server.poll() is not None)
        assert server.poll() is None, (folder / "log").read_text(encoding="utf-8")
        yield host
    finally:
        _run([*host.ssh, "-O", "exit", "127.0.0.1"])
        server.terminate()
        server.wait(PATIENCE)
        log.close()


@dataclass
class Wheel:
    """Runs one project as WHEEL does, with the hosts' polls nearer together.

    Args:
        project: its folder here.
        host: where its jobs run.
        pjm: the emulator there.
        home: the folder there in which WHEEL makes one for each run.
        states: of each component, what WHEEL shows.
        codes: of each component that ended, PJM's EC and PC.
    """

    project: Path
    host: Host
    pjm: Emulated
    home: Path
    states: Dict[str, str] = field(default_factory=dict)
    codes: Dict[str, str] = field(default_factory=dict)
    remote: Path = Path()

    def run(self) -> str:
        """Run the project to its end; the state that WHEEL shows: finished, stopped, or running for ever."""
        self.remote = self.home / f"run-{len(list(self.home.glob('*')))}"
        paths = read(self.project / "prj.wheel.json")["componentPath"]
        tasks = {key: read(self.project / path / "cmp.wheel.json") for key, path in paths.items() if path != "./"}
        self.states = {task["name"]: "not-started" for task in tasks.values()}
        while True:
            ready = [task for task in tasks.values() if self._ready(task, tasks)]
            if not ready:
                break
            for task in ready:
                self._run(task, tasks)
        found = set(self.states.values())
        state = "finished" if found == {"finished"} else "running" if found & {"running", "stage-out"} else "stopped"
        self._keep(self.project / "prj.wheel.json", state)
        return state

    def _ready(self, task: Dict[str, Any], tasks: Dict[str, Dict[str, Any]]) -> bool:
        sources = [tasks[link["srcNode"]]["name"] for file in task["inputFiles"] for link in file["src"]]
        waits = any(self.states[name] != "finished" for name in sources)
        return self.states[task["name"]] == "not-started" and not waits

    def _run(self, task: Dict[str, Any], tasks: Dict[str, Dict[str, Any]]) -> None:
        name = task["name"]
        here, there = self.project / name, self.remote / name
        for file in task["inputFiles"]:
            for link in file["src"]:
                self._link(self.remote / tasks[link["srcNode"]]["name"] / link["srcName"], there, file["name"])
        (here / task["script"]).chmod(0o755)
        assert 0 == self.host.run(f"mkdir -p {self.remote}").returncode
        assert 0 == self.host.copy(str(here), self.host.at(self.remote))
        said = self._on_host(f"cd {there} && pjsub ./{task['script']}")
        submitted = SUBMITTED.search(said)
        assert submitted is not None, said
        state = self._wait(name, submitted[1])
        if state == "finished" and any(
            self.host.copy(self.host.at(there, each), f"{here}/") for each in task["include"]
        ):
            # rsync found no such file: the promise that WHEEL waits for never comes to an end.
            state = "stage-out"
        self.states[name] = state
        self._keep(here / "cmp.wheel.json", state)

    def _link(self, source: Path, folder: Path, name: str) -> None:
        if name.endswith("/"):
            folder, name = folder / name, "./"
        loop = f"mkdir -p {folder} 2>/dev/null; (cd {folder} && for i in {source}; do ln -sf ${{i}} {name} ;done)"
        assert 0 == self.host.run(f"bash -O failglob -c '{loop}'").returncode

    def _wait(self, name: str, job: str) -> str:
        empty = 0
        while True:
            said = self._on_host(f"pjstat -v --choose jid,st {job}")
            empty += not said.strip()
            if not re.search(rf"{job} *(?:{STATES})", said) and (said.strip() or empty > 2):
                break
            time.sleep(POLL)
        said = self._on_host(f"pjstat -v -H day=3 --choose jid,st,ec,pc {job}")
        ended = re.search(rf"{job} *(?:CCL|ERR|EXT|RJT) *(\d+) *(\d+)", said)
        if ended is None:
            return "running"
        self.codes[name] = f"EC {ended[1]} PC {ended[2]}"
        return "finished" if ended[1] == "0" else "failed"

    def _on_host(self, command: str) -> str:
        path = self.pjm.folder / "bin"
        return self.host.run(f". /etc/profile; export PATH={path}:$PATH; {command}").stdout

    def _keep(self, file: Path, state: str) -> None:
        file.write_text(json.dumps({**read(file), "state": state}, indent=4), encoding="utf-8")

    def said(self, name: str) -> str:
        """What a component's job wrote to its standard error, which WHEEL leaves on the host."""
        files = sorted((self.remote / name).glob("*.err"))
        return files[-1].read_text(encoding="utf-8") if files else ""

    def there(self, name: str) -> Optional[List[str]]:
        """The files of a component on the host; None if WHEEL has not come so far."""
        folder = self.remote / name
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else None
