"""What a batch job must know of the environment that it was sent from: PJM hands nothing on by itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict

from mnist_repro.data import places


def job_environment() -> Dict[str, str]:
    """The same digits in jobs as here: a folder must be one that compute nodes see."""
    said = os.environ.get(places.VARIABLE)
    if not said:
        return {}
    return {places.VARIABLE: str(Path(said).absolute()) if Path(said).exists() else said}
