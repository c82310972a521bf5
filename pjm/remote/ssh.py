"""Runs commands on another machine with the system's ssh, and tells its answer from a line that was cut."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shlex
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, FrozenSet, Optional, Sequence, Tuple

from pjm.batch.host import Answer, HungError, NotStartedError, outputs
from pjm.batch.roots import Roots
from pjm.files import writable_by_others

# Nothing may ask, and nothing of the user's configuration that is meant for a terminal may disturb.
_ALWAYS = (
    *("-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "-o", "ClearAllForwardings=yes"),
    *("-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3", "-o", "RemoteCommand=none"),
)
# Any shell understands this one. The line is not an argument, so that no login shell can change it.
_START = "exec /bin/sh -c 'IFS= read -r line; exec /bin/sh -c \"$line\"'"
_NOTED = (  # the command; the files
    "rm -f {1}.*; date +%s >{1} && {{ {0} >{1}.out 2>{1}.err; echo $? >{1}.code; "
    "cat {1}.out; cat {1}.err >&2; exit $(cat {1}.code); }}"
)
_LONGEST = 120_000  # bytes of a line; an argument may have 128 KiB
_LONGEST_PLACE = 30  # characters; the name of a socket has 104 bytes at most
SUBMITTING = "submitting"  # beside the scripts, there: when a submission was begun; with ".code" when it has ended


class CutError(HungError):
    """The other machine gave no whole answer: it is unknown whether the command has run."""


@dataclass(frozen=True)
class Ssh:
    """The system's ssh, with the user's own configuration.

    Attributes:
        host: [USER@]HOST.
        options: for every call.
    """

    host: str
    options: Tuple[str, ...] = ()

    def run(
        self, script: str, timeout: float, data: Optional[IO[bytes]] = None, keep_open: Sequence[int] = ()
    ) -> Tuple[int, bytes, bytes]:
        """Run a line of shell there.

        Marks before and after keep what the shells there print on their own apart from what the script prints, and
        show whether it has run to its end.

        Args:
            script: for a POSIX shell, without a newline.
            timeout: seconds.
            data: its standard input, from the position of the file.
            keep_open: open files of ours that stay open as long as ssh runs.

        Returns:
            Exit code, standard output and standard error of the script.

        Raises:
            NotStartedError: there is no ssh here, or the script cannot be sent.
            CutError: there is no whole answer.
        """
        mark = secrets.token_hex(8)
        begin, end = f"printf '\\n%s\\n' {mark}", f"printf '\\n%s %s\\n' {mark} $1"
        line = os.fsencode(f"{begin}; {begin} >&2; ({script}); set -- $?; {end}; {end} >&2")
        if b"\n" in line or len(line) > _LONGEST:
            raise NotStartedError("a path with a newline, or too long a command, cannot be sent by ssh", missing=False)
        with tempfile.TemporaryFile() as stdin:
            stdin.write(line + b"\n")
            if data is not None:
                shutil.copyfileobj(data, stdin)
            stdin.flush()
            stdin.seek(0)
            command = [*self.command(), "--", self.host, _START]
            if keep_open:  # ssh closes what it inherits
                command = ["/bin/sh", "-c", '"$@"; exit $?', "sh", *command]
            code, out, err = outputs(command, timeout, stdin, pass_fds=keep_open)
        return _between(mark.encode(), code, out, err, self.host)

    def command(self) -> Tuple[str, ...]:
        """The command that connects, without host.

        Raises:
            NotStartedError: there is no ssh here.
        """
        ssh = shutil.which("ssh")
        if ssh is None:
            raise NotStartedError("there is no ssh on PATH", missing=True)
        return (ssh, *_ALWAYS, *self.options)


def _between(mark: bytes, code: int, out: bytes, err: bytes, host: str) -> Tuple[int, bytes, bytes]:
    """The answer between the marks. Outside of them, login shells and what the site puts around them may print."""
    whole = re.compile(rb"\n%b\n(.*)\n%b (\d+)\n" % (mark, mark), re.DOTALL)
    answer, errors = whole.search(out), whole.search(err)
    if answer and errors:
        return int(answer[2]), answer[1], errors[1]
    said = [line.strip(" @") for line in (err or out).decode(errors="replace").splitlines()]
    text = "; ".join([line for line in said if line][-12:])[-1000:]
    raise CutError(f"{host} did not answer (ssh's exit code {code}): {text or 'it said nothing'}")


def connection(host: str) -> Ssh:
    """The connection to a machine: with a master connection of ours, unless the user's configuration has one.

    The first call opens it, and it ends by itself some minutes after the last.
    """
    plain = Ssh(host)
    with contextlib.suppress(NotStartedError, HungError):
        _, out, _ = outputs([*plain.command(), "-G", host], 20.0)
        lines = [line.split(b" ", 1) for line in out.splitlines()]
        has_one = any(words[0] == b"controlpath" and words[1:] != [b"none"] for words in lines)
        folder = None if has_one else _private_folder()
        if folder is not None:
            ours = ("ControlMaster=auto", f"ControlPath={folder}/%C", "ControlPersist=10m")
            return Ssh(host, tuple(word for option in ours for word in ("-o", option)))
    return plain


def _private_folder() -> Optional[Path]:
    """A folder for sockets with a short name, which only we may use; None if there is none."""
    place = tempfile.gettempdir()
    if len(place) > _LONGEST_PLACE or " " in place:
        place = "/tmp"  # noqa: S108 - on a Mac; only a folder of ours in it is used
    folder = Path(place) / f"pjm-ssh-{os.getuid()}"
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        mine = folder.lstat().st_uid == os.getuid() and folder.is_dir() and not folder.is_symlink()
        if mine and not writable_by_others(folder):
            return folder
    return None


@dataclass(frozen=True)
class SshHost:
    """A `pjm.batch.host.Host`: the machine behind ssh.

    Attributes:
        ssh: the connection.
        roots: where our folders are there.
        prelude: a line of shell before every command, which sets variables.
        known: commands that are there.
    """

    ssh: Ssh
    roots: Roots
    prelude: str = ""
    known: FrozenSet[str] = frozenset()

    def has(self, name: str) -> bool:
        """See `Host.has`."""
        return name in self.known

    def run(
        self, command: Sequence[str], timeout: float, folder: Optional[Path] = None, keep_open: Sequence[int] = ()
    ) -> Answer:
        """See `Host.run`. A command with `keep_open` notes in the folder that it has begun, and that it has ended."""
        words = " ".join(map(shlex.quote, command))
        script = f"{words} </dev/null"
        if keep_open:
            script = _NOTED.format(script, SUBMITTING)
        if folder is not None:
            script = f"cd -- {shlex.quote(self.roots.there(folder))} && {{ {script}; }}"
        code, out, err = self.ssh.run(self.prelude + script, timeout, keep_open=keep_open)
        if code == 127 and not keep_open:  # a program that submits may end so after it has submitted
            raise NotStartedError(f"there is no {command[0]} on PATH of {self.ssh.host}", missing=True)
        return Answer(code, out.decode(errors="replace"), err.decode(errors="replace"))
