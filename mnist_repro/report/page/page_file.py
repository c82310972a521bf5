"""Writes a page and its document into a folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Mapping

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import replacing_together
from mnist_repro.report.page.page import render

PAGE, DOCUMENT = "index.html", "report.json"
# Of every page that was ever made here, in its head.
_TITLE = re.compile(b"<title>[^<]* mnist-repro</title>")
_HEAD = 1 << 12
_ELSEWHERE = "name another folder"


def require_ours(folder: Path) -> None:
    """Make sure that the page in ``folder``, if there is one, is one that a new one may replace.

    Raises:
        BadInput: somebody else made it.
    """
    page = folder / PAGE
    if not page.is_file():
        return
    try:
        with page.open("rb") as file:
            ours = _TITLE.search(file.read(_HEAD))
    except OSError as error:
        raise BadInput(
            f"cannot read {page}: {error.strerror}", "only a page of mnist-repro's own is replaced", _ELSEWHERE
        ) from error
    if not ours:
        raise BadInput(
            f"{page} is not a page that mnist-repro made",
            "the new one would take its place, and it would be gone",
            f"{_ELSEWHERE}, or remove {page}",
        )


def write(document: Mapping[str, Any], folder: Path) -> Path:
    """Write ``report.json`` and the page made from it; ``report.json`` takes its place last. Returns where the page is.

    Raises:
        BadInput: the folder cannot be written or has somebody else's page, or Jinja2 or matplotlib is missing. What was
            there before is untouched.
    """
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=True) + "\n"
    require_ours(folder)
    # From the text, so that no page can show what its document does not say.
    page = render(json.loads(text))
    with replacing_together(folder, (PAGE, DOCUMENT)) as unfinished:
        (unfinished / DOCUMENT).write_text(text, encoding="utf-8")
        # A lone surrogate, such as of a file name that is no UTF-8, has no bytes of its own.
        (unfinished / PAGE).write_text(page, encoding="utf-8", errors="backslashreplace")
    return folder / PAGE
