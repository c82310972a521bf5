"""Reads and writes our JSON files: each has a schema number; NaN and infinity are stored as words."""

from __future__ import annotations

import errno
import json
import math
import shlex
from pathlib import Path
from typing import Any, Dict

from mnist_repro.errors import BadInput


def read_json(file: Path, schema: int, what: str, make: str, replace: str = "") -> Dict[str, Any]:
    """Read a JSON object from one of our files, and check its schema number.

    Args:
        file: its path.
        schema: the schema number that this program reads.
        what: what the file describes, such as ``run``.
        make: the advice if the file cannot be read.
        replace: the advice if the file is damaged (default: ``make``).

    Raises:
        BadInput: the file is missing, unreadable, not JSON, not an object, or of another schema.
    """
    try:
        if file.exists() and not file.is_file():
            raise OSError(errno.EINVAL, "it is not a regular file")
        fields = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        permissions = f"make it readable, see ls -l {shlex.quote(str(file))}; or "
        raise BadInput(
            f"cannot read {file}: {error.strerror}",
            f"that is where a {what} keeps its figures",
            f"{permissions if isinstance(error, PermissionError) else ''}{make}",
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadInput(
            f"{file} is not JSON", f"it may have been cut short or edited: {error}", replace or make
        ) from error
    found = fields.get("schema") if isinstance(fields, dict) else None
    if not isinstance(fields, dict) or isinstance(found, bool) or found != schema:
        newer = isinstance(found, int) and found > schema
        raise BadInput(
            f"{file} has schema {found!r}, this program reads {schema}",
            "a newer mnist-repro wrote it" if newer else f"every {what} names its schema",
            "pip install --upgrade mnist-repro" if newer else replace or make,
        )
    return fields


def json_text(fields: Any, ascii_only: bool = True) -> str:
    """The text of a JSON file; NaN and infinity are stored as words."""
    return json.dumps(storable(fields), indent=1, allow_nan=False, ensure_ascii=ascii_only) + "\n"


def storable(value: Any) -> Any:
    """A value for strict JSON, which has no NaN and no infinity: both become words, so that they are not lost."""
    if isinstance(value, dict):
        return {str(name): storable(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        # Most lists are thousands of indices of images.
        return [item if type(item) is int else storable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value
