"""The pytest plugin in a job: runs exactly the tests of a share, and writes every report to the share's events."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path
from typing import Any, Dict, Generator, List, Optional, Sequence, Set, Tuple, Union

import pytest

from pjm.identity import identify, identity
from pjm.job import events
from pjm.job.assignment import Assignment
from pjm.job.books import books
from pjm.job.events import SureLog
from pjm.job.rank import Gate, Mpi, Rank

NAME = "pjm.worker_plugin"
LOG = "pytest.log"  # in the folder of the share; what --log-file is for

# Options that a job ignores: those that the client handles, and those that would change which tests run.
_NEUTRAL: Dict[str, Any] = {
    "keyword": "",
    "markexpr": "",
    "deselect": None,
    "lf": False,
    "failedfirst": False,
    "newfirst": False,
    "cacheclear": False,
    "stepwise": False,
    "stepwise_skip": False,
    "stepwise_reset": False,
    "maxfail": 0,
    "session_timeout": 1e9,  # not None, because then the configuration counts; not 0, which ends at once
    "usepdb": False,
    "trace": False,
    "collectonly": False,
    "continue_on_collection_errors": True,
    "xmlpath": None,
    "htmlpath": None,
    "report_log": None,
    "json_report_file": None,
    "mdpath": None,
    "excelpath": None,
    "json_path": None,
    "tap_files": False,
    "tap_combined": False,
    "store_durations": False,
    # The client saves, compares and draws; see `pjm.job.books`.
    **dict.fromkeys(
        f"benchmark_{name}" for name in ("json", "save", "autosave", "compare", "compare_fail", "histogram")
    ),
    "clean_alluredir": False,  # the client has emptied the folder
    "pastebin": None,
    "numprocesses": None,
    "dist": "no",
    "tx": [],
    "looponfail": False,
}
_OTHERS = ("lfplugin", "nfplugin", "stepwiseplugin")  # they write caches that only the client may write


class WorkerPlugin:
    """The plugin of one pytest process of a job.

    Attributes:
        ran: whether a test has begun.
        trouble: what went wrong outside the tests, such as the traceback of an internal error; "" if nothing did.

    Args:
        log: the log of events.
        left: node ids to run, in order.
        assignment: what the share has to do.
        rank: which rank of each test this process is; None for tests without ranks.
    """

    def __init__(self, log: SureLog, left: Sequence[str], assignment: Assignment, rank: Optional[Rank] = None) -> None:
        self.__name__ = NAME  # pytest registers the plugin under this name
        self._log = log
        self._left = list(left)
        self._assignment = assignment
        self._files = frozenset(map(Path, assignment.files))
        self._files_and_folders = self._files.union(*(file.parents for file in self._files))
        self._collection_trouble: List[Tuple[pytest.Collector, str, str]] = []
        self._config: Optional[pytest.Config] = None
        self.artifacts: Path = assignment.artifacts
        self._rank = rank
        self.attempt = rank.started if rank is not None else None
        self.mpi = rank.mpi if rank is not None else Mpi()
        self._gate = rank.gate(log, self._left) if rank is not None else Gate()
        self.ran = False
        self.trouble = ""
        self._failed = self._stopped = False
        self._books = books()

    @property
    def output(self) -> Dict[str, Any]:
        """What plugins of this process have left for those of the client, as workers of pytest-xdist do."""
        output: Dict[str, Any] = getattr(self._config, "workeroutput", {})
        return output

    def explains(self, code: int) -> bool:
        """Whether the tests explain an exit code of pytest; else something at the end of the session caused it."""
        return code == 0 or self._stopped or (code == pytest.ExitCode.TESTS_FAILED and self._failed)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(
        self, early_config: pytest.Config, parser: pytest.Parser, args: List[str]
    ) -> Generator[None, None, None]:
        """Remove options that only the client's plugins know: the job's Python may have other plugins."""
        yield
        _, unknown = parser.parse_known_and_unknown_args(list(args))
        for option in unknown:
            args.remove(option)
            print(f"no plugin of this job's environment knows {option}")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> Generator[None, object, object]:
        """Select the assigned files, and switch off what the client does."""
        self._config = config
        for name, value in _NEUTRAL.items():
            if hasattr(config.option, name):
                setattr(config.option, name, value)
        option, folder = config.option, self._assignment.events.parent
        if self._rank is not None and option.color == "auto":
            option.color = "no"  # mpiexec gives its first rank a terminal
        # Not None where there is none, because then the configuration counts.
        option.log_file = str(folder / LOG) if option.log_file or config.getini("log_file") else ""
        option.log_file_mode = "a"  # after a crash, the next process goes on with the same file
        # Ranks that begin at the same time would disturb one another in pytest's own folder of temporary folders.
        option.basetemp = _own_basetemp(option.basetemp, folder) or (str(folder / "tmp") if self._rank else None)
        config.workeroutput = {}  # type: ignore[attr-defined]
        config.args[:] = self._places()
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> Optional[bool]:
        """Leave out what none of the tests comes from."""
        return None if not self._files or collection_path in self._files_and_folders else True

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Switch off plugins that write caches; collect what is meant for the client's junit file."""
        from _pytest.junitxml import xml_key

        manager = config.pluginmanager
        self._log.write(events.PLUGINS, names=sorted(plugin_names(config)))
        for name in _OTHERS:
            if manager.hasplugin(name):
                manager.unregister(name=name)
        config.stash[xml_key] = _JunitNotes(self._log, self._assignment.junit)  # type: ignore[misc]

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Remove our object from the stash, because pytest's junit plugin would take it for its own."""
        from _pytest.junitxml import xml_key

        if xml_key in config.stash:
            del config.stash[xml_key]

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Remember failed and skipped collections, to explain missing tests later."""
        report = yield
        if not report.passed:
            self._collection_trouble.append((collector, report.outcome, _text(report)))
        self._failed |= report.failed
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, items: List[pytest.Item], session: pytest.Session
    ) -> Generator[None, None, None]:
        """Select the tests of this share, in its order, after all other plugins have changed the list."""
        collected = list(items)
        identify(collected)
        yield
        found = {identity(item): item for item in (*items, *collected)}
        for test in self._left:
            if test not in found:
                outcome, why = self._why_missing(test, session.config.rootpath)
                instead = next((other for other in found if other.split("[")[0] == test.split("[")[0]), None)
                self._log.write(events.MISSING, test=test, outcome=outcome, why=why, instead=instead)
        items[:] = [found[test] for test in self._gate.agree([test for test in self._left if test in found])]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Write the events that begin and end a test."""
        self.ran = True
        self._gate.pass_through(identity(item))
        self._log.write(events.START, test=identity(item), time=time.time())
        result = yield
        session = item.session
        for name, book in self._books.items():
            try:
                entries = book.take(session.config)
            except Exception as error:  # as with a later version of that plugin
                self.trouble = f"what {name} gathered of {item.nodeid} is lost: {type(error).__name__}: {error}"
                continue
            if entries is not None:
                self._log.write(events.BOOK, test=identity(item), plugin=name, entries=entries)
        if session.shouldfail or session.shouldstop:
            self._stopped = True
            self._log.write(
                events.ENOUGH,
                test=identity(item),
                failed=bool(session.shouldfail),
                why=str(session.shouldfail or session.shouldstop),
            )
        self._log.write(events.STOP, test=identity(item), time=time.time())
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Write the event of the setup phase."""
        self._log.write(events.PHASE, test=identity(item), when="setup")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Write the event of the call phase."""
        self._log.write(events.PHASE, test=identity(item), when="call")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Write the event of the teardown phase."""
        self._log.write(events.PHASE, test=identity(item), when="teardown")

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write a report; last, because other plugins change it: a test with failed subtests becomes failed."""
        config = self._config
        if config is None:
            return
        self._failed |= report.failed
        data = config.hook.pytest_report_to_serializable(config=config, report=report)
        # pytest turns a failure that it cannot serialize into text; `shown` says that the text is a whole failure.
        shown = {"shown": True} if hasattr(report.longrepr, "toterminal") and isinstance(data["longrepr"], str) else {}
        self._log.write(events.REPORT, data=data, **shown)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Write how a test ended the whole session."""
        self._stopped = True
        stop = excinfo.value
        left = {"why": stop.msg, "code": stop.returncode} if isinstance(stop, pytest.exit.Exception) else None
        self._log.write(events.STOPPED, how=excinfo.exconly(), exit=left)

    def pytest_internalerror(self, excrepr: object) -> None:
        """Keep the text of an internal error: it belongs to no test."""
        self.trouble = str(excrepr)

    def pytest_warning_recorded(
        self,
        warning_message: warnings.WarningMessage,
        when: str,
        nodeid: str,
        location: Optional[Tuple[str, int, str]],
    ) -> None:
        """Write a warning of a test; the client itself has seen those of configuration and collection."""
        if when != "runtest":
            return
        category = warning_message.category
        self._log.write(
            events.WARNING,
            message=str(warning_message.message),
            category=[category.__module__, category.__qualname__],
            filename=warning_message.filename,
            lineno=warning_message.lineno,
            when=when,
            nodeid=nodeid,
            location=location,
        )

    def _places(self) -> List[str]:
        """The client's files and folders that hold a file of the tests, and names that are not of files."""
        paths = {place: Path(os.path.normpath(str(Path.cwd() / place))) for place in self._assignment.places}
        needed = [place for place, path in paths.items() if path in self._files_and_folders or not path.exists()]
        return needed if self._files else list(paths)

    def _why_missing(self, test: str, rootdir: Path) -> Tuple[str, str]:
        """Whether a test that was not collected counts as failed or skipped, and what collection said."""
        for collector, outcome, why in self._collection_trouble:
            if _holds(collector, test, rootdir):
                return outcome, why
        return "failed", "no such test was collected in the job: the files or the plugins there differ from those here"


class _JunitNotes:
    """Takes the place of junit's plugin, and writes what junit's fixtures record as events for the client."""

    def __init__(self, log: SureLog, family: str) -> None:
        self._log = log
        self.family = family

    def add_global_property(self, name: str, value: object) -> None:
        self._log.write(events.SUITE_PROPERTY, name=name, value=str(value))

    def node_reporter(self, report: object) -> _JunitNotes.Test:
        return _JunitNotes.Test(self._log, str(getattr(report, "nodeid", report)))

    class Test:
        """Takes the place of junit's reporter of one test."""

        def __init__(self, log: SureLog, test: str) -> None:
            self._log = log
            self._test = test

        def add_attribute(self, name: str, value: object) -> None:
            self._log.write(events.ATTRIBUTE, test=self._test, name=str(name), value=str(value))

        def add_property(self, name: str, value: object) -> None:
            self._log.write(events.ATTRIBUTE, test=self._test, name=str(name), value=str(value))


def plugin_names(config: pytest.Config) -> Set[str]:
    """The names of the installed packages whose plugins are loaded, without ours."""
    installed = config.pluginmanager.list_plugin_distinfo()
    return {
        str(package.project_name) for plugin, package in installed if getattr(plugin, "__module__", "") != "pytest_pjm"
    }


def _own_basetemp(given: Optional[str], folder: Path) -> Optional[str]:
    """A folder beside the one of --basetemp: pytest empties that when it begins, and jobs begin at any time."""
    if not given:
        return None
    place = f"{os.path.normpath(given)}-{folder.parent.name}-{folder.name}"
    return f"{place}.{os.getpid()}" if Path(place).exists() else place  # the next process after a crash


def _holds(collector: pytest.Collector, test: str, rootdir: Path) -> bool:
    """Whether a test of that identity would come from this collector."""
    name, _, rest = test.partition("::")
    file = Path(os.path.normpath(str(rootdir / name)))
    if collector.path != file:
        return isinstance(collector, pytest.Session) or collector.path in file.parents
    within = collector.nodeid.partition("::")[2]
    return not within or rest.startswith(f"{within}::")


def _text(report: Union[pytest.CollectReport, pytest.TestReport]) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return str(report.longreprtext)
