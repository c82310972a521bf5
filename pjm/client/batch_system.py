"""Chooses the batch system of a session, and makes its scheduler. Nothing else in the client knows its name."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Mapping, Optional, Tuple, Union

import pytest

import pytest_pjm
from pjm import suggest
from pjm.batch.host import Host, LocalHost
from pjm.batch.pjm.scheduler import COMMANDS as PJM_COMMANDS
from pjm.batch.pjm.scheduler import PjmScheduler
from pjm.batch.scheduler import Limits, Scheduler
from pjm.batch.slurm.scheduler import COMMANDS as SLURM_COMMANDS
from pjm.batch.slurm.scheduler import SlurmScheduler
from pjm.errors import BadInput
from pjm.plan.job_folder import LOCAL_MPIEXEC
from pjm.plan.settings import Settings
from pjm.remote.checkout import top_of
from pjm.remote.machine import Machine, answering, connect
from pjm.remote.session_mirror import SessionMirror
from pjm.sessions import index
from pjm.sessions.mirror import Mirror, NoMirror
from pjm.sessions.pace import EMULATED
from pjm.sessions.session import Session

PJM, SLURM = "pjm", "slurm"
_SUBMITS = {PJM: "pjsub", SLURM: "sbatch"}
COMMANDS = (*PJM_COMMANDS, *SLURM_COMMANDS)
HERE = LocalHost()
_DAY = 86400.0  # seconds
_ALWAYS_LISTED = 3  # days of history that PJM lists by default (Command Reference p. 71)
_LONGEST_KEPT = 90  # days; Fugaku refuses more


def choose(config: pytest.Config, host: Host = HERE) -> str:
    """The name of the batch system: the option's or setting's, else the one whose commands are there.

    ``host`` is the machine on which jobs are submitted.

    Raises:
        BadInput: there are several, or the name is of none.
    """
    named, emulate = pytest_pjm.given(config, "scheduler"), bool(config.getoption("fugaku_emulate"))
    if named not in (None, *_SUBMITS):
        raise BadInput(f"fugaku_scheduler is {named!r}", f"it is one of: {', '.join(_SUBMITS)}", "say for example: pjm")
    if emulate and named == SLURM:
        raise BadInput(
            "--fugaku-emulate and fugaku_scheduler=slurm do not go together",
            "the batch system that is emulated is PJM",
            "leave out --fugaku-emulate, or say --fugaku-scheduler=pjm",
        )
    if named is not None or emulate or (isinstance(host, LocalHost) and emulator_found(os.environ)):
        return named or PJM
    found = [name for name, command in _SUBMITS.items() if host.has(command)]
    if len(found) > 1:
        raise BadInput(
            "there are two batch systems here: PJM and Slurm",
            f"{' and '.join(_SUBMITS.values())} are on PATH",
            "which one is to run the jobs? say --fugaku-scheduler=pjm or --fugaku-scheduler=slurm",
        )
    return found[0] if found else PJM


def mpiexec(settings: Settings, scheduler: Scheduler) -> Tuple[str, ...]:
    """What starts the ranks of a test: the setting's command, this machine's for emulated jobs, else the site's."""
    if settings.mpiexec:
        return settings.mpiexec
    return LOCAL_MPIEXEC if settings.emulate or emulator_found(os.environ) else scheduler.mpiexec


def emulator_found(variables: Mapping[str, str]) -> bool:
    """Whether the pjsub on PATH belongs to an emulator, so that jobs run on this machine."""
    command, folder = shutil.which("pjsub", path=variables.get("PATH")), variables.get("PJM_EMULATOR")
    return bool(command and folder) and Path(str(folder)).resolve() in Path(str(command)).parent.resolve().parents


def make(
    settings: Settings, created: object = None, needed: bool = True, machine: Optional[Machine] = None
) -> Scheduler:
    """The scheduler of a session.

    Args:
        settings: the session's settings.
        created: when the session began, in seconds since the epoch; None for now.
        needed: whether the batch system's commands have to be there.
        machine: the machine behind ssh on which jobs are submitted; None for this one.

    Raises:
        BadInput: the batch system is missing, or does not answer.
    """
    scheduler = _make(settings.scheduler, settings.emulate, settings.workdir, settings.submit_options, created, machine)
    if needed:
        _require_commands(scheduler, machine, begun=created is not None)
    return scheduler


def of(session: Session) -> Tuple[Scheduler, Mirror]:
    """The batch system that has the jobs of a session, and the copy of the session on the machine of the jobs.

    Raises:
        BadInput: it is missing, or does not answer.
    """
    facts = session.facts
    name, machine = str(facts.get("scheduler", PJM)), machine_of(session)
    scheduler = _make(name, bool(facts.get("emulate")), session.folder.parent, (), facts.get("created"), machine)
    _require_commands(scheduler, machine, begun=True)
    return scheduler, NoMirror() if machine is None else SessionMirror(machine, session)


def machine_of(session: Session) -> Optional[Machine]:
    """The machine behind ssh that has the jobs of a session; None if they were submitted on this one.

    Raises:
        BadInput: it cannot be reached.
    """
    host, folder = session.facts.get("host"), session.facts.get("remote")
    if not isinstance(host, str):
        return None
    top = top_of(Path(str(session.facts["checkout"]["rootdir"])))
    machine = connect(host, str(folder), top, session.folder.parent.absolute(), COMMANDS)
    return replace(machine, emulates=bool(session.facts.get("emulate")))


def _require_commands(scheduler: Union[PjmScheduler, SlurmScheduler], machine: Optional[Machine], begun: bool) -> None:
    """Check that the batch system's commands are there; ``begun``: for a session that has jobs in it."""
    if machine is not None:
        path = f"set PATH in the file that your login shell reads on {machine.ssh.host}"
        with answering(machine.ssh.host):
            scheduler.require_commands(
                path if begun else f"name a login node of the batch system with fugaku_host, or {path}"
            )
    elif begun:
        scheduler.require_commands("type the same where the session was begun: on that login node, with the same PATH")
    else:
        scheduler.require_commands()


def _make(
    name: str,
    emulate: bool,
    workdir: Path,
    options: Tuple[str, ...],
    created: object,
    machine: Optional[Machine],
) -> Union[PjmScheduler, SlurmScheduler]:
    days = history_days(created, time.time())
    if name == SLURM:
        return SlurmScheduler(HERE if machine is None else machine.host, options, history_days=days)
    if machine is not None:
        return PjmScheduler(machine.host, options, history_days=days, ahead=machine.ahead)
    variables = None
    if emulate:
        from pjm.emulator import environment

        index.make_workdir(workdir)
        variables = {**os.environ, **environment(workdir / "emulator")}
    return PjmScheduler(LocalHost(variables), options, history_days=days)


def history_days(created: object, now: float) -> Optional[int]:
    """How many days of history hold all jobs of a session; None if the days that are listed by default do."""
    if not isinstance(created, (int, float)) or now - created < (_ALWAYS_LISTED - 1) * _DAY:
        return None
    return min(int((now - created) / _DAY) + 2, _LONGEST_KEPT)


def within(settings: Settings, limits: Limits) -> Settings:
    """The settings, as the batch system allows them: how often to ask, how many sub jobs, which limits, what pace."""
    site, poll = settings.site, settings.poll
    if limits.bulk is not None:
        site = replace(site, bulk_limit=min(site.bulk_limit, limits.bulk))
    if limits.poll is not None:
        poll = (min(poll[0], limits.poll), min(poll[1], limits.poll))
    pace = EMULATED if limits.here else settings.file_operations  # of a site's file system, which others use too
    site = replace(site, elapse_step=limits.elapse_step)
    return replace(settings, poll=poll, site=site, here=limits.here, file_operations=pace)


def check_same(session: Session, settings: Settings) -> None:
    """Check that a session is resumed with the batch system that has its jobs.

    Raises:
        BadInput: it is another one. It does not know the jobs: all would count as vanished and run again.
    """
    begun = session.facts.get("emulate", settings.emulate)
    if begun != settings.emulate:
        raise BadInput(
            f"session {session.identity} was begun {'with' if begun else 'without'} --fugaku-emulate",
            "its jobs are in another batch system than the one that would be asked now",
            f"type: {suggest.resume(session.folder)} --fugaku-emulate"
            if begun
            else "leave out --fugaku-emulate, also in PYTEST_ADDOPTS and addopts",
        )
    host = session.facts.get("host")
    if host != settings.host:
        raise BadInput(
            f"session {session.identity} was begun {f'with fugaku_host {host}' if host else 'on this machine'}",
            f"its jobs are not known {f'to {settings.host}' if settings.host else 'here'}, where pytest would ask now",
            f"type: {suggest.resume(session.folder)} --fugaku-host={host}" if host else "leave out fugaku_host",
        )
    system = session.facts.get("scheduler", PJM)
    if system != settings.scheduler:
        raise BadInput(
            f"session {session.identity} was begun with the batch system {system}",
            f"its jobs are not known to {settings.scheduler}, which would be asked now",
            f"type: {suggest.resume(session.folder)} --fugaku-scheduler={system}",
        )
