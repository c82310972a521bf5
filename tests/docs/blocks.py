"""The blocks of code in README and docs: what each is, by the comment before it.

    <!-- block: run -->            commands, run here; a console block also shows what they print
    <!-- block: output -->         what the block above prints
    <!-- block: file NAME -->      what to write into that file, for the blocks below
    <!-- block: part-of FILE -->   lines that stand in that file of the project, one below the other
    <!-- block: ran-by FILE -->    commands that stand in that script of the project, which runs them
    <!-- block: cannot-run WHY --> what no test can run, and why

`run` takes `exit=N` (of the last command), `in=checkout` (a copy of the project instead of a folder of the reader's;
`in=folder` goes back to that), `needs=mnist` (the real one), `needs=login` (a login node behind ssh), `typed` (all into
one shell, as on a keyboard) and `timeout=SECONDS`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("run", "output", "file", "part-of", "ran-by", "cannot-run")
KEYS = ("exit", "in", "needs", "typed", "timeout")

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<language>[^`\n]*)$")
_MARK = re.compile(r"^ *<!-- block: (?P<kind>\S+) ?(?P<rest>.*?) ?-->$")


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        page: its file, relative to the project.
        line: of its opening fence, counted from 1.
        language: what stands behind the fence.
        text: what it holds, without the indentation of its list.
        kind: one of `KINDS`; None if nothing says so.
        rest: what stands behind the kind.
    """

    page: str
    line: int
    language: str
    text: str
    kind: Optional[str]
    rest: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def settings(self) -> Dict[str, str]:
        """Of a block to run."""
        return {key: value for key, _, value in (word.partition("=") for word in self.rest.split())}

    def commands(self) -> List[Tuple[str, Optional[str]]]:
        """Each command with what it is said to print; None where a block shows commands only."""
        if self.language != "console":
            return [(self.text, None)]
        found: List[Tuple[List[str], List[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append(([line[2:]], []))
            elif line.startswith("> ") and found and not found[-1][1]:
                found[-1][0].append(line[2:])
            else:
                found[-1][1].append(line)
        return [("\n".join(command), "\n".join(output)) for command, output in found]


def pages() -> List[Path]:
    """README in both languages, the other pages beside it, and all of docs."""
    beside = (path for path in ROOT.glob("*.md"))
    docs = (path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)
    return sorted([*beside, *docs])


def blocks(page: Path) -> List[Block]:
    """The blocks of a page, from top to bottom; directives of the generator, such as {toctree}, are none."""
    found: List[Block] = []
    lines: List[str] = []
    mark, opened, started = None, None, 0
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if opened is None and fence is not None:
            opened, started, lines = fence, number, []
        elif opened is not None and fence is not None and _closes(fence, opened):
            kind, rest = (mark["kind"], mark["rest"]) if mark is not None else (None, "")
            if not opened["language"].startswith("{"):
                text = "\n".join(lines) + "\n"
                found.append(Block(_name(page), started, opened["language"].strip(), text, kind, rest))
            mark, opened = None, None
        elif opened is not None:
            lines.append(line[len(opened["indent"]) :] if line.startswith(opened["indent"]) else line)
        elif line.strip():
            mark = _MARK.match(line)
    return found


def untranslated() -> List[Path]:
    """The pages without those in Japanese, whose blocks `test_languages` holds to the blocks of the English ones."""
    return [page for page in pages() if not page.name.endswith(".ja.md")]


def all_blocks() -> List[Block]:
    return [block for page in untranslated() for block in blocks(page)]


def _closes(fence: re.Match[str], opened: re.Match[str]) -> bool:
    return fence["fence"].startswith(opened["fence"]) and not fence["language"].strip()


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()
