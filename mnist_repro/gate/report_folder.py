"""Writes a gate report into its folder: gate.json for machines, gate.md for people."""

from __future__ import annotations

from pathlib import Path

from mnist_repro.files.atomic import replacing_together, write_text
from mnist_repro.gate.markdown import as_markdown
from mnist_repro.gate.report import JSON, MARKDOWN, Report, as_json


def write(report: Report, folder: Path) -> None:
    """Write `gate.json` and `gate.md` into ``folder``; `gate.json` comes last and shows that both files are complete.

    Raises:
        BadInput: a file cannot be written.
    """
    with replacing_together(folder, (MARKDOWN, JSON)) as unfinished:
        write_text(unfinished / MARKDOWN, as_markdown(report))
        write_text(unfinished / JSON, as_json(report))
