"""The gate's pytest plugin for one session: reads test reports, prints the verdicts, writes the gate report."""

from __future__ import annotations

import datetime
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Optional, Tuple

import pytest

import mnist_repro
from mnist_repro.gate.session.reports import Collector

if TYPE_CHECKING:
    from mnist_repro.gate.report import Report

# The variable with the file that GitHub shows as the summary of a job.
STEP_SUMMARY = "GITHUB_STEP_SUMMARY"


class GateSession:
    """A pytest plugin of the process that gets all reports. With xdist and `--fugaku`, other processes made them.

    Args:
        config: pytest's configuration.

    Attributes:
        settings: what the session was asked for, by name, for the report; other plugins may add theirs.
        expected: subjects that a complete session judges; another plugin may name them.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.settings: Dict[str, str] = {"seeds": str(config.option.gate_seeds)}
        self.expected: Tuple[str, ...] = ()
        self._collector = Collector()
        self._started = _now()
        self._problems: List[str] = []
        self._called = False
        self._deselected = False
        folder: Optional[Path] = None if config.option.collectonly else config.option.gate_report
        # Tests may change the working directory.
        self._folder = folder.absolute() if folder is not None else None

    def pytest_sessionstart(self) -> None:
        """Replace the report of an earlier session at once, so that an error cannot leave it there."""
        if self._folder is not None:
            self._write(self._report())
        if self._problems:
            raise pytest.UsageError(f"--gate-report: {self._problems[0]}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Read a report. A new comparison is written at once, so that a later crash cannot lose it."""
        self._called = self._called or report.when != "setup"
        if self._collector.see(report) and self._folder is not None:
            self._write(self._report())

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that cannot be collected: its tests are missing."""
        if report.failed:
            self._collector.see_uncollected(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let the exit code follow the gate, and write the complete report, also into the summary of a GitHub job."""
        if self._folder is None and not self._collector.any():
            return
        report = self.judged(session)
        if self._must_fail(report) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            report = self.judged(session)
        if self._folder is None:
            return
        self._write(report)
        self._append_summary(report)
        if self._problems and session.exitstatus == pytest.ExitCode.OK:
            # The user asked for a report, and must not mistake an old report for it.
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def _must_fail(self, report: Report) -> bool:
        """Whether the gate does not pass although pytest counts no failure."""
        # With --setup-plan and --setup-only pytest calls no test, so that no comparison is missing.
        if getattr(self._config.option, "setuponly", False):
            return False
        if self._collector.recorded() and not report.entries:
            return False
        if report.entries:
            # For example, a comparison was skipped, is expected to be impossible, or passes at the second attempt.
            return not report.comparisons_pass
        # The user asked for a gate report, but the tests compare nothing.
        return self._folder is not None and self._called

    def judged(self, session: pytest.Session) -> Report:
        """The report of the gate at the end of the session."""
        stopped = bool(session.shouldstop or session.shouldfail)
        # Not the hook's argument: another plugin may have changed the exit status since.
        exit_code = int(session.exitstatus)
        ran = exit_code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
        return self._report(_now(), exit_code, complete=ran and not stopped)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the verdicts, and errors of the gate report."""
        if self._collector.any() or self._folder is not None:
            self._print_verdicts(terminalreporter)
        for problem in self._problems:
            terminalreporter.write_line(f"gate report: {problem}", red=True)
        if self._folder is not None and not self._problems:
            terminalreporter.write_line(f"gate report: {self._config.option.gate_report / 'gate.md'}")

    def _print_verdicts(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print a line for each subject; and at every verbosity, why the gate does not pass."""
        from mnist_repro.gate.markdown import refusals, summary

        report = self._report()
        recorded = self._collector.recorded()
        lines = [*summary(report), *(f"note: {line}" for line in self._unused())] if report.entries else []
        if recorded or (self._collector.any() and self._config.option.verbose >= 0):
            terminalreporter.section("gate")
            for line in (*recorded, *lines):
                terminalreporter.write_line(line)
        if self._must_fail(report):
            for line in refusals(report):
                terminalreporter.write_line(line, red=True)

    def _report(self, finished: str = "", exit_code: Optional[int] = None, complete: bool = False) -> Report:
        from mnist_repro.gate.report import Report, Session

        versions = {
            "mnist_repro": mnist_repro.__version__,
            "pytest": pytest.__version__,
            "python": platform.python_version(),
        }
        session = Session(self.settings, self._started, versions, finished, exit_code, complete, self.expected)
        return Report(session, self._collector.entries(), self._collector.other_failures())

    def _unused(self) -> List[str]:
        """Stored baselines that no test used, if all tests ran: a renamed or removed gate leaves one behind."""
        from mnist_repro.gate.baselines.files import names, path_of
        from mnist_repro.gate.comparison import NOTHING, subject

        option, config = self._config.option, self._config
        chosen = any(getattr(option, name, None) for name in ("keyword", "markexpr", "lf", "stepwise"))
        named = config.args_source is pytest.Config.ArgsSource.ARGS
        if chosen or named or self._deselected or not self._called or self._collector.other_failures():
            return []
        folder = config.rootpath / config.getini("gate_baselines")
        used = {entry.name for entry in self._collector.entries()} - {NOTHING}
        unused = [name for name in names(folder) if name not in used and subject(name) not in self.expected]
        new = [name for name in used if not path_of(folder, name).exists()]
        rename = f"gate-baselines rename {unused[0]} {new[0]} --reason …" if len(unused) == len(new) == 1 else ""
        return [
            f"unused baseline {name}: {rename or f'gate-baselines remove {name} --reason …, if its gate is gone'}"
            for name in unused
        ]

    def pytest_deselected(self) -> None:
        """Note that not all tests run."""
        self._deselected = True

    def _write(self, report: Report) -> None:
        assert self._folder is not None  # noqa: S101 - called only with a folder
        from mnist_repro.errors import BadInput
        from mnist_repro.gate.markdown import write

        try:
            write(report, self._folder)
        except BadInput as error:
            self._problems.append(str(error))

    def _append_summary(self, report: Report) -> None:
        from mnist_repro.gate.markdown import as_markdown

        place = os.environ.get(STEP_SUMMARY)
        if not place:
            return
        try:
            with Path(place).open("a", encoding="utf-8") as summary:
                summary.write(as_markdown(report))
        except OSError as error:
            self._problems.append(f"cannot append to {STEP_SUMMARY}={place}: {error.strerror}")


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
