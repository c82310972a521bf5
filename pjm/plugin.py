"""`pytest --fugaku`: hooks only. They translate, others decide; nothing of ours is imported that is not needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, List, Optional, Set

import pytest

from pjm import options

if TYPE_CHECKING:
    from pjm.artifacts import Artifacts

_JOB = "pjm.worker_plugin"
_CLIENT = "pjm.client"


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add what the plugin takes."""
    options.add_settings(parser)
    # Loaded by a conftest.py, we come too late for the hook below.
    if any(str(getattr(plugin, "__file__", "")).endswith("conftest.py") for plugin in pluginmanager.get_plugins()):
        options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: List[str]) -> None:
    """Add the options that this command line asks for; bring back that of a session that is resumed."""
    args[:] = options.spread(args)
    if options.wanted(args):
        options.add_options(parser)
    resume = next((place for place, word in enumerate(args) if word.partition("=")[0] == "--fugaku-resume"), None)
    if resume is None or early_config.pluginmanager.hasplugin(_JOB):
        return
    from pjm.arguments import saved_arguments, without_repetition
    from pjm.errors import BadInput
    from pjm.sessions import IDENTITY

    word, identity = args[resume], options.LATEST
    if "=" in word:
        identity = word.partition("=")[2] or options.LATEST
    elif resume + 1 < len(args) and IDENTITY.fullmatch(args[resume + 1]):
        identity = args.pop(resume + 1)
    args[resume] = f"--fugaku-resume={identity}"  # or else a path behind it would be taken for an identity
    early_config.option.fugaku_workdir = parser.parse_known_args(list(args)).fugaku_workdir
    try:
        saved = saved_arguments(options.workdir(early_config), identity, early_config.invocation_params.dir)
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error
    # A file that is given twice is collected twice.
    repeated = _places(parser, saved) & _places(parser, args)
    kept = without_repetition(saved, [str(word) for word in early_config.invocation_params.args])
    args[:0] = [each for each in kept if each not in repeated]
    early_config._pjm_arguments = saved  # type: ignore[attr-defined]


def _places(parser: pytest.Parser, arguments: List[str]) -> Set[str]:
    """The files, folders and node ids of a command line."""
    found = parser.parse_known_args(list(arguments)).file_or_dir
    return {each for each in found if Path(each.partition("::")[0]).exists()}


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Say what the mark means; begin a session with `--fugaku`."""
    config.addinivalue_line("markers", options.HELP)
    option = config.option
    options.complete(option)
    if not option.fugaku or config.pluginmanager.hasplugin(_JOB) or hasattr(config, "workerinput"):
        return
    from pjm.together import check_together, stays_here

    if stays_here(option):
        return
    from pjm.client import Client
    from pjm.errors import BadInput

    try:
        check_together(option)
        config.pluginmanager.register(Client(config), _CLIENT)
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error


# Not when items are modified: whatever hooks there come last, such as --ff, would have the last word.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Where marked tests run here, keep to `after=`."""
    config, manager = session.config, session.config.pluginmanager
    if manager.hasplugin(_CLIENT) or manager.hasplugin(_JOB):
        return
    if not any(item.get_closest_marker(options.MARK) for item in session.items):
        return
    from pjm.chains import LocalChains, in_order
    from pjm.errors import BadInput
    from pjm.marks import wishes
    from pjm.settings import defaults

    try:
        wanted = wishes(session.items, defaults(config))
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error
    if any(wish.after for wish in wanted.values()):
        session.items[:] = in_order(session.items, wanted)
        manager.register(LocalChains(wanted), "pjm.chains")


@pytest.fixture
def artifacts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """Files for the tests after this one: `artifacts.folder` to write to, `artifacts.of("test_train")` to read from."""
    from pjm.artifacts import Artifacts

    manager = request.config.pluginmanager
    root: Optional[Path] = None
    for name in (_JOB, _CLIENT):
        plugin = manager.get_plugin(name)
        root = root or getattr(plugin, "artifacts", None)
    if root is None:
        root = tmp_path_factory.getbasetemp() / "artifacts"
        root.mkdir(exist_ok=True)
    made = Artifacts(root, request.node.nodeid)
    made.begin()
    return made
