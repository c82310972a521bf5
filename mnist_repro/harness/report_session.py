"""The pytest plugin of `--repro-report=DIR`: writes a page about the session, as `mnist-repro report` does."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Generator, List, Mapping, Optional, Set, Tuple

import pytest

from mnist_repro.errors import BadInput

if TYPE_CHECKING:
    from mnist_repro.gate.report import Report
    from mnist_repro.gate.session.gate_session import GateSession
    from mnist_repro.report.values import Jobs
    from mnist_repro.runs.found import FoundRun
    from mnist_repro.runs.problems import Problems
    from mnist_repro.runs.run import Run

# The identity of a run: recipe, scale, seed, and its metrics as text, because as text NaN equals NaN.
_Identity = Tuple[str, str, int, str]


class ReportSession:
    """A pytest plugin of the process that gets all test reports.

    Args:
        config: pytest's configuration.
        gate: the plugin that collects the session's comparisons.
    """

    def __init__(self, config: pytest.Config, gate: GateSession) -> None:
        self._config = config
        self._gate = gate
        self._shown: Path = config.option.repro_report
        # Tests may change the working directory.
        self._folder = self._shown.absolute()
        self._began = time.time()
        self._lines: List[str] = []
        self._failed = False

    def require_place(self) -> None:
        """Refuse a folder in which the page could not be written, before tests run for hours.

        Raises:
            UsageError: the page could not be written.
        """
        from mnist_repro.files.atomic import require_writable
        from mnist_repro.report.page.figures import require_drawing
        from mnist_repro.report.page.page import require_ours

        try:
            require_drawing()
            require_writable(self._folder, "--repro-report=DIR")
            require_ours(self._folder)
        except BadInput as error:
            raise pytest.UsageError(f"--repro-report: {error}") from error

    # Runs are read before other plugins finish, because pytest may remove its temporary folders. The page is written
    # after the other plugins, when the exit code is known.
    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Write the page."""
        from mnist_repro.runs.problems import Problems

        problems = Problems()
        runs = self._runs(problems)
        result = yield
        lines = []
        try:
            lines.append(f"report: {self._write(self._gate.judged(session), runs, problems)}")
        except BadInput as error:
            lines.append(f"report: no page was written: {error}")
            self._failed = True
        self._lines = lines + [f"report: left out: {problem}" for problem in problems.found]
        self._failed |= bool(problems.found)
        if self._failed and session.exitstatus == pytest.ExitCode.OK:
            # The user asked for a page, and must not mistake an old or partial page for it.
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        return result

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the path of the page, and what is missing on it."""
        for line in self._lines:
            terminalreporter.write_line(line, red=self._failed)

    def _runs(self, problems: Problems) -> List[FoundRun]:
        """The runs that this session made on this machine."""
        from mnist_repro.runs.found import FoundRun, read_sound
        from mnist_repro.runs.run_json import FILE

        # pytest has no public name for this; pytest-xdist uses the same. Folders of xdist's workers are in this folder.
        place: Path = self._config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        runs: List[FoundRun] = []
        for measured in sorted((*place.glob("measured*"), *place.glob("popen-*/measured*"))):
            # pytest's `measuredcurrent` is a link to the newest folder.
            for file in [] if measured.is_symlink() else sorted(measured.rglob(FILE)):
                with problems.leaving_out():
                    runs.append(FoundRun(file.parent, read_sound(file)))
        return runs

    def _sessions(self) -> Path:
        """The folder with sessions of batch jobs. The option's name is text here, because `pjm` is not imported."""
        from mnist_repro.report.jobs_file import SESSIONS

        folder = getattr(self._config.option, "fugaku_workdir", None)
        # Without a loaded plugin for jobs, there is no such setting.
        with contextlib.suppress(ValueError):
            folder = folder or self._config.getini("fugaku_workdir")
        return self._config.rootpath / (Path(str(folder)).expanduser() if folder else SESSIONS)

    def _write(self, report: Report, runs: List[FoundRun], problems: Problems) -> Path:
        """Write the page from the valid input; return its path in the folder as the user named it.

        Raises:
            BadInput: the page cannot be written.
        """
        from mnist_repro.report import gate_file
        from mnist_repro.report.document import PageInputs, collect
        from mnist_repro.report.page.page import write

        compared = _compared_runs(report)
        # Runs without a comparison are left out: tests may train for other purposes.
        judged = [each for each in runs if _identity(each.run) in compared]
        root = self._config.rootpath
        sources = PageInputs(
            runs=judged,
            places=["pytest"],
            baselines=root / self._config.getini("gate_baselines"),
            gate=gate_file.of_session(report),
            jobs=self._jobs(problems),
            data=self._config.option.repro_data,
            unkept=len(compared - {_identity(each.run) for each in judged}),
        )
        page = write(collect(sources, problems), self._folder)
        return self._shown / page.name

    def _jobs(self, problems: Problems) -> Optional[Jobs]:
        """The jobs that this session has started; None if there are none, or if they cannot be read."""
        from mnist_repro.report import jobs_file

        place = jobs_file.find(self._sessions())
        if place is None or place.stat().st_mtime < self._began:
            return None
        with problems.leaving_out():
            return jobs_file.read(place, problems)
        return None


def _compared_runs(report: Report) -> Set[_Identity]:
    """The identity of every run that a comparison of the session uses."""
    return {
        (entry.subject, entry.name.rpartition("/")[2], seed, _text(values))
        for entry in report.entries
        if entry.checked is not None
        for seed, values in entry.checked.samples.items()
    }


def _identity(run: Run) -> _Identity:
    from mnist_repro.runs.metrics import metric_values

    return (run.recipe, run.scale, run.seed, _text(metric_values(run)))


def _text(values: Mapping[str, float]) -> str:
    return repr(sorted(values.items()))
