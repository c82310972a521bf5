"""Files that a test leaves for those that come after it."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional

from pjm.errors import BadInput
from pjm.files import write_whole

_NAME, _ATTEMPT = "test.json", "files-"


@dataclass(frozen=True)
class Artifacts:
    """The files of one test and of those before it: what the fixture `artifacts` gives.

    Attributes:
        root: folder of all of a session's.
        test: node id of the test that has this.
    """

    root: Path
    test: str

    @functools.cached_property
    def folder(self) -> Path:
        """Where this test puts what others need; it exists, and was empty when this attempt at the test began."""
        home = _home(self.root, self.test)
        home.mkdir(exist_ok=True)
        write_whole(home / _NAME, json.dumps(self.test))  # first: who finds the folder can say whose it is
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
        """Leave behind what an attempt at this test left that was killed."""
        if _latest(self.root, self.test) is not None:
            _ = self.folder

    def of(self, test: str) -> Path:
        """The folder of another test, by its name or its node id.

        Raises:
            BadInput: it has left nothing, or there are several of that name.
        """
        module, above = self.test.split("::")[0], self.test.rsplit("::", 1)[0]
        for candidate in (test, f"{above}::{test}", f"{module}::{test}"):
            folder = _latest(self.root, candidate)
            if folder is not None:
                return folder
        named = [each for each in self._tests() if each.split("::", 1)[-1] == test or each.rsplit("::", 1)[-1] == test]
        only = _latest(self.root, named[0]) if len(named) == 1 else None
        if only is not None:
            return only
        raise BadInput(
            f"{self.test}: artifacts.of({test!r})",
            f"several tests have that name: {', '.join(sorted(named))}" if named else "no test of that name left files",
            "give the node id" if named else "have that test write into artifacts.folder, and wait for it with after=",
        )

    def _tests(self) -> List[str]:
        return [json.loads(file.read_text(encoding="ascii")) for file in self.root.glob(f"*/{_NAME}")]


def _home(root: Path, test: str) -> Path:
    # A node id can hold what no file name can.
    return root / hashlib.sha256(test.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _latest(root: Path, test: str) -> Optional[Path]:
    """The files of the last attempt at a test; None if it has left none."""
    attempts = _home(root, test).glob(f"{_ATTEMPT}*")
    return max(attempts, key=lambda each: int(each.name[len(_ATTEMPT) :]), default=None)
