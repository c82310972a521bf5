"""The message of a call that is refused, with words in the place of the paths of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Tuple

import pytest

from mnist_repro.errors import BadInput


def refused(call: Callable[[], object], **places: Path) -> Tuple[str, str, str]:
    """What happened, why, and what to type next; the names of ``places`` stand for their paths."""
    with pytest.raises(BadInput) as caught:
        call()
    what, why, fix = caught.value.args
    for name, place in places.items():
        what, why, fix = (part.replace(str(place), name) for part in (what, why, fix))
    return what, why, fix
