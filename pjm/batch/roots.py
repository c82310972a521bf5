"""Where the folders of this machine are on the machine that runs the jobs."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple

from pjm.errors import BadInput


@dataclass(frozen=True)
class Roots:
    """Says what a path is called on the machine that runs the jobs: the same, unless folders were copied there.

    Attributes:
        copied: pairs of an absolute folder here and the one there to which it was copied; the deepest one counts.
    """

    copied: Tuple[Tuple[Path, str], ...] = ()

    def there(self, path: Path) -> str:
        """The absolute path there.

        Raises:
            BadInput: the path is in no folder that was copied.
        """
        if not self.copied:
            return str(path)
        found = self._found(path)
        if found is None:
            folders = ", ".join(str(here) for here, _ in self.copied)
            raise BadInput(
                f"{path} is not on the machine of the jobs",
                f"only what is in these folders is copied: {folders}",
                "move it into the project, or start pytest in the project's folder",
            )
        return found

    def word(self, word: str, start: Path) -> str:
        """A word of the command line of pytest, for a job that starts it in `start`: absolute paths become relative."""
        name, equals, value = word.partition("=")
        text = value if equals and name.startswith("-") else word
        if not (self.copied and posixpath.isabs(text)):
            return word
        path, colons, test = text.partition("::")
        found = self._found(Path(path))
        if found is None:
            return word
        relative = posixpath.relpath(found, self.there(start))
        return word[: len(word) - len(text)] + relative + colons + test

    def here(self, path: str) -> str:
        """The path here of an absolute path there; the same if it is in no folder that was copied."""
        for here, there in self.copied:
            if path == there or path.startswith(f"{there}/"):
                return f"{here}{path[len(there) :]}"
        return path

    def _found(self, path: Path) -> Optional[str]:
        plain = Path(os.path.normpath(str(path)))
        for way in (plain, plain.resolve()):
            for here, there in sorted(self.copied, key=lambda pair: -len(pair[0].parts)):
                if here == way or here in way.parents:
                    return posixpath.join(there, *way.relative_to(here).parts)
        return None


SAME = Roots()
