"""The page at the end of a pytest session: `--report=DIR` shows what its gate judged, as `mnist-repro report` would."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Generator, List, Mapping, Optional, Set, Tuple

import pytest

from mnist_repro.errors import BadInput

if TYPE_CHECKING:
    from mnist_repro.gate.report import Report
    from mnist_repro.gate.session.gate_session import GateSession
    from mnist_repro.runs.found import FoundRun
    from mnist_repro.runs.problems import Problems
    from mnist_repro.runs.run import Run

# A run by recipe, scale and seed, and its metrics as text, in which NaN is like NaN.
_Told = Tuple[str, str, int, str]


class ReportSession:
    """A pytest plugin of the process that sees all reports.

    Args:
        config: pytest's.
        gate: what has judged the session's comparisons.
    """

    def __init__(self, config: pytest.Config, gate: GateSession) -> None:
        self._config = config
        self._gate = gate
        self._shown: Path = config.option.report
        # Tests may change the working directory.
        self._folder = self._shown.absolute()
        self._began = time.time()
        self._lines: List[str] = []
        self._failed = False

    def pytest_sessionstart(self) -> None:
        """Say what is in the way of a page before hours are spent."""
        from mnist_repro.files.atomic import require_writable
        from mnist_repro.report.page.figures import require_drawing
        from mnist_repro.report.page.page_file import require_ours

        try:
            require_drawing()
            require_writable(self._folder)
            require_ours(self._folder)
        except BadInput as error:
            raise pytest.UsageError(f"--report: {error}") from error

    # Before the others, because pytest may remove its temporary folders; then after them, when the exit code is known.
    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Write the page."""
        from mnist_repro.runs.problems import Problems

        problems = Problems()
        found = self._runs(problems)
        result = yield
        lines = []
        try:
            lines.append(f"report: {self._write(self._gate.judged(session), found, problems)}")
        except BadInput as error:
            lines.append(f"report: no page was written: {error}")
            self._failed = True
        self._lines = lines + [f"report: left out: {problem}" for problem in problems.found]
        self._failed |= bool(problems.found)
        if self._failed and session.exitstatus == pytest.ExitCode.OK:
            # Whoever asked for a page must not take an old or partial one for it.
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        return result

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Where the page is, and what is not on it."""
        for line in self._lines:
            terminalreporter.write_line(line, red=self._failed)

    def _runs(self, problems: Problems) -> List[FoundRun]:
        """The runs that this session, on this machine, has measured."""
        from mnist_repro.runs.found import FoundRun, read_sound
        from mnist_repro.runs.run_json import FILE

        # No public name, as in pytest-xdist; its workers have their folders in this one.
        place: Path = self._config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        found: List[FoundRun] = []
        for measured in sorted((*place.glob("measured*"), *place.glob("popen-*/measured*"))):
            # pytest's `measuredcurrent` is a link to the newest.
            for file in [] if measured.is_symlink() else sorted(measured.rglob(FILE)):
                with problems.leaving_out():
                    found.append(FoundRun(file.parent, read_sound(file)))
        return found

    def _sessions(self) -> Path:
        """Where batch jobs of this project leave their sessions; by name, because nothing of theirs is imported."""
        from mnist_repro.report.jobs_file import SESSIONS

        told = getattr(self._config.option, "fugaku_workdir", None)
        # Where no plugin for jobs is loaded, there is no such setting.
        with contextlib.suppress(ValueError):
            told = told or self._config.getini("fugaku_workdir")
        return self._config.rootpath / (Path(str(told)).expanduser() if told else SESSIONS)

    def _write(self, report: Report, found: List[FoundRun], problems: Problems) -> Path:
        """Write the page from what is not bad input; where it is, as the user named it.

        Raises:
            BadInput: it cannot be written.
        """
        from mnist_repro.report import gate_file
        from mnist_repro.report.document import PageInputs, collect
        from mnist_repro.report.page.page_file import write

        told = _told(report)
        # Tests may train for other ends than a comparison.
        judged = [each for each in found if _of(each.run) in told]
        root = self._config.rootpath
        sources = PageInputs(
            runs=judged,
            places=["pytest"],
            baselines=root / self._config.getini("mnist_repro_baselines"),
            gate=gate_file.of_session(report),
            jobs=self._jobs(problems),
            data=self._config.option.data,
            unkept=len(told - {_of(each.run) for each in judged}),
        )
        page = write(collect(sources, problems), self._folder)
        return self._shown / page.name

    def _jobs(self, problems: Problems) -> Optional[Dict[str, Any]]:
        """The jobs that this session has started; None if there are none, or they cannot be read."""
        from mnist_repro.report import jobs_file

        place = jobs_file.find(self._sessions())
        if place is None or place.stat().st_mtime < self._began:
            return None
        with problems.leaving_out():
            return jobs_file.read(place, problems)
        return None


def _told(report: Report) -> Set[_Told]:
    """Every run that a comparison of the session rests on."""
    return {
        (entry.recipe, entry.rung, seed, _text(values))
        for entry in report.entries
        if entry.checked is not None
        for seed, values in entry.checked.samples.items()
    }


def _of(run: Run) -> _Told:
    from mnist_repro.runs.metrics import metric_values

    return (run.recipe, run.scale, run.seed, _text(metric_values(run)))


def _text(values: Mapping[str, float]) -> str:
    return repr(sorted(values.items()))
