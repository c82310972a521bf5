"""Writes files whole or not at all, for their owner's eyes alone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Mapping


def write_json(path: Path, document: Mapping[str, object]) -> None:
    """Write a JSON file whole or not at all."""
    write_whole(path, json.dumps(document, indent=1) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a file that is its owner's alone, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with open(str(unfinished), "w", encoding="utf-8", opener=_for_us_alone) as file:
        file.write(text)
    unfinished.replace(path)


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
