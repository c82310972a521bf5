"""How long to wait before something is tried again."""

from __future__ import annotations

_DOUBLINGS = 10  # far above any limit; 2**1024 is no floating-point number any more


def doubled(first: float, tries: int, longest: float = float("inf")) -> float:
    """Seconds before the next try: `first` if there was none before, doubled for each, at most `longest`."""
    return min(first * 2.0 ** min(tries, _DOUBLINGS), longest)
