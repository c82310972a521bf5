"""The solver must take the same steps and give the same numbers as when its baseline was recorded."""

from __future__ import annotations

import numpy as np
import pytest
from poisson import grid, solve


@pytest.mark.parametrize("points", [31, 63])
def test_two_sources(gate, points) -> None:
    x, y = grid(points)
    right = np.exp(-50.0 * ((x - 0.3) ** 2 + (y - 0.4) ** 2)) - np.exp(-80.0 * ((x - 0.7) ** 2 + (y - 0.6) ** 2))
    solution = solve(right)

    gate.fingerprint(
        f"two-sources-{points}",
        exact={"iterations": solution.iterations, "points": solution.values.shape[0]},
        close={
            "energy": float(np.sum(solution.values * right)) / (points + 1) ** 2,
            "largest": solution.values.max(),
            "smallest": solution.values.min(),
            # What is left after the last step is small, and most of it is rounding.
            "residual": (solution.residual, 1e-4),
        },
        rtol=1e-10,
    )


def test_known_solution() -> None:
    """A check without a baseline: against the exact solution, the error is of the second order."""
    errors = []
    for points in (15, 31):
        x, y = grid(points)
        exact = np.sin(np.pi * x) * np.sin(np.pi * y)
        errors.append(np.abs(solve(2.0 * np.pi**2 * exact).values - exact).max())

    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.02)
