"""Says at the end of a session what became of each recorded output."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    said = [str(text) for report in reports for name, text in report.user_properties if name == "sample"]
    if said:
        terminalreporter.section("recorded outputs of PJM")
        for line in sorted(set(said)):
            terminalreporter.line(line)
