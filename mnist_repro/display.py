"""Progress bars on a terminal, and tables in plain text. Without a terminal, no bar is drawn."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import Callable, Iterator, List, Sequence

# Arguments: the number of steps done, and the number of all steps.
Show = Callable[[int, int], None]


def counted(count: int, unit: str) -> str:
    """A count with its unit: ``20 epochs``, ``1 epoch``, ``1,000 steps``."""
    return f"{count:,} {unit}" + ("" if count == 1 else "s")


def seeds_text(seeds: Sequence[int]) -> str:
    """Seeds in words: ``seed 3``, ``seeds 0, 1``."""
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


@contextlib.contextmanager
def steps(title: str) -> Iterator[Show]:
    """A progress bar on standard error while the block runs, if standard error is a terminal."""
    with bars() as show:
        yield lambda done, total: show(title, done, total)


@contextlib.contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """One progress bar per title, drawn on standard error from the first call on, if it is a terminal."""
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


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of text cells, as wide as its content, without trailing blanks; rich measures and aligns."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for at, title in enumerate(header):
        grid.add_column(title, justify="left" if at in (0, len(header) - 1) else "right", no_wrap=True)
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    to = io.StringIO()
    Console(file=to, width=400, color_system=None, highlight=False).print(grid)
    lines: List[str] = [line.rstrip() for line in to.getvalue().splitlines()]
    return "\n".join(lines)
