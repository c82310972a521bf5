"""The plugin's options and hooks, which every start of pytest loads. A hook imports the package `pjm` when it needs it.

A project may have a module `pjm` of its own, and its tests must get that one. PYTEST_DONT_REWRITE: there are several
ways to load this module, and pytest would warn when it is loaded a second time.
"""

from __future__ import annotations

import contextlib
import re
import sys
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, List, Mapping, Optional, Sequence

import pytest

if TYPE_CHECKING:
    import argparse

_JOB = "pjm.worker_plugin"
_CLIENT = "pjm.client"
_SESSION = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}", re.ASCII)  # as in pjm.sessions.index
_OURS = Path(__file__).resolve().with_name("pjm") / "__init__.py"

MARK = "fugaku"
HELP = (
    "fugaku(nodes=1, elapse='30m', rscgrp=None, env={}, after=None, together=None, cpus=None, mem=None, gres=None, "
    "ranks=None): with --fugaku, run this test in a batch job with this number of nodes, elapse limit, resource group "
    "and environment; after= names a test that must pass first, together= tests of one job; cpus, mem and gres are "
    "of each node; ranks= runs the test under mpiexec in this number of processes, also without --fugaku"
)
GROUP = "marked tests (@pytest.mark.fugaku) as batch jobs; try: pytest --fugaku-emulate"
LATEST = "latest"
WORKDIR = ".pjm"
IMPLY_FUGAKU = ("fugaku_emulate", "fugaku_dry_run", "fugaku_detach", "fugaku_resume")

# Name, metavar, help text. Each is an option --fugaku-NAME, and fugaku_NAME in pytest's configuration.
BOTH = (
    ("scheduler", "NAME", "batch system: pjm or slurm (default: the one whose commands are on PATH)"),
    ("group", "GROUP", "group that is charged (PJM's group, Slurm's account)"),
    ("rscgrp", "NAME", "resource group (Slurm's partition) of marks that name none"),
    ("gfscache", "VOLUMES", 'volumes that jobs read, joined with ":", such as /vol0004:/vol0005'),
    ("elapse", "TIME", "elapse limit of marks that have none (default: 00:30:00)"),
    ("python", "COMMAND", "command that starts Python on the compute nodes, quoted as in a shell (default: this one)"),
    ("host", "[USER@]HOST", "login node to submit on, reached by ssh (default: this machine)"),
    ("remote", "FOLDER", "folder on that host for checkout and sessions; compute nodes must see it"),
    ("mpiexec", "COMMAND", "command that starts the ranks in a job (default: the batch system's, with -n {ranks})"),
    ("workdir", "DIR", "folder of the sessions; compute nodes must see it (default: .pjm in the root folder)"),
    ("retries", "N", "how often a test is submitted again after a failure of the system (default: 2)"),
    ("queue_timeout", "TIME", "how long a job may wait to start; 0: without limit (default: 0)"),
    ("run_timeout", "TIME", "a limit for running jobs in addition to elapse; 0: none (default: 0)"),
    (
        "poll",
        "S-S",
        "least and most seconds between questions to the batch system (default: 10-60; emulated: 0.05-0.5)",
    ),
)
_INI = (
    ("prologue", "linelist", "lines of shell that each job runs before pytest, such as export PATH=..."),
    ("limits", "linelist", "nodes and time of resource groups, one per line: small 1-384 72:00:00 (default: Fugaku's)"),
    ("unknown_jobs", "string", "most jobs for tests of unknown duration with the same resources (default: 4)"),
    ("tests_per_job", "string", "tests of unknown duration in a job (default: 20, or what fugaku_unknown_jobs needs)"),
    ("bulk_limit", "string", "most sub jobs of a bulk job (default: 2000)"),
    ("start_up", "string", "seconds of an elapse limit that are kept free for the start (default: 60)"),
    ("grace", "string", "seconds to wait for results and jobs that should exist (default: 120; emulated: 3)"),
    (
        "ranks_gate",
        "string",
        "how ranks keep in step: files, mpi4py, or mpiexec: one start for each test (default: files)",
    ),
    ("backoff", "string", "seconds before the first retry, doubled for each further one (default: 30; emulated: 0.1)"),
    ("submit_options", "args", "options for every pjsub or sbatch, such as --no-check-directory or --exclusive"),
    ("pjsub_options", "args", "options for pjsub only, if fugaku_submit_options is not set"),
)
# Name and kind of each setting.
SETTINGS = (*((name, "string") for name, _, _ in BOTH), *((name, kind) for name, kind, _ in _INI))


def add_settings(parser: pytest.Parser) -> None:
    """Add the settings of pytest's configuration, and the option `--fugaku`."""
    group = parser.getgroup("fugaku", GROUP)
    group.addoption("--fugaku", action="store_true", help="run marked tests as batch jobs")
    for name, _, text in BOTH:
        parser.addini(f"fugaku_{name}", text, default=None)
    for name, kind, text in _INI:
        parser.addini(f"fugaku_{name}", text, type=kind, default=[] if kind != "string" else None)  # type: ignore[arg-type]


def spread(arguments: Sequence[str]) -> List[str]:
    """Replace each `@file` of a command line by the lines of that file, as pytest itself does later."""
    words: List[str] = []
    for word in arguments:
        lines = None
        if word.startswith("@"):
            with contextlib.suppress(OSError, ValueError):  # pytest reports what is wrong with the file
                lines = Path(word[1:]).read_text(encoding=sys.getfilesystemencoding(), errors="surrogateescape")
        words += [word] if lines is None else spread(lines.splitlines())
    return words


def wanted(arguments: Sequence[str]) -> bool:
    """Whether a command line uses any of the other options. Only then are they added: each costs start-up time."""
    return any(word.startswith(("--fugaku-", "-h", "--help")) for word in arguments)


def add_options(parser: pytest.Parser) -> None:
    """Add all options except `--fugaku`."""
    group = parser.getgroup("fugaku", GROUP)
    group.addoption("--fugaku-emulate", action="store_true", help="run them with an emulated PJM on this machine")
    group.addoption("--fugaku-dry-run", action="store_true", help="write and show the job scripts; submit nothing")
    group.addoption(
        "--fugaku-budget", type=float, metavar="NODE_HOURS", help="submit nothing if the jobs would request more"
    )
    group.addoption("--fugaku-detach", action="store_true", help="submit the jobs and end; --fugaku-resume continues")
    group.addoption(
        "--fugaku-resume",
        nargs="?",
        const=LATEST,
        metavar="ID",
        help="continue a session that was left or died (=ID; default: the latest)",
    )
    for name, metavar, text in BOTH:
        group.addoption(f"--fugaku-{name.replace('_', '-')}", metavar=metavar, help=text)


def complete(option: argparse.Namespace) -> None:
    """Set options that were not added to the value of an option that was not given."""
    for name in ("emulate", "dry_run", "budget", "detach", "resume", *(name for name, _, _ in BOTH)):
        if not hasattr(option, f"fugaku_{name}"):
            setattr(option, f"fugaku_{name}", None)
    option.fugaku = bool(option.fugaku or any(getattr(option, name) for name in IMPLY_FUGAKU))


def workdir(config: pytest.Config) -> Path:
    """The folder that keeps the sessions of this project."""
    folder = given(config, "workdir")
    path = config.rootpath / (Path(folder).expanduser() if folder else WORKDIR)
    # Paths of sessions are compared, and ".." would make one folder look like two.
    return path.resolve() if ".." in path.parts else path.absolute()


def given(config: pytest.Config, name: str) -> Optional[str]:
    """The value of the option; without the option, that of `configured`."""
    option = config.getoption(f"fugaku_{name}", None)
    value = option if option is not None else configured(config, name)
    return None if value in (None, "", []) else str(value)


def configured(config: pytest.Config, name: str) -> Any:
    """The value of the project's configuration; if it has none, with `--fugaku`, that of the user's own settings."""
    value = config.getini(f"fugaku_{name}")
    return of_user(config).get(name, value) if value in (None, "", []) else value


def of_user(config: pytest.Config) -> Mapping[str, object]:
    """The user's own settings; none without `--fugaku`.

    Raises:
        BadInput: their file is wrong.
    """
    if not getattr(config.option, "fugaku", False):
        return {}
    found: Optional[Mapping[str, object]] = getattr(config, "_pjm_user_settings", None)
    if found is None:
        from pjm.user_settings import user_settings

        found = config._pjm_user_settings = user_settings()  # type: ignore[attr-defined]
    return found


class EntryPoint:
    """The entry point, which pytest loads as the plugin "pjm.plugin"; the name is listed and can be blocked."""

    @staticmethod
    def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
        """Load this module by its own name. pytest registers it once, even if others load it too."""
        pluginmanager.import_plugin(__name__)


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the settings of the plugin."""
    add_settings(parser)
    # If a conftest.py loads this module, the hook below has already been called: add all options here.
    if any(str(getattr(plugin, "__file__", "")).endswith("conftest.py") for plugin in pluginmanager.get_plugins()):
        add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: List[str]) -> None:
    """Add the options that this command line uses; when a session is resumed, bring back its command line."""
    args[:] = spread(args)
    if wanted(args):
        add_options(parser)
    resume = next((place for place, word in enumerate(args) if word.partition("=")[0] == "--fugaku-resume"), None)
    if resume is None or early_config.pluginmanager.hasplugin(_JOB):
        return
    with _own_package(early_config, "--fugaku"):
        from pjm.client.command_line import bring_back

        bring_back(early_config, parser, args, resume)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Describe the mark; with `--fugaku`, begin a session."""
    config.addinivalue_line("markers", HELP)
    option = config.option
    complete(option)
    if config.pluginmanager.hasplugin(_JOB) or hasattr(config, "workerinput"):
        return
    if not option.fugaku:
        if getattr(option, "dist", "no") != "no":  # with pytest-xdist, this process collects nothing
            _learn_times(config)
        return
    with _own_package(config, "--fugaku"):
        from pjm.client.conflicts import check_together, stays_here

        if stays_here(option):
            return
        from pjm.client.client import Client

        check_together(option)
        config.pluginmanager.register(Client(config), _CLIENT)


# Not in pytest_collection_modifyitems: a later hook there, such as that of --ff, would change the order again.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep to `after=` and `ranks=` if the marked tests run without jobs."""
    config, manager = session.config, session.config.pluginmanager
    if manager.hasplugin(_JOB):
        return
    if manager.hasplugin(_CLIENT):
        require_own_package(config, "--fugaku")  # again: the folders of the tests are on the import path now
        return
    marks = [mark for item in session.items for mark in item.iter_markers(MARK)]
    # If the project has its own module pjm, there are no jobs, and only these arguments of the marks have an effect.
    if not marks or (_stranger(config) and not any({"after", "ranks"} & mark.kwargs.keys() for mark in marks)):
        return
    with _own_package(config, "after= or ranks= of a mark"):
        from pjm.client.local_after import keep_order

        keep_order(session)
    if not hasattr(config, "workerinput"):
        _learn_times(config)


def pytest_ignore_collect(collection_path: Path) -> Optional[bool]:
    """Leave out the folders of sessions: they have copies of our modules, and what tests have left."""
    session = _SESSION.fullmatch(collection_path.name) and (collection_path / "session.json").exists()
    return True if session or collection_path.name == WORKDIR else None


@pytest.fixture
def artifacts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> object:
    """Files for the tests after this one: `artifacts.folder` to write to, `artifacts.of("test_train")` to read from."""
    manager = request.config.pluginmanager
    if not manager.hasplugin(_JOB):
        try:
            require_own_package(request.config, "the fixture artifacts")
        except pytest.UsageError as error:
            pytest.fail(str(error), pytrace=False)
    root: Optional[Path] = None
    fetch: Any = None
    for name in (_JOB, _CLIENT):
        plugin = manager.get_plugin(name)
        root, fetch = root or getattr(plugin, "artifacts", None), fetch or getattr(plugin, "fetch_artifacts", None)
    if root is None:
        root = tmp_path_factory.getbasetemp() / "artifacts"
        root.mkdir(exist_ok=True)
    from pjm.identity import identity
    from pjm.job.artifacts import Artifacts

    made = Artifacts(root, identity(request.node), fetch, getattr(manager.get_plugin(_JOB), "attempt", None))
    made.begin()
    return made


@pytest.fixture(scope="session")
def mpi(request: pytest.FixtureRequest) -> object:
    """The place among the ranks of a test: `mpi.rank` of `mpi.size`, and `mpi.comm`, the communicator of mpi4py."""
    job = request.config.pluginmanager.get_plugin(_JOB)
    if job is None:
        require_own_package(request.config, "the fixture mpi")
    from pjm.job.rank import Mpi

    return getattr(job, "mpi", Mpi())


def _learn_times(config: pytest.Config) -> None:
    """Keep how long marked tests take in this process, for the first jobs."""
    if _stranger(config) is None:
        require_own_package(config, "--fugaku")
        from pjm.client.local_times import learn

        learn(config)


@contextlib.contextmanager
def _own_package(config: pytest.Config, asks: str) -> Iterator[None]:
    """Import our package; a `BadInput` in the body becomes an error of usage."""
    require_own_package(config, asks)
    from pjm.errors import BadInput

    try:
        yield
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error


def require_own_package(config: pytest.Config, asks: str) -> None:
    """Import our package `pjm`.

    Raises:
        pytest.UsageError: the tests of this project import another module of that name, or this is Windows.
    """
    from platform import system

    if system() == "Windows":
        raise _refusal(
            f"{asks} does not work on Windows",
            "sessions need locks and processes as POSIX has them",
            "use Linux in Windows (WSL), a Mac, or the login node; without --fugaku, the tests run as they are",
        )
    stranger, package = _stranger(config), _OURS.parent
    if stranger is not None:
        raise _refusal(
            f"{asks} does not work in this project, which has a module pjm of its own: {stranger}",
            f"the plugin needs its package {package}, and one Python process has one module of a name",
            "rename the project's module; without --fugaku, after= and artifacts, its tests run as they are",
        )
    if getattr(sys.modules.get("pjm"), "__file__", None):
        return
    # With importlib as import mode, pytest makes an empty module of a folder pjm of tests.
    sys.modules.pop("pjm", None)
    # At the front: some ways to install put a folder pjm without Python modules first on the path.
    sys.path.insert(0, str(package.parent))
    try:
        import_module("pjm")
    finally:
        sys.path.remove(str(package.parent))


def _stranger(config: pytest.Config) -> Optional[str]:
    """The module pjm that the tests of this project import, if it is not ours."""
    loaded = getattr(sys.modules.get("pjm"), "__file__", None)
    if loaded and not _is_ours(loaded):
        return str(loaded)
    # pytest may put the first two folders on the path only later, when it collects.
    folders = [str(config.invocation_params.dir), str(config.rootpath), *sys.path]
    spec = PathFinder.find_spec("pjm", folders)
    return None if spec is None or spec.origin is None or _is_ours(spec.origin) else spec.origin


def _is_ours(file: str) -> bool:
    """Whether a module pjm is the package beside this file or a copy of it (a checkout and an installed wheel)."""
    try:
        return Path(file).read_bytes() == _OURS.read_bytes()
    except OSError:
        return False


def _refusal(what: str, why: str, fix: str) -> pytest.UsageError:
    """The message of a `pjm.errors.BadInput`, for places where that class cannot be imported."""
    return pytest.UsageError(f"{what}\n  why: {why}\n  next: {fix}")
