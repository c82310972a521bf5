"""Opens a session of `pytest --fugaku`: its tests, what its jobs have in common, its folder and its batch system."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import pytest

from pjm import suggest
from pjm.batch.roots import Roots
from pjm.client import batch_system
from pjm.client.command_line import own_arguments, resumed_arguments
from pjm.client.local_times import guessed
from pjm.errors import BadInput
from pjm.identity import file_of
from pjm.job.assignment import PYTEST_LOOKS_AT
from pjm.job.interpreter import own_switches
from pjm.marks.marks import MarkedTest
from pjm.plan.job_folder import CODE, Workplace, has_other_code
from pjm.plan.packing import Task, describe_overlong, overlong
from pjm.plan.settings import SHORT_GRACE, Settings
from pjm.sessions import index
from pjm.sessions.checkout import check_same, checkout
from pjm.sessions.selection import check_selection, variables
from pjm.sessions.session import Session
from pytest_pjm import LATEST

Items = Mapping[str, pytest.Item]

_LOCAL = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108 - these are refused


def tasks_of(
    config: pytest.Config,
    settings: Settings,
    items: Items,
    wishes: Mapping[str, MarkedTest],
    known: Mapping[str, float],
) -> List[Task]:
    """The marked tests as tasks for the packing; `known` has the seconds that each took in a job before."""
    guesses = guessed(config, settings)
    tasks = [_task(test, item, wishes[test], known.get(test), guesses.get(test)) for test, item in items.items()]
    for group in overlong(tasks, settings.site):
        config.issue_config_time_warning(pytest.PytestWarning(str(describe_overlong(group))), stacklevel=2)
    return tasks


def _task(test: str, item: pytest.Item, wish: MarkedTest, seconds: Optional[float], guess: Optional[float]) -> Task:
    module, together = test.split("::")[0], wish.together
    group = together if isinstance(together, str) else None
    outermost = next((node for node in item.listchain() if isinstance(node, pytest.Class)), None)
    if outermost is not None and together is None:
        group = f"{module}::{outermost.name}"
    return Task(test, wish.resources, module, seconds, wish.after, group, isinstance(together, str), guess)


def workplace(config: pytest.Config, settings: Settings, items: Items, roots: Roots) -> Workplace:
    """Everything that all jobs of the session have in common."""
    return replace(
        workplace_here(config, items),
        python=settings.python,
        prologue=settings.prologue,
        grace=settings.grace,
        ranks_gate=settings.ranks_gate,
        roots=roots,
    )


def workplace_here(config: pytest.Config, items: Items) -> Workplace:
    """The same for tests that run on this machine, without a batch system."""
    start = config.invocation_params.dir
    # A client that resumes may want a junit file, even if this one does not: xunit1 accepts all without a warning.
    family = str(config.getini("junit_family")) if getattr(config.option, "xmlpath", None) else "xunit1"
    return Workplace(
        python=(sys.executable,),
        start=start,
        files={test: file_of(item) for test, item in items.items()},
        places=tuple(dict.fromkeys(_without_test(argument) for argument in config.args)),
        arguments=(*(resumed_arguments(config) or own_arguments(config)), *_drawn(config)),
        environment={name: os.environ[name] for name in PYTEST_LOOKS_AT if name in os.environ},
        path=any(entry in ("", str(start)) for entry in sys.path),
        junit="xunit1" if family == "legacy" else family,
        grace=SHORT_GRACE,
        switches=own_switches(),
    )


def _without_test(argument: str) -> str:
    """A file, folder or package of the command line, without the name of a test in it."""
    return argument.partition("[")[0].partition("::")[0] if "::" in argument else argument


def _drawn(config: pytest.Config) -> Tuple[str, ...]:
    """The option for the seed of pytest-randomly that is printed here; without it, each job would draw its own."""
    seed = getattr(config.option, "randomly_seed", None)
    return (f"--randomly-seed={seed}",) if isinstance(seed, int) else ()


def new_session(config: pytest.Config, settings: Settings, items: Items, folder: str) -> Session:
    """A new session folder, locked. The arguments are those of `resumed_session`.

    Raises:
        BadInput: the session cannot be created.
    """
    if not config.option.fugaku_dry_run:
        _check_shared(settings)
    facts = {
        "arguments": own_arguments(config),
        "start": str(config.invocation_params.dir),
        "tests": list(items),
        "variables": variables(),
        "checkout": _checkout(config, items),
        "pytest": pytest.__version__,
        "emulate": settings.emulate,
        "scheduler": settings.scheduler,
        **({"host": settings.host, "remote": folder} if settings.host else {}),
        "here": settings.here or bool(settings.host),  # with a host, the files are copies on this machine
        "dry_run": bool(config.option.fugaku_dry_run),
    }
    return index.create(settings.workdir, facts)


def _checkout(config: pytest.Config, items: Items) -> Dict[str, Any]:
    return checkout(config.rootpath, {*(item.path for item in items.values()), *conftests(config)})


def resumed_session(config: pytest.Config, settings: Settings, items: Items, folder: str) -> Optional[Session]:
    """The session that is resumed, not locked; None if a new one begins.

    Args:
        config: the configuration of pytest.
        settings: the session's settings.
        items: the marked tests, by node id.
        folder: our folder on the machine behind ssh; "" if there is none.

    Raises:
        BadInput: it cannot be resumed.
    """
    session = _resumed(config, settings)
    if session is not None:
        index.check_private(settings.workdir)
        if session.facts.get("variables") != variables():  # checked first: they explain different files too
            check_selection(session.facts, items.keys(), session.folder)
        if session.facts.get("remote", "") != folder:
            raise BadInput(
                f"session {session.identity} was begun with fugaku_remote {session.facts.get('remote')}",
                f"its jobs are not in {folder}, where pytest would look now",
                f"type: {suggest.resume(session.folder)} --fugaku-remote={session.facts.get('remote')}",
            )
        check_same(session.facts["checkout"], _checkout(config, items), session.identity)
        check_selection(session.facts, items.keys(), session.folder)
    return session


def _resumed(config: pytest.Config, settings: Settings) -> Optional[Session]:
    identity = config.option.fugaku_resume
    if not identity:
        return None
    session = index.find(settings.workdir, None if identity == LATEST else identity)
    if resumed_arguments(config) is None:
        raise _too_late(session)
    batch_system.check_same(session, settings)
    if has_other_code(session):
        raise BadInput(
            f"session {session.identity} was begun by another version of pjm",
            f"the code that its jobs run, in {session.folder / CODE}, has its modules elsewhere",
            f"see its results: {suggest.pjm(f'show {session.identity}', session.folder.parent)}; "
            "run the rest in a new session: pytest --fugaku",
        )
    return session


def _too_late(session: Session) -> BadInput:
    return BadInput(
        f"session {session.identity} cannot be resumed from here",
        "a conftest.py has loaded the plugin, which is too late to bring back the session's command line",
        f"load it before: {suggest.resume(session.folder)} -p pytest_pjm (needless where pjm is installed)",
    )


def local_part(folder: Path, places: Sequence[Path] = _LOCAL) -> Optional[Path]:
    """The local folder of this machine that holds `folder`, by its name or with links resolved; None if none does."""
    ways = [Path(os.path.abspath(str(folder))), folder.resolve()]  # noqa: PTH100 - links must not be followed here
    for place in places:
        if any({place, place.resolve()} & {way, *way.parents} for way in ways):
            return place
    return None


def _check_shared(chosen: Settings) -> None:
    """Raise BadInput if compute nodes certainly cannot see the folder."""
    local = None if chosen.host else local_part(chosen.workdir)
    if local is not None and not (chosen.emulate or chosen.here or batch_system.emulator_found(os.environ)):
        raise BadInput(
            f"the sessions' folder is {chosen.workdir}",
            f"{local} belongs to this machine alone: compute nodes do not see it",
            "name a folder on a shared file system: --fugaku-workdir=DIR",
        )


def conftests(config: pytest.Config) -> List[Path]:
    """The files conftest.py that pytest has loaded."""
    files = (getattr(plugin, "__file__", None) for plugin in config.pluginmanager.get_plugins())
    return [Path(file) for file in files if file and Path(file).name == "conftest.py"]
