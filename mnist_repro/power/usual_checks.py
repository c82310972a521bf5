"""The usual checks of other projects, for comparison with ours: accuracy near a figure, and pytest-regressions."""

from __future__ import annotations

import math
import tempfile
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, Mapping, Sequence

from mnist_repro.errors import BadInput
from mnist_repro.recipes import Recipe
from mnist_repro.runs.metrics import metric_values
from mnist_repro.runs.run import Run

ACCURACY_REACH = 0.005


def accuracy_passes(recipe: Recipe, runs: Sequence[Run]) -> bool:
    """Whether |mean accuracy - published| < 0.005 wherever the recipe's source printed a test accuracy.

    The runs are of the published budget, on MNIST.
    """
    for published in recipe.published:
        scores = [run.score_after(published.after) for run in runs]
        accuracies = [math.nan if score is None else score.test.accuracy for score in scores]
        # Not `>=`: NaN must fail.
        if not abs(sum(accuracies) / len(accuracies) - published.test["accuracy"]) < ACCURACY_REACH:
            return False
    return True


def num_regression_passes(stored: Mapping[int, Mapping[str, float]], runs: Sequence[Run]) -> bool:
    """Whether these runs pass pytest-regressions' `num_regression` with its defaults.

    Each metric is a column, and each seed a row, as in a usual test with this fixture. ``stored`` has metric values by
    seed, at least for the seeds of the runs.

    Raises:
        BadInput: pytest-regressions is not installed, or pandas, which it needs for this.
    """
    require_num_regression()
    seeds = [run.seed for run in runs]
    expected = _columns([stored[seed] for seed in seeds])
    obtained = _columns([metric_values(run) for run in runs])
    with tempfile.TemporaryDirectory(prefix="mnist-repro-") as folder:
        _check(Path(folder), expected)
        return _check(Path(folder), obtained)


def require_num_regression() -> None:
    """Make sure that `num_regression` can be used.

    Raises:
        BadInput: pytest-regressions or pandas is not installed.
    """
    for module in ("pytest_regressions", "pandas"):
        if find_spec(module) is None:
            raise BadInput(
                f"{module} is not installed",
                "the table has a column for pytest-regressions' num_regression, which needs it",
                "pip install pytest-regressions pandas",
            )


def _columns(rows: Sequence[Mapping[str, float]]) -> Dict[str, Any]:
    """Each metric's values, NaN where a run lacks it; a metric that no run has gets no column."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name, math.nan) for row in rows] for name in names}


def _check(folder: Path, columns: Dict[str, Any]) -> bool:
    """Call the fixture's own check. As in a test, it stores the columns and fails if nothing is stored yet."""
    import pytest
    from pytest_regressions.num_regression import NumericRegressionFixture

    request: Any = SimpleNamespace(
        config=SimpleNamespace(getoption=lambda name: False), node=SimpleNamespace(name="metrics", cls=None)
    )
    datadir: Any = folder
    try:
        NumericRegressionFixture(datadir, folder, request).check(columns)
    except (AssertionError, pytest.fail.Exception):
        return False
    return True
