"""Progress on a terminal, and tables and lines in plain text, folded at the terminal's width.

Without a terminal, no progress is drawn, and widths are fixed.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import textwrap
from typing import Callable, Iterator, List, Literal, Sequence

# Columns where standard output is not a terminal: of sentences, and of tables, which programs may read.
_WIDTH, _TABLE_WIDTH = 110, 400
# On a terminal that is narrower, lines have this many columns all the same.
_NARROWEST = 40
# Blanks between two columns of a table.
_GAP = 2


def counted(count: int, unit: str, units: str = "") -> str:
    """A count with its unit: ``20 epochs``, ``1 epoch``, ``1,000 steps``; ``units`` is a plural without a mere s."""
    return f"{count:,} {unit if count == 1 else units or f'{unit}s'}"


def seeds_text(seeds: Sequence[int]) -> str:
    """Seeds in words: ``seed 3``, ``seeds 0, 1``."""
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


@contextlib.contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """One progress bar per title, drawn on standard error from the first call on, if it is a terminal.

    The function takes the title, the number of steps done, and that of all steps. A bar goes when its steps are done.
    """
    if not sys.stderr.isatty():
        yield lambda title, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} steps"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(title: str, done: int, total: int) -> None:
            if title not in tasks:
                tasks[title] = progress.add_task(title, total=total)
            progress.update(tasks[title], completed=done, visible=done < total)

        yield show


@contextlib.contextmanager
def doing(what: str) -> Iterator[None]:
    """Say on standard error, while the block runs, what it does, if standard error is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def folded(line: str) -> str:
    """A line, folded at blanks to the terminal's width; what follows its first line is indented by two more."""
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line.strip(),
        _columns(_WIDTH),
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _columns(elsewhere: int) -> int:
    """The width of the terminal; ``elsewhere``, if standard output is not a terminal."""
    return max(_NARROWEST, shutil.get_terminal_size().columns) if sys.stdout.isatty() else elsewhere


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of text cells, as wide as its content, without trailing blanks; rich measures and aligns.

    If the terminal is too narrow, cells are folded: those of the widest column first, and words only if they must be.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="")
    for at, (title, width) in enumerate(zip(header, _widths([header, *rows], _columns(_TABLE_WIDTH)))):
        side: Literal["left", "right"] = "left" if at in (0, len(header) - 1) else "right"
        grid.add_column(title, justify=side, width=width, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    to = io.StringIO()
    Console(file=to, width=_TABLE_WIDTH, color_system=None, highlight=False).print(grid)
    lines: List[str] = [line.rstrip() for line in to.getvalue().splitlines()]
    return "\n".join(lines)


def _widths(rows: Sequence[Sequence[str]], most: int) -> List[int]:
    """The width of each column, so that a table is no wider than ``most``."""
    from rich.cells import cell_len

    columns = list(zip(*rows))
    widths = [max(map(cell_len, column)) for column in columns]
    words = [max(cell_len(word) for cell in column for word in ("", *cell.split())) for column in columns]
    for least in (words, [1] * len(columns)):
        while sum(widths) + _GAP * (len(widths) - 1) > most:
            wider = [at for at, width in enumerate(widths) if width > least[at]]
            if not wider:
                break
            widths[max(wider, key=widths.__getitem__)] -= 1
    return widths
