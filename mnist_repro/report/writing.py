"""Writes a page and its document into a folder, both or neither."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Mapping

from mnist_repro.atomic import replacing_together
from mnist_repro.report.page import render

PAGE, DOCUMENT = "index.html", "report.json"


def write(document: Mapping[str, Any], folder: Path) -> Path:
    """Write ``report.json`` and the page made from it; where the page is.

    Raises:
        BadInput: the folder cannot be written, or Jinja2 or matplotlib is missing. What was there before is untouched.
    """
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=True) + "\n"
    # From the text, so that no page can show what its document does not say.
    page = render(json.loads(text))
    with replacing_together(folder, (DOCUMENT, PAGE)) as unfinished:
        (unfinished / DOCUMENT).write_text(text, encoding="utf-8")
        # A lone surrogate, such as of a file name that is no UTF-8, has no bytes of its own.
        (unfinished / PAGE).write_text(page, encoding="utf-8", errors="backslashreplace")
    return folder / PAGE
