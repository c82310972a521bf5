"""Starts and stops a Slurm: munged, slurmctld and slurmd on loopback, with all files in one folder.

A guard process starts the daemons as its children and waits for its standard input to close, which happens also when
the process that wanted a Slurm is killed. Then it ends every process that descends from it; jobs are among them, since
the guard adopts orphans. What outlives a killed guard is ended by the next start in the same folder.

This file imports nothing of the project, so that other users can run a copy of it.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import getpass
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Sequence

PATIENCE = 120.0  # seconds, of a machine that others use too
PACKAGES = "apt-get install --no-install-recommends slurm-wlm munge"
CLIENTS = ("sbatch", "squeue", "sacct", "scancel", "scontrol", "sinfo", "sacctmgr")
_DAEMONS = ("munged", "slurmctld", "slurmd")
_DATABASE = ("slurmdbd", "mariadbd", "mariadb-install-db")
_CGROUPS = Path("/sys/fs/cgroup/memory")
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER in <linux/prctl.h>
_SIOCSIFFLAGS, _SIOCSIFADDR, _UP_AND_RUNNING = 0x8914, 0x8916, 0x41  # <linux/sockios.h>, <linux/if.h>


@dataclass(frozen=True)
class Machine:
    """How the Slurm is configured.

    Attributes:
        nodes: number of nodes, named n1, n2 and so on; all are this machine.
        slots: processors that each node claims to have.
        min_job_age: seconds for which Slurm remembers a job that has ended.
        accounting: none, or dbd: a database, for sacct. slurmdbd listens on every address of the machine whatever it
            is told, so all of this Slurm then runs in a network namespace of its own, for which it has to be root.
        cgroup: whether a job that uses more memory than it asked for is killed by the kernel, as sites have it.
    """

    nodes: int = 2
    slots: int = 16
    min_job_age: int = 300
    accounting: str = "none"
    cgroup: bool = False


def missing(machine: Optional[Machine] = None) -> Optional[str]:
    """Why no Slurm can be started here; None if it can."""
    dbd = machine is not None and machine.accounting == "dbd"
    if dbd and os.geteuid() != 0:
        return "Slurm's accounting needs root: slurmdbd listens on every address, so it gets a network of its own"
    if machine is not None and machine.cgroup and not (os.geteuid() == 0 and os.access(str(_CGROUPS), os.W_OK)):
        return f"Slurm limits the memory of jobs only for root, where {_CGROUPS} can be written (cgroups of version 1)"
    for name in (*_DAEMONS, *CLIENTS, *(_DATABASE if dbd else ())):
        if _executable(name) is None:
            more = " slurmdbd mariadb-server" if dbd else ""
            return f"no {name} here, so nothing was tested with a real Slurm: {PACKAGES}{more}"
    return None


def _executable(name: str) -> Optional[str]:
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


@dataclass(frozen=True)
class Running:
    """A Slurm that runs.

    Attributes:
        folder: has its files.
        guard: the process that ends when we do.
    """

    folder: Path
    guard: subprocess.Popen[str]

    @property
    def commands(self) -> Path:
        """The folder of its commands, to be put first on PATH."""
        return self.folder / "bin"

    @property
    def environment(self) -> Dict[str, str]:
        """The environment variables of its clients."""
        return {"PATH": f"{self.commands}:{os.environ['PATH']}"}

    def pid(self, daemon: str) -> int:
        """The process of a daemon: "slurmctld", "slurmd-n1"."""
        return int((self.folder / "pid" / daemon).read_text())

    def kill(self, daemon: str) -> None:
        """Kill a daemon, as a crash of its machine would."""
        os.kill(self.pid(daemon), signal.SIGKILL)

    def start(self, daemon: str) -> None:
        """Start a daemon again. The guard does it, so that it is its child."""
        self._tell(f"start {daemon}")

    def _tell(self, line: str) -> None:
        assert self.guard.stdin is not None
        assert self.guard.stdout is not None
        self.guard.stdin.write(f"{line}\n")
        self.guard.stdin.flush()
        answer = self.guard.stdout.readline().strip()
        if answer != "ready":
            raise RuntimeError(f"Slurm in {self.folder} does not start: {answer or 'see its folder log'}")

    def run(self, *command: str) -> str:
        """The output of one of its commands."""
        environment = {**os.environ, **self.environment}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE
        ).stdout

    def wait(self) -> int:
        """Wait for the end of the guard."""
        return self.guard.wait()


@contextlib.contextmanager
def slurm(folder: Path, machine: Machine, prefix: Sequence[str] = ()) -> Iterator[Running]:
    """Start a Slurm, and end it with all its jobs.

    Args:
        folder: for its files; what an earlier, killed one has left there is ended first.
        machine: how it is configured.
        prefix: what the guard is run by, such as ("setpriv", "--reuid=nobody", …).
    """
    folder = folder.resolve()
    folder.mkdir(exist_ok=True, parents=True)
    clean(folder)
    network = ("unshare", "--net") if machine.accounting == "dbd" else ()
    script = folder / "machine.py" if prefix else Path(__file__)
    if prefix:
        shutil.copyfile(__file__, str(script))
    python = "/usr/bin/python3" if prefix else sys.executable
    command = [*prefix, *network, python, str(script), str(folder), json.dumps(asdict(machine))]
    guard = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True, cwd=str(folder)
    )
    running = Running(folder, guard)
    try:
        running._tell("begin")
        yield running
    finally:
        assert guard.stdin is not None
        assert guard.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            guard.stdin.close()
        guard.wait(PATIENCE)
        guard.stdout.close()


def clean(folder: Path) -> List[int]:
    """End what is left of a Slurm in a folder after its guard was killed: daemons by their pid files, then its jobs.

    Returns:
        The ids of the processes that were ended.
    """
    ours = f"SLURM_CONF={folder.resolve() / 'slurm.conf'}".encode()
    ended = []
    # Thrice: a process may start another while it is killed.
    for _ in range(3):
        listed = [int(file.read_text() or 0) for file in (folder / "pid").glob("*")]
        for process in (int(entry.name) for entry in Path("/proc").glob("[0-9]*")):
            in_job = ours in _read(process, "environ").split(b"\0")
            daemon = process in listed and os.fsencode(folder) in _read(process, "cmdline")
            if (in_job or daemon) and process != os.getpid():
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)
                    ended.append(process)
    _remove_groups(folder)
    return ended


def _remove_groups(folder: Path) -> None:
    """Remove the groups of processes that slurmd leaves empty."""
    for spool in folder.glob("spool-*"):
        for place, _, _ in os.walk(str(_CGROUPS / f"slurm_{spool.name[len('spool-') :]}"), topdown=False):
            with contextlib.suppress(OSError):  # a process of it is about to end
                Path(place).rmdir()


def _read(process: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{process}/{name}").read_bytes()
    except OSError:
        return b""


# The guard.


class Guard:
    """The daemons of one Slurm, as children of this process.

    Args:
        folder: for all files.
        machine: how it is configured.
    """

    def __init__(self, folder: Path, machine: Machine) -> None:
        self.folder = folder
        self.machine = machine
        own = f"-{os.getpid()}" if machine.cgroup else ""  # groups of processes are named after the node
        self.nodes = [f"n{number}{own}" for number in range(1, machine.nodes + 1)]
        self.ports = _free_ports(machine.nodes + 2)
        conf = str(folder / "slurm.conf")
        self.environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith(("SLURM_", "SBATCH_"))},
            "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin",
            "SLURM_CONF": conf,
            "MYSQL_UNIX_PORT": str(folder / "state" / "mysql"),
        }
        munge = [f"--{name}={folder / 'munge' / file}" for name, file in (("key-file", "key"), ("socket", "socket"))]
        munge += [f"--pid-file={folder / 'munge' / 'pid'}", f"--seed-file={folder / 'munge' / 'seed'}"]
        self.commands: Dict[str, Sequence[str]] = {
            "munged": ("munged", "--foreground", "--force", f"--log-file={folder / 'log' / 'munge'}", *munge),
            "slurmctld": ("slurmctld", "-D", "-f", conf),
            "slurmdbd": ("slurmdbd", "-D"),
            **{f"slurmd-{node}": ("slurmd", "-D", "-f", conf, "-N", node) for node in self.nodes},
        }

    def begin(self) -> None:
        """Start everything."""
        for name in ("state", "log", "pid", "bin", "munge", *(f"spool-{node}" for node in self.nodes)):
            (self.folder / name).mkdir(exist_ok=True)
        for name in ("slurm.conf", "slurmdbd.conf"):
            text = self._slurm_conf() if name == "slurm.conf" else self._slurmdbd_conf()
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o600 if name == "slurmdbd.conf" else 0o644)
        key = self.folder / "munge" / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        if self.machine.cgroup:
            limits = "ConstrainRAMSpace=yes\nAllowedRAMSpace=100\nConstrainSwapSpace=no\n"  # cgroup.conf(5)
            (self.folder / "cgroup.conf").write_text(f"CgroupPlugin=cgroup/v1\n{limits}")
        self._write_commands()
        self.start("munged")
        if self.machine.accounting == "dbd":
            self._start_database()
        self.start("slurmctld")
        for node in self.nodes:
            self.start(f"slurmd-{node}")
        self._until(
            "nodes", lambda: set(self._answer("sinfo", "-h", "-N", "-t", "idle", "-o", "%N")) == set(self.nodes)
        )

    def start(self, daemon: str) -> None:
        """Start a daemon, and wait until it answers."""
        command = self.commands[daemon]
        executable = _executable(command[0])
        assert executable is not None
        with (self.folder / "log" / daemon).open("ab") as log:
            process = subprocess.Popen(
                [executable, *command[1:]], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment
            )
        (self.folder / "pid" / daemon).write_text(str(process.pid))
        if daemon == "munged":
            self._until(daemon, (self.folder / "munge" / "socket").exists)
        elif daemon == "slurmctld":
            self._until(daemon, lambda: "UP" in " ".join(self._answer("scontrol", "ping")))

    def end(self) -> None:
        """End every descendant: first the jobs by Slurm itself, then what is left by signals."""
        with contextlib.suppress(subprocess.SubprocessError, OSError):
            self._answer("scancel", f"--user={getpass.getuser()}")
        deadline = time.monotonic() + 5
        number = signal.SIGTERM
        while _descendants(os.getpid()):
            for process in _descendants(os.getpid()):
                with contextlib.suppress(OSError):
                    os.kill(process, number)
            time.sleep(0.1)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            if time.monotonic() > deadline - 4:
                number = signal.SIGKILL
        _remove_groups(self.folder)

    def _start_database(self) -> None:
        data, socket_file = self.folder / "state" / "mariadb", self.environment["MYSQL_UNIX_PORT"]
        me = getpass.getuser()
        base = [f"--user={me}", f"--datadir={data}"]
        if not data.exists():
            install = ["mariadb-install-db", "--no-defaults", *base, "--auth-root-authentication-method=normal"]
            self._answer(*install, "--skip-test-db")
        # A test's database need not survive a loss of power.
        quick = ("--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-lock-wait-timeout=900")
        small = ("--innodb-buffer-pool-size=64M", "--innodb-log-file-size=48M")
        self.commands["mariadbd"] = (
            "mariadbd", "--no-defaults", *base, f"--socket={socket_file}", "--skip-networking", *quick, *small
        )  # fmt: skip
        client = ["mariadb", "--no-defaults", f"--socket={socket_file}", "-u", "root", "-e"]
        self.start("mariadbd")
        self._until("mariadbd", lambda: self._answer(*client, "select 1"))
        user = "create user if not exists slurm@localhost; grant all on slurm_acct_db.* to slurm@localhost;"
        self._answer(*client, f"create database if not exists slurm_acct_db; {user}")
        self.start("slurmdbd")
        self._until("slurmdbd", lambda: self._succeeds("sacctmgr", "-n", "show", "cluster"))
        self._answer("sacctmgr", "-i", "add", "cluster", "here")

    def _answer(self, *command: str) -> List[str]:
        """The words that a command prints; none if it fails."""
        done = self._run(command)
        return done.stdout.split() if done.returncode == 0 else []

    def _succeeds(self, *command: str) -> bool:
        return self._run(command).returncode == 0

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        with (self.folder / "log" / "commands").open("a") as log:
            return subprocess.run(
                command, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True, check=False, timeout=60
            )

    def _until(self, what: str, there: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not there():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what} did not come; see {self.folder / 'log'}")
            time.sleep(0.05)

    def _write_commands(self) -> None:
        """Write a script for each command, with which it finds this Slurm, also in another network."""
        network = f"nsenter --net=/proc/{os.getpid()}/ns/net " if self.machine.accounting == "dbd" else ""
        for name in CLIENTS:
            script = self.folder / "bin" / name
            conf = self.environment["SLURM_CONF"]
            script.write_text(f"#!/bin/sh\nexport SLURM_CONF='{conf}'\nexec {network}{_executable(name)} \"$@\"\n")
            script.chmod(0o755)

    def _slurm_conf(self) -> str:
        """The configuration; slurm.conf(5). Without the first CommunicationParameters, it listens on all addresses."""
        folder, host, me, machine = self.folder, socket.gethostname().partition(".")[0], getpass.getuser(), self.machine
        values = {
            "ClusterName": "here",
            "SlurmctldHost": f"{host}(127.0.0.1)",
            "SlurmctldPort": self.ports[0],
            "CommunicationParameters": "NoCtldInAddrAny,NoInAddrAny",
            "SlurmUser": me,
            "SlurmdUser": me,
            "AuthType": "auth/munge",
            "AuthInfo": f"socket={folder / 'munge' / 'socket'}",
            "CredType": "cred/munge",
            "StateSaveLocation": folder / "state",
            "SlurmdSpoolDir": folder / "spool-%n",
            "SlurmctldPidFile": folder / "state" / "slurmctld.pid",
            "SlurmdPidFile": folder / "state" / "slurmd-%n.pid",
            "ProctrackType": "proctrack/linuxproc",
            "TaskPlugin": "task/cgroup" if machine.cgroup else "task/none",
            "JobAcctGatherType": "jobacct_gather/linux",
            "JobAcctGatherFrequency": "task=1",
            "SelectType": "select/cons_tres",
            "SelectTypeParameters": "CR_Core_Memory",
            "DefMemPerCPU": 128,
            "SchedulerType": "sched/backfill",
            "SchedulerParameters": "sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0,"
            "default_queue_depth=1000",
            "PriorityType": "priority/basic",
            "SlurmdParameters": "config_overrides",
            "ReturnToService": 2,
            "MpiDefault": "none",
            "SwitchType": "switch/none",
            "MinJobAge": machine.min_job_age,
            "KillWait": 2,
            "UnkillableStepTimeout": 15,
            "SlurmdTimeout": 5,
            "SlurmctldTimeout": 10,
            "InactiveLimit": 0,
            "PreemptType": "preempt/partition_prio",
            "PreemptMode": "REQUEUE",
            "AccountingStorageType": "accounting_storage/none",
        }
        if machine.accounting == "dbd":
            values["AccountingStorageType"] = "accounting_storage/slurmdbd"
            values["AccountingStorageHost"] = "127.0.0.1"
            values["AccountingStoragePort"] = self.ports[1]
            values["AccountingStoragePass"] = folder / "munge" / "socket"
        lines = [f"{name}={value}" for name, value in values.items()]
        for node, port in zip(self.nodes, self.ports[2:]):
            claims = f"CPUs={machine.slots} RealMemory=4096 State=UNKNOWN"
            lines.append(f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} {claims}")
        common = "Nodes=ALL DefaultTime=30:00 State=UP OverSubscribe=NO"
        lines.append(f"PartitionName=small {common} Default=YES MaxTime=1-00:00:00 PriorityTier=2 PreemptMode=OFF")
        lines.append(f"PartitionName=spot {common} MaxTime=4:00:00 PriorityTier=1 PreemptMode=REQUEUE")
        return "\n".join(lines) + "\n"

    def _slurmdbd_conf(self) -> str:
        values = {
            "AuthType": "auth/munge",
            "AuthInfo": f"socket={self.folder / 'munge' / 'socket'}",
            "DbdHost": socket.gethostname().partition(".")[0],
            "DbdAddr": "127.0.0.1",
            "DbdPort": self.ports[1],
            "SlurmUser": getpass.getuser(),
            "PidFile": self.folder / "state" / "slurmdbd.pid",
            "StorageType": "accounting_storage/mysql",
            "StorageHost": "localhost",
            "StorageUser": "slurm",
            "StorageLoc": "slurm_acct_db",
        }
        return "".join(f"{name}={value}\n" for name, value in values.items())


def _free_ports(count: int) -> List[int]:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in held]


def _descendants(parent: int) -> List[int]:
    children = [
        int(word) for task in Path(f"/proc/{parent}/task").glob("*/children") for word in task.read_text().split()
    ]
    return [each for child in children for each in (child, *_safe_descendants(child))]


def _safe_descendants(process: int) -> List[int]:
    try:
        return _descendants(process)
    except OSError:  # it has just ended
        return []


def _reap_orphans() -> None:
    """Take leave of the processes of jobs that have ended, which the guard has adopted."""
    while True:
        time.sleep(2)
        for process in _descendants(os.getpid()):
            if _read(process, "comm") == b"slurmstepd\n":
                with contextlib.suppress(OSError):
                    os.waitpid(process, os.WNOHANG)


def _raise_loopback() -> None:
    """Bring up the loopback of a new network, with a second address: with 127.0.0.1 alone, no address is resolved."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _UP_AND_RUNNING))
        second = struct.pack("16sH2x4s8x", b"lo:1", socket.AF_INET, socket.inet_aton("192.0.2.1"))
        fcntl.ioctl(handle, _SIOCSIFADDR, second)


def serve(folder: Path, machine: Machine) -> None:
    """Be the guard: do what the lines on standard input say, and end everything when it closes."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    if machine.accounting == "dbd":
        _raise_loopback()
    guard = Guard(folder, machine)
    threading.Thread(target=_reap_orphans, daemon=True).start()
    try:
        for line in sys.stdin:
            word, _, daemon = line.strip().partition(" ")
            try:
                guard.start(daemon) if word == "start" else guard.begin()
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                print(str(error).replace("\n", " "), flush=True)
            else:
                print("ready", flush=True)
    finally:
        guard.end()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("machine", type=json.loads)
    arguments = parser.parse_args()
    serve(arguments.folder, Machine(**arguments.machine))
