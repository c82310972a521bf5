"""Files that a test leaves for those that come after it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import List

from pjm.errors import BadInput


@dataclass(frozen=True)
class Artifacts:
    """The files of one test and of those before it: what the fixture `artifacts` gives.

    Attributes:
        root: folder of all of a session's.
        test: node id of the test that has this.
    """

    root: Path
    test: str

    @property
    def folder(self) -> Path:
        """Where this test puts what others need; it exists."""
        return _files(self.root, self.test, make=True)

    def of(self, test: str) -> Path:
        """The folder of another test, by its name or its node id.

        Raises:
            BadInput: it has left nothing, or there are several of that name.
        """
        module, above = self.test.split("::")[0], self.test.rsplit("::", 1)[0]
        for candidate in (test, f"{above}::{test}", f"{module}::{test}"):
            folder = _files(self.root, candidate)
            if folder.is_dir():
                return folder
        named = [each for each in self._tests() if each.split("::", 1)[-1] == test or each.rsplit("::", 1)[-1] == test]
        if len(named) == 1:
            return _files(self.root, named[0])
        raise BadInput(
            f"{self.test}: artifacts.of({test!r})",
            f"several tests have that name: {', '.join(sorted(named))}" if named else "no test of that name left files",
            "give the node id" if named else "have that test write into artifacts.folder, and wait for it with after=",
        )

    def _tests(self) -> List[str]:
        return [file.read_text(encoding="utf-8") for file in self.root.glob("*/test")]


def _files(root: Path, test: str, make: bool = False) -> Path:
    # A node id can hold what no file name can.
    folder = root / hashlib.sha256(test.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    files = folder / "files"
    if make and not files.is_dir():
        files.mkdir(parents=True, exist_ok=True)
        (folder / "test").write_text(test, encoding="utf-8", errors="surrogatepass")
    return files
