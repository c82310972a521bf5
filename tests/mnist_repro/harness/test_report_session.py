from __future__ import annotations

import math

from mnist_repro.gate.comparison import SAMPLES, Comparison
from mnist_repro.gate.report import Report, ReportEntry
from mnist_repro.gate.verdicts import Judgement
from mnist_repro.harness.report_session import _compared_runs, _identity
from mnist_repro.runs.metrics import metric_values
from tests.builders.gate_cases import run
from tests.builders.gate_reports import SESSION


def test_a_run_is_shown_if_a_comparison_of_the_session_has_its_values() -> None:
    compared, retrained = run(seed=3, better=0.25, spread=math.nan), run(seed=3)
    found = Comparison("vgg7/subset", SAMPLES, Judgement(()), samples={3: metric_values(compared)})
    silent = ReportEntry("test", "failed", "vgg7/subset", SAMPLES)

    identities = _compared_runs(Report(SESSION, (silent, ReportEntry("test", "passed", "vgg7/subset", SAMPLES, found))))

    # Values that are not numbers are equal here.
    assert {_identity(compared)} == identities
    assert _identity(retrained) not in identities
