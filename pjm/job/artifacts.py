"""The fixture `artifacts`: folders of files that a test leaves for later tests."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, List, Optional

from pjm.errors import BadInput
from pjm.files import write_whole

_NAME, _ATTEMPT = "test.json", "files-"


@dataclass(frozen=True)
class Artifacts:
    """The value of the fixture `artifacts`: the files of one test, and of the tests before it.

    Attributes:
        root: the folder of all artifacts of a session.
        test: node id of the test that uses the fixture.
        attempt: number of this attempt at the test, which its ranks have in common; None without ranks.
        fetch: brings files of jobs to here, by a pattern relative to the root; None where they are here.
    """

    root: Path
    test: str
    fetch: Optional[Callable[[str], None]] = None
    attempt: Optional[int] = None

    @functools.cached_property
    def folder(self) -> Path:
        """The folder in which this test leaves files. It exists, and was empty when this attempt at the test began."""
        home = _home(self.root, self.test)
        home.mkdir(exist_ok=True)
        write_whole(home / _NAME, json.dumps(self.test))  # first, so that the folder always names its test
        if self.attempt is not None:
            shared = home / f"{_ATTEMPT}{self.attempt}"
            shared.mkdir(exist_ok=True)
            return shared
        number = 0
        while True:
            attempt = home / f"{_ATTEMPT}{number}"
            try:
                attempt.mkdir()
            except FileExistsError:
                number += 1
            else:
                return attempt

    def begin(self) -> None:
        """Begin with an empty folder if an earlier attempt at this test, which was killed, left files."""
        if _latest(self.root, self.test) is not None:
            _ = self.folder

    def of(self, test: str) -> Path:
        """The folder of another test, by its name or its node id.

        Raises:
            BadInput: the test has left no files, or several tests have that name.
        """
        if self.fetch is not None:
            self.fetch(f"*/{_NAME}")
        module, above = self.test.split("::")[0], self.test.rsplit("::", 1)[0]
        for candidate in (test, f"{above}::{test}", f"{module}::{test}"):
            folder = self._left_by(candidate)
            if folder is not None:
                return folder
        named = [name for name in self._tests() if test in (name.split("::", 1)[-1], name.rsplit("::", 1)[-1])]
        only = self._left_by(named[0]) if len(named) == 1 else None
        if only is not None:
            return only
        raise BadInput(
            f"{self.test}: artifacts.of({test!r})",
            f"several tests have that name: {', '.join(sorted(named))}" if named else "no test of that name left files",
            "give the node id" if named else "have that test write into artifacts.folder, and wait for it with after=",
        )

    def _left_by(self, test: str) -> Optional[Path]:
        if self.fetch is not None and _home(self.root, test).exists():
            self.fetch(_home(self.root, test).name)
        return _latest(self.root, test)

    def _tests(self) -> List[str]:
        return [json.loads(file.read_text(encoding="ascii")) for file in self.root.glob(f"*/{_NAME}")]


def _home(root: Path, test: str) -> Path:
    # A hash, because a node id can hold characters that a file name cannot.
    return root / hashlib.sha256(test.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _latest(root: Path, test: str) -> Optional[Path]:
    """The folder of the last attempt at a test; None if the test has left no files."""
    attempts = _home(root, test).glob(f"{_ATTEMPT}*")
    return max(attempts, key=lambda folder: int(folder.name[len(_ATTEMPT) :]), default=None)
