"""What a session of `pytest --fugaku` begins with: its tests, its place, its folder and its batch system."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import List, Mapping, Optional, Sequence, Tuple

import pytest

from pjm import suggest as advice
from pjm.batch.scheduler import Scheduler
from pjm.client.command_line import own_arguments, resumed_arguments
from pjm.errors import BadInput
from pjm.job.assignment import PYTEST_LOOKS_AT
from pjm.marks.marks import MarkedTest
from pjm.plan.interpreter import own_switches
from pjm.plan.job_folder import CODE, Workplace, has_other_code
from pjm.plan.packing import Task, describe_overlong, overlong
from pjm.plan.settings import Settings
from pjm.sessions import index as sessions
from pjm.sessions.checkout import check_same, checkout
from pjm.sessions.selection import check_selection, variables
from pjm.sessions.session import Session
from pytest_pjm import LATEST

Items = Mapping[str, pytest.Item]

_LOCAL = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108 - to be refused
_DAY = 86400.0
_ALWAYS_LISTED = 3  # days of history that are looked at without asking (Command Reference p. 71)
_LONGEST_KEPT = 90  # days; more are refused on Fugaku


def tasks_of(
    config: pytest.Config,
    settings: Settings,
    items: Items,
    wishes: Mapping[str, MarkedTest],
    known: Mapping[str, float],
) -> List[Task]:
    """The marked tests, for the packing; `known` says how many seconds each took before."""
    tasks = [
        Task(nodeid, wishes[nodeid].request, nodeid.split("::")[0], known.get(nodeid), wishes[nodeid].after)
        for nodeid in items
    ]
    for task in overlong(tasks, settings.site):
        config.issue_config_time_warning(pytest.PytestWarning(str(describe_overlong(task))), stacklevel=2)
    return tasks


def workplace(config: pytest.Config, settings: Settings, items: Items) -> Workplace:
    """What all jobs of the session have in common."""
    start = config.invocation_params.dir
    # Whoever comes back may want a junit file where there was none; xunit1 takes all and warns of nothing.
    family = str(config.getini("junit_family")) if getattr(config.option, "xmlpath", None) else "xunit1"
    return Workplace(
        python=settings.python,
        prologue=settings.prologue,
        start=start,
        files={nodeid: str(item.path) for nodeid, item in items.items()},
        arguments=(*(resumed_arguments(config) or own_arguments(config)), *_drawn(config)),
        environment={name: os.environ[name] for name in PYTEST_LOOKS_AT if name in os.environ},
        path=any(entry in ("", str(start)) for entry in sys.path),
        junit="xunit1" if family == "legacy" else family,
        switches=own_switches(),
    )


def _drawn(config: pytest.Config) -> Tuple[str, ...]:
    """The seed of pytest-randomly that is printed here; jobs would draw others."""
    seed = getattr(config.option, "randomly_seed", None)
    return (f"--randomly-seed={seed}",) if isinstance(seed, int) else ()


def open_session(config: pytest.Config, settings: Settings, items: Items) -> Tuple[Session, bool]:
    """The session folder, locked, and whether it is resumed.

    Raises:
        BadInput: it cannot be made, or not be resumed.
    """
    files = {item.path for item in items.values()}
    files.update(_conftests(config))
    now = checkout(config.rootpath, files)
    session = _resumed(config, settings)
    if session is not None:
        sessions.check_private(settings.workdir)
        if session.facts.get("variables") != variables():  # they would explain other files, too
            check_selection(session.facts, items.keys(), session.folder)
        check_same(session.facts["checkout"], now, session.identity)
        check_selection(session.facts, items.keys(), session.folder)
        session.lock()
        return session, True
    if not config.option.fugaku_dry_run:
        _check_shared(settings)
    facts = {
        "arguments": own_arguments(config),
        "start": str(config.invocation_params.dir),
        "tests": list(items),
        "variables": variables(),
        "checkout": now,
        "pytest": pytest.__version__,
        "emulate": settings.emulate,
        "dry_run": bool(config.option.fugaku_dry_run),
    }
    return sessions.create(settings.workdir, facts), False


def make_scheduler(config: pytest.Config, settings: Settings) -> Scheduler:
    """The batch system of the session.

    Raises:
        BadInput: it is not there.
    """
    from pjm.batch.host import LocalHost
    from pjm.batch.pjm.scheduler import PjmScheduler

    session = _resumed(config, settings)
    variables = None
    if settings.emulate:
        from pjm.emulator import environment

        sessions.make_workdir(settings.workdir)
        variables = {**os.environ, **environment(settings.workdir / "emulator")}
    days = history_days(session.facts.get("created"), time.time()) if session is not None else None
    scheduler = PjmScheduler(LocalHost(variables), settings.pjsub_options, history_days=days)
    if not config.option.fugaku_dry_run:
        scheduler.require_commands()
    return scheduler


def history_days(created: object, now: float) -> Optional[int]:
    """How many days of history hold all jobs of a session; None if those do that are listed without asking."""
    if not isinstance(created, (int, float)) or now - created < (_ALWAYS_LISTED - 1) * _DAY:
        return None
    return min(int((now - created) / _DAY) + 2, _LONGEST_KEPT)


def _resumed(config: pytest.Config, settings: Settings) -> Optional[Session]:
    identity = config.option.fugaku_resume
    if not identity:
        return None
    session = sessions.find(settings.workdir, None if identity == LATEST else identity)
    if resumed_arguments(config) is None:
        raise _too_late(session)
    begun = session.facts.get("emulate", settings.emulate)
    if begun != settings.emulate:
        raise _another_system(session, bool(begun))
    if has_other_code(session):
        raise BadInput(
            f"session {session.identity} was begun by another version of pjm",
            f"the code that its jobs run, in {session.folder / CODE}, has its modules elsewhere",
            f"see its results: {advice.pjm(f'show {session.identity}', session.folder.parent)}; "
            "run the rest in a new session: pytest --fugaku",
        )
    return session


def _too_late(session: Session) -> BadInput:
    return BadInput(
        f"session {session.identity} cannot be resumed from here",
        "a conftest.py has loaded the plugin, which is too late to bring back the session's command line",
        f"load it before: {advice.resume(session.folder)} -p pytest_pjm (needless where pjm is installed)",
    )


def _another_system(session: Session, emulated: bool) -> BadInput:
    """Its jobs are unknown there: all of them would be taken for vanished, and their tests run a second time."""
    return BadInput(
        f"session {session.identity} was begun {'with' if emulated else 'without'} --fugaku-emulate",
        "its jobs are in another batch system than the one that would be asked now",
        f"type: {advice.resume(session.folder)} --fugaku-emulate"
        if emulated
        else "leave out --fugaku-emulate, also in PYTEST_ADDOPTS and addopts",
    )


def local_part(folder: Path, places: Sequence[Path] = _LOCAL) -> Optional[Path]:
    """The place of this machine alone that a folder is in, by its name or in truth; None if it is in none."""
    ways = [Path(os.path.abspath(str(folder))), folder.resolve()]  # noqa: PTH100 - links are not to be followed here
    for place in places:
        if any({place, place.resolve()} & {way, *way.parents} for way in ways):
            return place
    return None


def emulator_found(variables: Mapping[str, str]) -> bool:
    """Whether the pjsub on PATH is an emulator's, whose jobs run on this machine."""
    command, folder = shutil.which("pjsub", path=variables.get("PATH")), variables.get("PJM_EMULATOR")
    return bool(command and folder) and Path(str(folder)).resolve() in Path(str(command)).parent.resolve().parents


def _check_shared(chosen: Settings) -> None:
    """Raise BadInput if compute nodes surely cannot see the folder."""
    local = local_part(chosen.workdir)
    if local is not None and not chosen.emulate and not emulator_found(os.environ):
        raise BadInput(
            f"the sessions' folder is {chosen.workdir}",
            f"{local} belongs to this machine alone: compute nodes do not see it",
            "name a folder on a shared file system: --fugaku-workdir=DIR",
        )


def _conftests(config: pytest.Config) -> List[Path]:
    found = []
    for plugin in config.pluginmanager.get_plugins():
        file = getattr(plugin, "__file__", None)
        if file and Path(file).name == "conftest.py":
            found.append(Path(file))
    return found
