"""Starts and stops an sshd on loopback that stands for a login node, with its own keys, port and configuration.

As root, it runs in a mount namespace of its own, in which the folder of the "laptop" is hidden and there is an ordinary
user, who logs in. Otherwise the user is the one of the tests, and nothing is hidden.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

HOST = "login"
_SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
_NAMESPACE = """
set -e
mount --make-rprivate /
mount --bind {folder}/passwd /etc/passwd
{shown}
mount -t tmpfs -o mode=755 none {laptop}
mkdir -p /run/sshd
exec {sshd} -D -e -f {folder}/sshd_config
"""
_ROOT = Path(__file__).resolve().parents[2]


def missing() -> Optional[str]:
    """Why no login node can be started here; None if it can."""
    if _SSHD is None or shutil.which("ssh") is None:
        return "there is no sshd and ssh: apt-get install openssh-server"
    return None


@dataclass
class LoginNode:
    """A login node.

    Attributes:
        folder: everything of it is here.
        user: who logs in.
        uid: their number.
        shell: their login shell.
        variables: of the commands that are run there, such as PATH.
    """

    folder: Path
    shell: str = "/bin/bash"
    variables: str = ""
    user: str = ""
    uid: int = -1
    _port: int = 0
    _sshd: Optional[subprocess.Popen[bytes]] = field(default=None, repr=False)

    @property
    def laptop(self) -> Path:
        """The folder for what the node must not see."""
        return self.folder / "laptop"

    @property
    def home(self) -> Path:
        """The home folder of the user."""
        return self.folder / "home"

    @property
    def commands(self) -> Path:
        """The folder with the `ssh` that knows the node, for PATH."""
        return self.folder / "bin"

    @property
    def process(self) -> int:
        """The sshd that listens."""
        assert self._sshd is not None
        return self._sshd.pid

    def make(self) -> None:
        """Write keys and configurations."""
        for each in (self.folder, self.laptop, self.commands):
            each.mkdir(exist_ok=True)
            each.chmod(0o755)
        self.home.mkdir(mode=0o700)
        self.user, self.uid = pwd.getpwuid(os.getuid()).pw_name, os.getuid()
        if self.uid == 0:
            self.uid = 40_000 + os.getpid() % 20_000  # other processes have others
            self.user = f"u{self.uid}"
            os.chown(str(self.home), self.uid, self.uid)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        keygen = str(shutil.which("ssh-keygen"))
        for name in ("host_key", "user_key"):
            subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)], check=True)
        (self.folder / "authorized_keys").write_text((self.folder / "user_key.pub").read_text())
        self.trust((self.folder / "host_key.pub").read_text())
        (self.folder / "sshd_config").write_text(
            f"Port {self._port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/host_key\nPidFile none\n"
            f"AuthorizedKeysFile {self.folder}/authorized_keys\nUsePAM no\nStrictModes no\nPasswordAuthentication no\n"
            f"KbdInteractiveAuthentication no\nMaxStartups 100\nMaxSessions 100\nPermitRootLogin prohibit-password\n"
            + (f"SetEnv {self.variables}\n" if self.variables else "")
        )
        (self.folder / "ssh_config").write_text(
            f"Host {HOST}\nHostName 127.0.0.1\nPort {self._port}\nUser {self.user}\n"
            f"IdentityFile {self.folder}/user_key\nIdentitiesOnly yes\nUserKnownHostsFile {self.folder}/known_hosts\n"
            "GlobalKnownHostsFile /dev/null\n"
        )
        entry = f"{self.user}:x:{self.uid}:{self.uid}::{self.home}:{self.shell}\n"
        others = [
            line for line in Path("/etc/passwd").read_text().splitlines(True) if line.split(":")[2] != str(self.uid)
        ]
        (self.folder / "passwd").write_text("".join([*others, entry]))
        ssh = self.commands / "ssh"
        ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F "{self.folder}/ssh_config" "$@"\n')
        ssh.chmod(0o755)

    @property
    def prefix(self) -> Tuple[str, ...]:
        """What a command is run by that must not see the laptop either."""
        return () if os.getuid() or self._sshd is None else ("nsenter", f"--mount=/proc/{self._sshd.pid}/ns/mnt")

    def trust(self, key: str) -> None:
        """Have the laptop know this public key as that of the node."""
        kind, text = key.split()[:2]
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self._port} {kind} {text}\n")

    def start(self) -> None:
        """Start sshd, and wait until it answers."""
        command: List[str] = [str(_SSHD), "-D", "-e", "-f", f"{self.folder}/sshd_config"]
        if os.getuid() == 0:
            shown = _shown(self.folder / "shown")
            script = _NAMESPACE.format(folder=self.folder, laptop=self.laptop, sshd=_SSHD, shown=shown)
            command = ["unshare", "--mount", "sh", "-c", script]
        log = (self.folder / "sshd.log").open("ab")
        with log:
            self._sshd = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return
            assert self._sshd.poll() is None, (self.folder / "sshd.log").read_text()
            time.sleep(0.05)
        raise AssertionError((self.folder / "sshd.log").read_text())

    def stop(self) -> None:
        """End sshd and cut all lines. What was started by commands goes on."""
        self.cut()
        if self._sshd is not None:
            self._sshd.kill()
            self._sshd.wait()
            self._sshd = None

    def cut(self, how: int = signal.SIGKILL) -> int:
        """Cut all lines: kill, or stop, the processes of sshd that have one. Return how many there were."""
        lines = _children(self._sshd.pid) if self._sshd is not None else []
        for line in lines:
            for each in [*_children(line), line]:
                if b"sshd" in _name(each):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(each, how)
        return len(lines)

    def end(self) -> None:
        """End sshd, and every process of the user if that is one of ours alone."""
        self.stop()
        if self.uid != os.getuid():
            for process in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    if process.stat().st_uid == self.uid:
                        os.kill(int(process.name), signal.SIGKILL)
            shutil.rmtree(f"{tempfile.gettempdir()}/pytest-of-{self.user}", ignore_errors=True)

    def as_root(self, *words: str) -> None:
        """Run a command of root where sshd is, such as mount."""
        command = [str(shutil.which("nsenter")), f"--mount=/proc/{self.process}/ns/mnt", *words]
        subprocess.run(command, check=True)

    def run(self, command: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a command there, as the tests' own hand, in a POSIX shell."""
        ssh = [str(self.commands / "ssh"), "-o", "BatchMode=yes", HOST, "exec /bin/sh"]
        return subprocess.run(
            ssh, input=command, capture_output=True, text=True, errors="replace", timeout=timeout, check=False
        )


@contextlib.contextmanager
def login_node(folder: Path, shell: str = "/bin/bash", variables: str = "") -> Iterator[LoginNode]:
    """A login node that answers."""
    node = LoginNode(folder, shell, variables)
    node.make()
    node.start()
    try:
        yield node
    finally:
        node.end()


def _shown(keep: Path) -> str:
    """Commands that show the tests' Python to other users, where it is in somebody's private folder, such as /root."""
    binds, hides, shows = [], {}, []
    for number, place in enumerate(dict.fromkeys(map(Path, (sys.base_prefix, sys.prefix, str(_ROOT))))):
        private = next((each for each in reversed(place.parents) if not each.stat().st_mode & 0o001), None)
        if private is not None:
            binds.append(f"mkdir -p {keep}/{number}; mount --bind {place} {keep}/{number}")
            hides[private] = f"mount -t tmpfs -o mode=755 none {private}"
            shows.append(f"mkdir -p {place}; mount --bind {keep}/{number} {place}")
    return "\n".join([*binds, *hides.values(), *shows])


def _children(process: int) -> List[int]:
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return []


def _name(process: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/comm").read_bytes()
    return b""
