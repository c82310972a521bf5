"""The pytest plugin of the harness: options, the fixtures `measured` and `baseline`, the page of a session. Hooks only.

Large modules are imported when they are needed and not before, because login nodes collect tests with this plugin.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Iterator, List, Optional, Sequence, Tuple, Union

import pytest

from mnist_repro.commands.options import named, named_place
from mnist_repro.errors import BadInput
from mnist_repro.gate.plugin import AUTO, SESSION
from mnist_repro.gate.session.reports import ANY_NAME, WANTED

if TYPE_CHECKING:
    from mnist_repro.harness.fixture import Baseline, Measured
    from mnist_repro.harness.measurements import Measurements

# The options for seeds and the gate report.
pytest_plugins = ("mnist_repro.gate.plugin",)

RUNGS = ("fingerprint", "subset", "full", "published")
# A conftest.py sets this key on tests that another process runs: this process measures nothing for them.
ELSEWHERE = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the harness."""
    group = parser.getgroup("mnist-repro", "trainings of recipes")
    group.addoption(
        "--repro-scale",
        choices=("subset", "full"),
        help="subset: some seconds of each recipe; full: the published budget (default: subset)",
    )
    group.addoption(
        "--repro-arithmetic",
        choices=("original", "framework"),
        default="original",
        help="original: optimisers of the source's time; framework: those of this TensorFlow (default: original)",
    )
    group.addoption(
        "--repro-data",
        type=named,
        metavar="mnist|surrogate|DIR",
        help="as `--data` of `mnist-repro` (default: $MNIST_REPRO_DATA, else what is found without a download)",
    )
    group.addoption(
        "--repro-recipes",
        type=named_place,
        action="append",
        metavar="FILE.py",
        help="a Python file with your own recipes (default: the setting repro_recipes)",
    )
    group.addoption(
        "--repro-report",
        type=named_place,
        metavar="DIR",
        help="write a page for people into this folder when the session ends, as `mnist-repro report` does",
    )
    parser.addini(
        "repro_recipes", "Python files with recipes, relative to the root folder", type="linelist", default=[]
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set the options that are still unset. This hook runs last, so that a conftest.py can set them first."""
    option = config.option
    option.repro_scale = option.repro_scale or "subset"
    _require_data(option.repro_data)
    _name_recipes(config)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Tell the gate's report about the session, and prepare the page. By now every plugin is configured."""
    config, option = session.config, session.config.option
    gate = config.pluginmanager.get_plugin(SESSION)
    if gate is None:  # in xdist's workers
        return
    from mnist_repro.recipes import RECIPES

    gate.settings.update(scale=option.repro_scale, arithmetic=option.repro_arithmetic)
    # Those whose baselines lie in this project: another project need not judge the recipes of this package.
    folder = config.rootpath / config.getini("gate_baselines")
    gate.expected = tuple(name for name in RECIPES if (folder / name).is_dir())
    if option.repro_report is not None and not option.collectonly:
        from mnist_repro.harness.report_session import ReportSession

        page = ReportSession(config, gate)
        page.require_place()
        config.pluginmanager.register(page, "mnist_repro.report_session")


def pytest_report_header(config: pytest.Config) -> str:
    """The line at the start of a session: scale, seeds and arithmetic."""
    option = config.option
    return f"mnist-repro: {option.repro_scale} scale, seeds: {option.gate_seeds}, {option.repro_arithmetic} arithmetic"


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Attach recipe and rung to each test, so that its report names them even without a verdict."""
    for item in items:
        target = _wanted(item)
        if target is not None:
            item.user_properties.append(_announced(*target))


@pytest.fixture
def baseline(request: pytest.FixtureRequest) -> Baseline:
    """The stored baselines: `baseline.check(measured)` fails the test unless the verdict is equivalent."""
    from mnist_repro.harness.fixture import Baseline

    config = request.config
    # Not `record_property`: it warns unless JUnit's oldest family was chosen.
    properties = request.node.user_properties
    if _wanted(request.node) is None:
        # A test that takes the baselines and never compares anything must appear in the gate report too.
        properties.append((WANTED, ANY_NAME))
    return Baseline(
        config.rootpath / config.getini("gate_baselines"),
        lambda name, value: properties.append((name, value)),
        more_seeds=config.option.gate_seeds == AUTO,
    )


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """The measurements of a recipe on a rung. Parametrize it, indirectly, with pairs of (recipe, rung).

    A rung is ``fingerprint``, ``subset``, ``full`` or ``published``. If the measurement fails, the
    fixture returns a `NotMeasured`, which leads to a verdict that does not pass.
    """
    from mnist_repro.harness.fixture import NotMeasured, PublishedFigures

    target = _wanted(request.node)
    if target is None:
        raise pytest.UsageError(
            f"{request.node.nodeid}: measured needs pairs of (recipe, rung), rung being one of {', '.join(RUNGS)}: "
            "@pytest.mark.parametrize('measured', [('vgg7', 'subset')], indirect=True)"
        )
    recipe, rung = target
    if rung == "published":
        return PublishedFigures(recipe)
    seeds = _seeds(request.config)
    try:
        crew: Measurements = request.getfixturevalue("_crew")
        crew.begin(_ahead(request.session.items, request.node), seeds)
        return crew.fingerprint(recipe) if rung == "fingerprint" else crew.runs(recipe, rung, seeds)
    except BadInput as error:
        return NotMeasured(recipe, rung, str(error))


@pytest.fixture(scope="session")
def _crew(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measurements]:
    """The measurements of this process, made on its share of the cores."""
    from mnist_repro.execution.workers import cores
    from mnist_repro.harness.measurements import Measurements

    option = request.config.option
    sharers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    crew = Measurements(
        tmp_path_factory.mktemp("measured"),
        option.repro_data,
        option.repro_arithmetic,
        max(1, cores() // sharers),
        request.config.rootpath / request.config.getini("gate_baselines"),
    )
    yield crew
    crew.stop()


@pytest.fixture(scope="session", autouse=True)
def _begun(request: pytest.FixtureRequest) -> None:
    """Start measuring with the session's first test, so that later tests wait less for their measurements."""
    targets = _ahead(request.session.items)
    if targets:
        # The tests that need a measurement report its error.
        with contextlib.suppress(BadInput):
            request.getfixturevalue("_crew").begin(targets, _seeds(request.config))


def _name_recipes(config: pytest.Config) -> None:
    """Have this session, its worker processes and its jobs know the recipes of the named files.

    Raises:
        UsageError: a file is missing or cannot be used.
    """
    files = config.option.repro_recipes or [config.rootpath / name for name in config.getini("repro_recipes")]
    if not files:
        return
    from mnist_repro.recipes import RECIPES
    from mnist_repro.recipes.outside import name_files

    try:
        name_files(files)
        RECIPES.forget()
        len(RECIPES)
    except BadInput as error:
        raise pytest.UsageError(f"recipes: {error}") from error


def _require_data(named: Optional[str]) -> None:
    """Refuse a named place that does not exist, before any test runs. Its content is read when it is needed.

    Raises:
        UsageError: the place does not exist.
    """
    if named is None:
        return
    from mnist_repro.data.places import WORDS, expanded

    # Not `Path.exists`: it fails on a name that is too long.
    if named not in WORDS and not os.path.exists(str(expanded(named))):  # noqa: PTH110
        raise pytest.UsageError(
            f"--repro-data {named}: there is no such folder or file\n"
            "  why: what was named is used, and nothing else instead\n"
            "  next: name a folder with MNIST, or mnist, or surrogate"
        )


def _ahead(items: Sequence[pytest.Item], first: Optional[pytest.Item] = None) -> List[Tuple[str, str]]:
    """The measurements that tests need, from ``first`` on. Empty in xdist's workers: they do not know their tests."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return []
    start = items.index(first) if first is not None else 0
    own_items = (item for item in items[start:] if not item.stash.get(ELSEWHERE, False))
    targets = [pair for pair in map(_wanted, own_items) if pair is not None and pair[1] != "published"]
    if not targets:
        return []
    from mnist_repro.recipes import RECIPES

    return [pair for pair in targets if pair[0] in RECIPES]


def _seeds(config: pytest.Config) -> Optional[int]:
    """The number of seeds that was asked for; None means auto."""
    seeds: Union[int, str] = config.option.gate_seeds
    return None if isinstance(seeds, str) else seeds


def _wanted(item: pytest.Item) -> Optional[Tuple[str, str]]:
    callspec = getattr(item, "callspec", None)
    pair = callspec.params.get("measured") if callspec is not None else None
    if isinstance(pair, tuple) and len(pair) == 2 and pair[1] in RUNGS:
        return str(pair[0]), pair[1]
    return None


def _announced(recipe: str, rung: str) -> Tuple[str, str]:
    """The property by which a test's report names its comparison, even without a verdict."""
    kind = rung if rung in ("fingerprint", "published") else "samples"
    return (WANTED, json.dumps((f"{recipe}/{rung}", kind)))
