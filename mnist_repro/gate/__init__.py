"""The gate: compares measured samples with stored baselines and gives a verdict.

In a test, the fixture `gate` makes the comparisons; `higher`, `lower` and `same` say what is claimed of a metric.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_repro.gate.claims import Claim, higher, lower, same
    from mnist_repro.gate.fixture import Gate

__all__ = ["Claim", "Gate", "higher", "lower", "same"]


def __getattr__(name: str) -> Any:
    # Imported when a test asks for them: every start of pytest imports this package.
    if name in __all__:
        return getattr(import_module(f"{__name__}.{'fixture' if name == 'Gate' else 'claims'}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
