"""Writes a page and its document into a folder, and never replaces a page of another program."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import replacing_together
from mnist_repro.files.json import json_text
from mnist_repro.report.page.page import render
from mnist_repro.report.values import Document

PAGE, DOCUMENT = "index.html", "report.json"
# The title in the head of every page that any version has made.
_TITLE = re.compile(b"<title>[^<]* mnist-repro</title>")
_HEAD = 1 << 12
_ELSEWHERE = "name another folder"


def require_ours(folder: Path) -> None:
    """Make sure that a page in ``folder``, if there is one, was made by mnist-repro and may be replaced.

    Raises:
        BadInput: the page was not made by mnist-repro.
    """
    page = folder / PAGE
    if not page.is_file():
        return
    try:
        with page.open("rb") as file:
            title = _TITLE.search(file.read(_HEAD))
    except OSError as error:
        raise BadInput(
            f"cannot read {page}: {error.strerror}", "only a page of mnist-repro's own is replaced", _ELSEWHERE
        ) from error
    if not title:
        raise BadInput(
            f"{page} is not a page that mnist-repro made",
            "the new page would replace it",
            f"{_ELSEWHERE}, or remove {page}",
        )


def write(document: Document, folder: Path) -> Path:
    """Write ``report.json`` and the page made from it; ``report.json`` is replaced last. Returns the path of the page.

    Raises:
        BadInput: the folder cannot be written or has somebody else's page, or Jinja2 or matplotlib is missing. Old
            files are then unchanged.
    """
    text = json_text(asdict(document))
    require_ours(folder)
    page = render(document)
    with replacing_together(folder, (PAGE, DOCUMENT)) as unfinished:
        (unfinished / DOCUMENT).write_text(text, encoding="utf-8")
        # A lone surrogate, which comes for example from a file name that is not UTF-8, cannot be encoded.
        (unfinished / PAGE).write_text(page, encoding="utf-8", errors="backslashreplace")
    return folder / PAGE
