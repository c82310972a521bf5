"""The machine behind ssh: looks at it before a session begins, and pushes the checkout into a folder of ours there."""

from __future__ import annotations

import getpass
import hashlib
import io
import json
import os
import posixpath
import re
import secrets
import shlex
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Dict, FrozenSet, Iterator, List, Mapping, Sequence, Tuple

import pjm
from pjm.batch.host import HungError, NotStartedError
from pjm.batch.roots import Roots
from pjm.errors import BadInput
from pjm.remote.archive import pack
from pjm.remote.checkout import Checkout, Fact
from pjm.remote.ssh import Ssh, SshHost, connection

_OURS = ".pjm"  # in the folder there: our marker, the sessions, the emulator and its code
_MARKER = f"{_OURS}/pushed.json"
_LONG = 3600.0  # seconds: for copies
_SHORT = 120.0
_SLOW = timedelta(seconds=30)  # an answer may take so long
_MAKE = (
    "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from pjm.emulator import environment; "
    "environment(Path(sys.argv[2]))"
)
_TOOLS = ("tar", "awk", "find", "head", "tail", "wc", "xargs")


@dataclass(frozen=True)
class Machine:
    """The machine on which the jobs are submitted.

    Attributes:
        ssh: the connection.
        folder: the folder there, absolute: the checkout is in it, and the sessions in ".pjm".
        roots: where the checkout and the sessions' folder are there.
        ahead: how far its local time is ahead of ours.
        skew: seconds by which its clock is ahead of ours, whatever the time zones.
        asked: the commands of batch systems that were looked for.
        has: those of them that are there.
        pushed: size and time of each file that was pushed before.
        emulates: whether its batch system is an emulator in the folder.
    """

    ssh: Ssh
    folder: str
    roots: Roots
    ahead: timedelta = timedelta()
    skew: float = 0.0
    asked: FrozenSet[str] = frozenset()
    has: FrozenSet[str] = frozenset()
    pushed: Mapping[str, Fact] = field(default_factory=dict)
    emulates: bool = False

    @property
    def host(self) -> SshHost:
        """Runs the batch system's commands."""
        prelude = f'export PATH={self._emulator}/bin:"$PATH" PJM_EMULATOR={self._emulator}; ' if self.emulates else ""
        return SshHost(self.ssh, self.roots, prelude, self.asked if self.emulates else self.has)

    @property
    def _emulator(self) -> str:
        return shlex.quote(f"{self.folder}/{_OURS}/emulator")

    def place(self, path: str, start: Path) -> str:
        """HOST:PATH of a path on the command line of jobs that start in a folder."""
        return f"{self.ssh.host}:{posixpath.join(self.roots.there(start), self.roots.word(path, start))}"

    def run(self, script: str, timeout: float = _SHORT) -> Tuple[int, str, str]:
        """Run a line of shell in the folder.

        Raises:
            BadInput: the machine does not answer.
        """
        with answering(self.ssh.host):
            code, out, err = self.ssh.run(f"cd -- {shlex.quote(self.folder)} && {script}", timeout)
        return code, out.decode(errors="replace"), err.decode(errors="replace")

    def require_python(self, python: Sequence[str], start: Path) -> None:
        """Check that what starts the interpreter of the jobs is there. It is not run: it may be for another processor.

        Raises:
            BadInput: it is not there.
        """
        where = shlex.quote(self.roots.there(start))
        code, _, _ = self.run(f"cd -- {where} 2>/dev/null; command -v {shlex.quote(python[0])}")
        if code:
            raise BadInput(
                f"fugaku_python is {' '.join(python)!r}",
                f"{self.ssh.host} has no {python[0]}",
                "name the Python of the compute nodes, with the project's packages: fugaku_python = COMMAND",
            )

    def push(self, checkout: Checkout) -> Tuple[int, int]:
        """Bring the folder there up to date: send what has changed since the last push, remove what is gone here.

        Returns:
            Number of files and bytes that were sent.

        Raises:
            BadInput: the files cannot be written there, or the machine does not answer.
        """
        changed = [name for name, fact in checkout.facts.items() if self.pushed.get(name) != fact]
        gone = [name for name in self.pushed if name not in checkout.facts]
        if not (changed or gone):
            return 0, 0
        replaced = [name for name in changed if any(each.startswith(f"{name}/") for each in gone)]
        members = [(checkout.folder / name, name) for name in changed]
        with tempfile.TemporaryFile() as archive:
            try:
                then = _pack_marked(archive, members, checkout.folder, checkout.facts)
            except OSError as error:
                raise BadInput(
                    f"the checkout cannot be pushed to {self.ssh.host}",
                    f"{error.strerror}: {error.filename}" if error.filename else str(error),
                    "make the file readable, or have git ignore it; if it was being written, try again",
                ) from error
            self._remove("-rf", replaced)  # first: after a push that was cut it may be a link already
            self._remove("-f", gone)
            with answering(self.ssh.host):
                self._unpack(archive, then)
        sizes = sum(checkout.facts[name][0] for name in changed)
        return len(changed), sizes

    def _remove(self, how: str, names: Sequence[str]) -> None:
        if not names:
            return
        listed = b"".join(os.fsencode(name) + b"\0" for name in names)
        file = f"{_OURS}/removed"
        script = (  # a list that was cut could name another file at its end
            f"cd -- {shlex.quote(self.folder)} && cat >{file} && [ $(wc -c <{file}) -eq {len(listed)} ] && "
            f"xargs -0 rm {how} -- <{file} && rm -f {file}"
        )
        with answering(self.ssh.host):
            code, _, err = self.ssh.run(script, _LONG, io.BytesIO(listed))
        if code:
            raise not_written(self, err)

    def _unpack(self, archive: IO[bytes], then: str) -> None:
        script = f"cd -- {shlex.quote(self.folder)} && umask 077 && tar -xof - && {then}"
        code, _, err = self.ssh.run(script, _LONG, archive)
        if code:
            raise not_written(self, err)

    def send(self, members: Sequence[Tuple[Path, str]], then: str = ":") -> None:
        """Copy files and folders into the folder there.

        A member is the path here and the name in the folder. ``then`` is what the shell does afterwards.

        Raises:
            NotStartedError, HungError: the machine gave no whole answer.
            BadInput: they cannot be written there.
        """
        with tempfile.TemporaryFile() as archive:
            pack(archive, members)
            archive.seek(0)
            self._unpack(archive, then)

    def make_emulator(self, python: Sequence[str], prologue: Sequence[str]) -> None:
        """Push the code of the emulator, and make one in the folder; `python` runs it there, after the prologue.

        Raises:
            BadInput: it cannot be started.
        """
        package = Path(pjm.__file__).resolve().parent
        code = f"{_OURS}/emulator-code"
        files = [path for path in package.rglob("*.py") if path.is_file()]
        with answering(self.ssh.host):
            self.send([(path, f"{code}/pjm/{path.relative_to(package).as_posix()}") for path in files])
        words = (*python, "-c", _MAKE, f"{self.folder}/{code}", f"{self.folder}/{_OURS}/emulator")
        lines = " ".join(map(shlex.quote, (*prologue, " ".join(map(shlex.quote, words)))))
        status, _, err = self.run(f"bash -c \"$(printf '%s\\n' {lines})\"")
        if status:
            raise BadInput(
                f"the emulator cannot be started on {self.ssh.host}",
                err.strip().splitlines()[-1] if err.strip() else f"{python[0]} ended with exit code {status}",
                "name a Python 3.8 or newer that runs there: fugaku_python = COMMAND",
            )


def connect(host: str, folder: str, top: Path, workdir: Path, commands: Sequence[str] = ()) -> Machine:
    """Look at a machine, and make our folder there if it does not exist.

    Args:
        host: [USER@]HOST.
        folder: the folder there; "~/" and relative names begin in the home folder.
        top: the folder of the checkout.
        workdir: the folder of all sessions here.
        commands: of batch systems, to be looked for.

    Raises:
        BadInput: the machine cannot be reached or used, or the folder is not ours.
    """
    if workdir == top or workdir in top.parents:
        raise BadInput(
            f"fugaku_workdir is {workdir}",
            "it holds the project, which is copied apart from the sessions",
            "name a folder for sessions alone, or leave it out: fugaku_workdir = .pjm",
        )
    ssh = connection(host)
    name = folder[2:] or "." if folder.startswith("~/") or folder == "~" else folder
    where = shlex.quote(name if name.startswith("/") else f"./{name}")
    look = (
        f"cd; lacks=; for tool in {' '.join(_TOOLS)}; do "
        'command -v $tool >/dev/null || { lacks=1; echo "lacks $tool"; }; done; '
        f'for tool in {" ".join(commands)}; do command -v $tool >/dev/null && echo "has $tool"; done; '
        'echo "time $(date "+%s %Y-%m-%d %H:%M:%S")"; echo "home $(pwd -P)"; '
        f'if [ ! "$lacks" ] && mkdir -p -m 700 -- {where} && cd -- {where}; then echo "folder $(pwd -P)"; '
        f"[ -f {_MARKER} ] || {{ rm -f {_MARKER}.*; rmdir {_OURS}; }} 2>/dev/null; "  # of a disk that was full
        f'echo "holds $(ls -A | head -n 1)"; [ ! -f {_MARKER} ] || {{ echo marker; cat {_MARKER}; }}; fi'
    )
    begun = datetime.now()
    with answering(host, connecting=True):
        _, out, err = ssh.run(look, _SHORT)
    said = _said(os.fsdecode(out))
    _check_usable(host, folder, said, os.fsdecode(err))
    there = said["folder"][0]
    _check_ours(host, there, said, top)
    sessions = posixpath.join(there, _OURS)
    files = _object(said["marker"][0]).get("files") if "marker" in said else None
    machine = Machine(
        ssh,
        there,
        Roots(((workdir, sessions), (top, there))),
        *_clock(said, begun),
        frozenset(commands),
        frozenset(said.get("has", ())),
        files if isinstance(files, dict) else {},
    )
    if "marker" not in said:
        with answering(host), tempfile.TemporaryFile() as archive:
            machine._unpack(archive, _pack_marked(archive, (), top, {}))
    return machine


def _pack_marked(archive: IO[bytes], members: Sequence[Tuple[Path, str]], top: Path, facts: Mapping[str, Fact]) -> str:
    """Write files of the checkout and our marker, which says what is there then, into an archive.

    Returns:
        What the shell does afterwards: it puts the marker in place.
    """
    new = f"{_MARKER}.{secrets.token_hex(4)}"  # another pytest may push at the same time
    with tempfile.TemporaryDirectory() as folder:
        marker = Path(folder) / "pushed"
        marker.write_text(json.dumps({"project": project(top), "files": facts}), encoding="ascii")
        pack(archive, [*members, (marker, new)])
    archive.seek(0)
    return f"mv -f {new} {_MARKER}"


def project(top: Path) -> str:
    """What a checkout is called in our marker: not its path, which nobody else has to know."""
    return hashlib.sha256(os.fsencode(f"{getpass.getuser()}:{top}")).hexdigest()[:16]


@contextmanager
def answering(host: str, connecting: bool = False) -> Iterator[None]:
    """Turn an answer that did not come into a message for the user.

    Raises:
        BadInput: there was no answer.
    """
    try:
        yield
    except NotStartedError as error:
        raise BadInput(
            f"fugaku_host is {host}",
            str(error),
            "install OpenSSH's client, or leave out fugaku_host" if error.missing else "rename the file or folder",
        ) from error
    except HungError as error:
        happened = f"{host} cannot be reached by ssh" if connecting else f"{host} does not answer any more"
        raise BadInput(happened, str(error), _advice(host, str(error))) from error


def _advice(host: str, said: str) -> str:
    """What to type when ssh fails. It says the same in every language."""
    word = shlex.quote(host)
    if "host key is known for" in said:
        ask = f"ssh -o StrictHostKeyChecking=ask {word} true"
        return f"compare its key with what the site says, and accept it yourself: {ask}"
    if "IDENTIFICATION HAS CHANGED" in said or "you have requested strict checking" in said:
        return f"only if the site has announced a new key, forget the old one: {_forget(host, said)}; ssh {word} true"
    if "Host key verification failed" in said:
        return f"compare its key with what the site says, and accept it yourself: ssh {word} true"
    if "Permission denied" in said or "Too many authentication failures" in said:
        return (
            f"load your key into the agent, or open a connection that is kept, with the second factor: "
            f"{' '.join(['ssh', *connection(host).options, word, 'true'])}"
        )
    if "Could not resolve hostname" in said:
        return "correct the name, or give it a Host entry in ~/.ssh/config"
    return f"see what it says: ssh {word} true"


def _forget(host: str, said: str) -> str:
    """The command that forgets the key of a host, by what ssh says: its file, and the name that the host has in it."""
    file = re.search(r"Offending \S+ key in (.+?):\d+(?:; |$)", said)
    name = re.search(r"host key for (\S+) has changed", said, re.IGNORECASE)
    where = ["-f", file[1]] if file else []
    known = name[1] if name else host.rpartition("@")[2]
    return " ".join(["ssh-keygen", *map(shlex.quote, where), "-R", shlex.quote(known)])


def remove(host: str, folder: str) -> str:
    """The command that removes a folder there."""
    return f"ssh {shlex.quote(host)} {shlex.quote(f'rm -r {shlex.quote(folder)}')}"


def not_written(machine: Machine, errors: bytes) -> BadInput:
    """The error for files that cannot be written there."""
    lines = [line for line in errors.decode(errors="replace").splitlines() if line.strip()]
    return BadInput(
        f"files cannot be written to {machine.folder} on {machine.ssh.host}",
        (lines or ["tar says nothing"])[0][:300],
        "look at the space and the quota there, or name another folder: fugaku_remote = FOLDER",
    )


def _said(out: str) -> Dict[str, List[str]]:
    """The lines of the look, by their first word."""
    said: Dict[str, List[str]] = {}
    lines = out.split("\n")
    for number, line in enumerate(lines):
        word, _, rest = line.partition(" ")
        said.setdefault(word, []).append(rest)
        if word == "marker":
            said["marker"] = ["\n".join(lines[number + 1 :])]
            break
    return said


def _check_usable(host: str, folder: str, said: Dict[str, List[str]], errors: str) -> None:
    if "home" not in said:
        raise BadInput(
            f"{host} cannot be used",
            f"its /bin/sh does not understand a POSIX script: {errors.strip()[:200]}",
            "use a login node with a POSIX shell",
        )
    if "lacks" in said:
        raise BadInput(
            f"{host} cannot be used",
            f"it has no {' and no '.join(said['lacks'])} on PATH, which copies files",
            "have it installed there, or set PATH in the file that your login shell reads",
        )
    if "folder" not in said:
        raise BadInput(
            f"fugaku_remote is {folder!r}",
            f"{host} cannot make this folder: {errors.strip()[-200:] or 'it does not say why'}",
            "name a folder that you can write to, on a file system that compute nodes see: fugaku_remote = FOLDER",
        )


def _check_ours(host: str, there: str, said: Dict[str, List[str]], top: Path) -> None:
    """Check that nothing but our own files can be changed there."""
    home = said["home"][0]
    if there == "/" or there == home or home.startswith(f"{there}/"):
        raise BadInput(
            f"fugaku_remote is {there} on {host}",
            "files that are gone here are removed there, and this folder holds more than one project",
            "name a folder of its own: fugaku_remote = FOLDER",
        )
    if "marker" in said:
        if _object(said["marker"][0]).get("project") != project(top):
            raise BadInput(
                f"fugaku_remote is {there} on {host}",
                "another project, or another checkout of this one, was pushed there",
                f"name another folder, or remove that one: {remove(host, there)}",
            )
    elif said["holds"][0]:
        raise BadInput(
            f"fugaku_remote is {there} on {host}",
            f"it holds {said['holds'][0]!r}, and was not made by pytest --fugaku",
            "name a folder that is empty or does not exist: fugaku_remote = FOLDER",
        )


def _clock(said: Dict[str, List[str]], begun: datetime) -> Tuple[timedelta, float]:
    """How far the local time and the clock there are ahead of ours; small differences are those of the answer."""
    try:
        seconds, _, local = said["time"][0].partition(" ")
        ahead, skew = datetime.strptime(local, "%Y-%m-%d %H:%M:%S") - begun, int(seconds) - begun.timestamp()
    except (KeyError, ValueError):
        return timedelta(), 0.0
    return (ahead if abs(ahead) > _SLOW else timedelta()), (skew if abs(skew) > _SLOW.total_seconds() else 0.0)


def _object(text: str) -> Dict[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
