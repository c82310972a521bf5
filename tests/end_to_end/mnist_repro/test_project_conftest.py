"""The conftest.py of this project, which joins the harness and batch jobs."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

CONFTEST = Path(__file__).resolve().parents[3] / "conftest.py"
IN_A_JOB = """
def test_it(request):
    option = request.config.option
    assert (None, None) == (option.gate_report, option.repro_report)
    assert not request.config.pluginmanager.hasplugin("mnist_repro.report_session")
"""


def test_a_job_writes_neither_report_and_leaves_that_to_the_session_that_sent_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile(IN_A_JOB)
    job = ModuleType("pjm.worker_plugin")

    ran = pytester.runpytest_inprocess("--repro-report", "page", "--gate-report", "gate", plugins=[job])

    ran.assert_outcomes(passed=1)
    assert [] == [name for name in ("page", "gate") if (pytester.path / name).exists()]
