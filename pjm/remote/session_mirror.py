"""The copy of a session on another machine: pushes the jobs' folders, pulls what the jobs write."""

from __future__ import annotations

import io
import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from pjm.batch.host import HungError, NotStartedError, command_lines
from pjm.batch.scheduler import LONGEST_SUBMISSION
from pjm.errors import BadInput
from pjm.job.assignment import EVENTS
from pjm.job.captured_output import STREAMS
from pjm.job.worker_plugin import LOG
from pjm.remote.archive import unpack
from pjm.remote.machine import Machine, answering
from pjm.remote.ssh import SUBMITTING
from pjm.sessions.session import JOBS, Session

_LONG, _SHORT = 600.0, 120.0  # seconds
_PATIENCE = 5  # pulls after which bytes of 0 among events are taken as they are
_NAME = rf"share-\d{{1,5}}(?:\.(?:out|err|stats)|/(?:{EVENTS}|{LOG}|captured\.(?:{'|'.join(STREAMS)})))"
# Only such names are written to: what comes from there is not trusted.
_RECORD = re.compile(rb"(\d{1,15}) (\d{1,15}) ([\w-]{1,100})/(%b)\n" % _NAME.encode(), re.ASCII)
# For each file that is longer or shorter than known, a line "from to name" and the bytes between. $known has lines of
# size and name. `find` gets the folders of the jobs.
_APPENDED = (
    "{ printf '%%s\\n\\n' \"$known\"; "
    "find %s -type f ! -path '*/ranks-*' \\( -name 'share-*.*' -o -name '*.jsonl' -o -name '*.log' \\) "
    "-exec wc -c {} + 2>/dev/null; } | awk '!NF { listed = 1; next } !listed { size[$2] = $1; next } "
    'NF == 2 && $2 ~ "/" { from = size[$2] + 0; if ($1 < from) from = 0; if ($1 > from) print from, $1, $2 }\' | '
    'while read -r from to name; do printf \'%%s %%s %%s\\n\' "$from" "$to" "$name"; '
    'tail -c "+$((from + 1))" "$name" | head -c "$((to - from))"; done'
)
# The same for files that were written anew, whole. The loop gets their names.
_REWRITTEN = (
    'for name in %s; do [ -s "$name" ] || continue; to=$(($(wc -c <"$name"))); '
    'printf \'0 %%s %%s\\n\' "$to" "$name"; head -c "$to" "$name"; done'
)


class GarbledError(Exception):
    """What was pulled is not what was asked for: a folder is not there, or a file has become shorter meanwhile."""


@dataclass
class SessionMirror:
    """See `pjm.sessions.mirror.Mirror`.

    Attributes:
        machine: the machine that runs the jobs.
        session: the session here.
        trouble: why nothing was pushed or pulled the last time; None if that worked.
    """

    machine: Machine
    session: Session
    trouble: Optional[str] = None
    _pulled: float = float("-inf")
    _hollow: Dict[Path, int] = field(default_factory=dict)

    def push(self, paths: Sequence[Path]) -> bool:
        """See `Mirror.push`."""
        inside = f".pjm/{self.session.identity}"
        names = {path: f"{inside}/{path.relative_to(self.session.folder).as_posix()}" for path in paths}
        # A folder is put in place whole, and once: other jobs may be reading it.
        folders = [name for path, name in names.items() if path.is_dir()]
        members = [(path, f"{name}.new" if name in folders else name) for path, name in names.items()]
        then = [f"mkdir -p -- {inside}/artifacts {' '.join(self._folders())}"]
        then += [f"{{ [ -e {name} ] || mv {name}.new {name}; }} && rm -rf {name}.new" for name in folders]
        try:
            self.machine.send(members, " && ".join(then))
        except (NotStartedError, HungError) as error:
            self.trouble = str(error)
            return False
        self.trouble = None
        return True

    def _folders(self) -> Iterator[str]:
        """The folders in which the jobs start pytest, which may hold nothing that is pushed."""
        facts = self.session.facts
        for name in (facts.get("start"), facts["checkout"].get("rootdir")):
            if name is not None:
                yield shlex.quote(self.machine.roots.there(Path(name)))

    def pull(self, shares: Iterable[Tuple[str, int, bool]], now: float) -> None:
        """See `Mirror.pull`. What a test has printed is pulled when its job has ended: it is written anew each time."""
        jobs: Dict[str, List[str]] = {}
        for job, number, ended in shares:
            files = [f"{job}/share-{number}/captured.{stream}" for stream in STREAMS] if ended else []
            jobs.setdefault(job, []).extend(files)
        try:
            for names in command_lines(jobs):
                self._pull(names)
            for names in command_lines(name for files in jobs.values() for name in files):
                self._take(_REWRITTEN % " ".join(names), "")
        except (NotStartedError, HungError, GarbledError) as error:
            self.trouble = str(error)
        else:
            self.trouble = None
            self._pulled = now

    def as_of(self, now: float) -> float:
        """See `Mirror.as_of`."""
        return min(now, self._pulled)

    def under_way(self, folder: Path) -> bool:
        """See `Mirror.under_way`. Without an answer it may be."""
        place = shlex.quote(self.machine.roots.there(folder))
        script = (
            f"cd -- {place} && [ -f {SUBMITTING} ] && [ ! -f {SUBMITTING}.code ] && "
            f'[ "$(($(date +%s) - $(cat {SUBMITTING})))" -lt {LONGEST_SUBMISSION:.0f} ]'
        )
        try:
            code, _, _ = self.machine.ssh.run(script, _SHORT)
        except (NotStartedError, HungError) as error:
            self.trouble = str(error)
            return True
        return code == 0

    def fetch_artifacts(self, pattern: str) -> None:
        """Copy what tests in jobs have left for other tests to here.

        Args:
            pattern: which, relative to the folder of all artifacts, as the shell expands it.

        Raises:
            BadInput: the machine does not answer.
        """
        folder = shlex.quote(self.machine.roots.there(self.session.artifacts))
        with answering(self.machine.ssh.host):
            script = f'cd -- {folder} && set -- {pattern} && if [ -e "$1" ]; then tar -cf - -- "$@"; fi'
            code, out, err = self.machine.ssh.run(script, _LONG)
        if code:
            raise BadInput(
                f"artifacts of jobs cannot be copied from {self.machine.ssh.host}",
                err.decode(errors="replace").strip()[-300:] or f"tar ended with exit code {code}",
                f"look at them: ssh {shlex.quote(self.machine.ssh.host)} {shlex.quote(f'ls -l {folder}')}",
            )
        if out:  # else nothing matches
            unpack(io.BytesIO(out), self.session.artifacts)

    def _pull(self, names: Sequence[str]) -> None:
        home, known = self.session.folder / JOBS, []
        for name in names:
            for path in (*(home / name).glob("share-*.*"), *(home / name).glob("share-*/*.*")):
                known.append(f"{path.stat().st_size} {path.relative_to(home).as_posix()}\n")
        self._take(_APPENDED % " ".join(names), "".join(known))

    def _take(self, script: str, known: str) -> None:
        """Write the news that a script prints."""
        place, home = self.machine.roots.there(self.session.folder / JOBS), self.session.folder / JOBS
        script = f"cd -- {shlex.quote(place)} && known=$(cat) && {{ {script}; }}"
        code, out, err = self.machine.ssh.run(script, _LONG, io.BytesIO(known.encode("ascii")))
        if code:
            why = err.decode(errors="replace").strip()[-300:] or f"exit code {code}"
            raise GarbledError(f"{self.machine.ssh.host}: the files of jobs cannot be read: {why}")
        for begin, path, content in _records(out):
            target = home / path
            size = target.stat().st_size if target.exists() else 0
            if begin > size or not (home / path.partition("/")[0]).is_dir():
                raise GarbledError("a file of a job has other bytes than were asked for; it is copied again")
            if target.name == EVENTS:
                content = self._arrived(target, content)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            with os.fdopen(os.open(str(target), os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
                file.seek(begin)
                file.write(content)
                file.truncate()

    def _arrived(self, path: Path, content: bytes) -> bytes:
        """The events up to bytes of 0: a shared file system may show the length of a file before its content."""
        hollow = content.find(b"\0")
        self._hollow[path] = self._hollow.get(path, 0) + 1 if hollow >= 0 else 0
        return content if hollow < 0 or self._hollow[path] > _PATIENCE else content[:hollow]


def _records(out: bytes) -> Iterator[Tuple[int, str, bytes]]:
    """Where the bytes of a file begin, its name and the bytes.

    Raises:
        GarbledError: the output is not such a list.
    """
    place = 0
    while place < len(out):
        match = _RECORD.match(out, place)
        if match is None:
            raise GarbledError("a file of a job has changed while it was copied; it is copied again")
        begin, end = int(match[1]), int(match[2])
        content = out[match.end() : match.end() + end - begin]
        if len(content) != end - begin:
            raise GarbledError("a file of a job has become shorter while it was copied; it is copied again")
        yield begin, f"{match[3].decode()}/{match[4].decode()}", content
        place = match.end() + end - begin
