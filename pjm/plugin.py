"""`pytest --fugaku`: hooks only. They translate, others decide; nothing of ours is imported that is not needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, List, Optional

import pytest

from pjm.options import IMPLY_FUGAKU, LATEST, add_options

if TYPE_CHECKING:
    from pjm.artifacts import Artifacts

_JOB = "pjm.worker_plugin"
_CLIENT = "pjm.client"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the plugin takes."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: List[str]) -> None:
    """Bring back the command line of a session that is resumed."""
    resume = next((place for place, word in enumerate(args) if word.partition("=")[0] == "--fugaku-resume"), None)
    if resume is None or early_config.pluginmanager.hasplugin(_JOB):
        return
    from pjm.client import saved_arguments
    from pjm.errors import BadInput
    from pjm.options import workdir
    from pjm.session import IDENTITY

    word, identity = args[resume], LATEST
    if "=" in word:
        identity = word.partition("=")[2] or LATEST
    elif resume + 1 < len(args) and IDENTITY.fullmatch(args[resume + 1]):
        identity = args.pop(resume + 1)
    args[resume] = f"--fugaku-resume={identity}"  # or else a path behind it would be taken for an identity
    early_config.option.fugaku_workdir = early_config.known_args_namespace.fugaku_workdir
    try:
        saved = saved_arguments(workdir(early_config), identity)
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error
    args[:0] = [each for each in saved if each not in args]
    early_config._pjm_arguments = saved  # type: ignore[attr-defined]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Say what the mark means; begin a session with `--fugaku`."""
    from pjm.marks import HELP

    config.addinivalue_line("markers", HELP)
    option = config.option
    option.fugaku = bool(option.fugaku or any(getattr(option, name) for name in IMPLY_FUGAKU))
    if not option.fugaku or config.pluginmanager.hasplugin(_JOB) or hasattr(config, "workerinput"):
        return
    if getattr(option, "numprocesses", None) or getattr(option, "tx", None) or getattr(option, "dist", "no") != "no":
        raise pytest.UsageError(
            "--fugaku does not go together with -n, --dist and --tx of pytest-xdist\n"
            "  why: jobs run side by side already, and xdist's workers would each submit them\n"
            "  next: leave out -n (add -p no:xdist if it stands in addopts)"
        )
    if option.help or option.version or getattr(option, "markers", False) or getattr(option, "showfixtures", False):
        return
    from pjm.client import Client
    from pjm.errors import BadInput

    try:
        config.pluginmanager.register(Client(config), _CLIENT)
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: List[pytest.Item]) -> None:
    """Where marked tests run here, keep to `after=`."""
    manager = config.pluginmanager
    if manager.hasplugin(_CLIENT) or manager.hasplugin(_JOB):
        return
    marks = [mark for item in items for mark in item.iter_markers("fugaku")]
    if not marks:
        return
    from pjm.chains import LocalChains, in_order
    from pjm.errors import BadInput
    from pjm.marks import wishes
    from pjm.request import Defaults

    try:
        wanted = wishes(items, Defaults())
    except BadInput as error:
        raise pytest.UsageError(str(error)) from error
    if any(wish.after for wish in wanted.values()):
        items[:] = in_order(items, wanted)
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
    return Artifacts(root, request.node.nodeid)
