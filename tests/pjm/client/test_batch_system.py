"""Which batch system runs the jobs, and what it allows."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Dict, Optional

import pytest

from pjm import emulator
from pjm.batch.host import LocalHost
from pjm.batch.pjm.scheduler import PjmScheduler
from pjm.batch.scheduler import Limits
from pjm.batch.slurm.scheduler import SlurmScheduler
from pjm.client.batch_system import check_same, choose, emulator_found, history_days, make, mpiexec, of, within
from pjm.errors import BadInput
from pjm.plan.packing import Site
from pjm.sessions import index
from pjm.sessions.pace import EMULATED, RATE
from tests.builders.following import settings_of

NOW = 1_800_000_000.0


def chosen(pytester: pytest.Pytester, *options: str, commands: str = "") -> str:
    """The choice, on a machine that has these commands."""
    for name in commands.split():
        (pytester.path / name).write_text("#!/bin/sh\n")
        (pytester.path / name).chmod(0o755)
    host = LocalHost({"PATH": str(pytester.path)})
    return choose(pytester.parseconfig("-p", "pytest_pjm", "--fugaku-budget=8", *options), host)


@pytest.mark.parametrize(
    ("commands", "expected"), [("", "pjm"), ("pjsub", "pjm"), ("sbatch", "slurm"), ("sbatch squeue", "slurm")]
)
def test_the_system_whose_commands_are_there_is_chosen(pytester: pytest.Pytester, commands: str, expected: str) -> None:
    assert expected == chosen(pytester, commands=commands)


def test_where_there_are_two_the_user_is_asked(pytester: pytest.Pytester) -> None:
    with pytest.raises(BadInput, match="two batch systems here: PJM and Slurm") as question:
        chosen(pytester, commands="pjsub sbatch")

    assert "pjsub and sbatch are on PATH" == question.value.why
    assert "--fugaku-scheduler=slurm" in question.value.fix


@pytest.mark.parametrize("name", ["pjm", "slurm"])
def test_the_one_that_is_named_is_chosen_whatever_is_there(pytester: pytest.Pytester, name: str) -> None:
    assert name == chosen(pytester, f"--fugaku-scheduler={name}", commands="pjsub sbatch")
    assert name == chosen(pytester, "-o", f"fugaku_scheduler={name}")


def test_what_is_emulated_is_pjm(pytester: pytest.Pytester) -> None:
    assert "pjm" == chosen(pytester, "--fugaku-emulate", commands="pjsub sbatch")
    with pytest.raises(BadInput, match="do not go together"):
        chosen(pytester, "--fugaku-emulate", "--fugaku-scheduler=slurm")


def test_an_emulator_on_path_is_a_choice(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.environment(pytester.path / "emulator").items():
        monkeypatch.setenv(name, value)

    assert "pjm" == chosen(pytester, commands="pjsub sbatch")


def test_a_name_of_no_batch_system_is_refused(pytester: pytest.Pytester) -> None:
    with pytest.raises(BadInput, match="fugaku_scheduler is 'pbs'"):
        chosen(pytester, "--fugaku-scheduler=pbs")


@pytest.mark.parametrize(("name", "kind"), [("pjm", PjmScheduler), ("slurm", SlurmScheduler)])
def test_a_scheduler_has_the_options_of_the_session(tmp_path: Path, name: str, kind: type) -> None:
    settings = replace(settings_of(tmp_path), emulate=False, scheduler=name, submit_options=("--x",))

    scheduler = make(settings, time.time() - 7.5 * 86400, needed=False)

    assert isinstance(scheduler, kind)
    assert (("--x",), 9) == (getattr(scheduler, "options", None), getattr(scheduler, "history_days", None))


def test_it_is_asked_and_given_no_more_than_it_allows(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    allowed = within(settings, Limits(bulk=1001, poll=20.0, elapse_step=60))

    assert ((10.0, 20.0), 1001, 60) == (allowed.poll, allowed.site.bulk_limit, allowed.site.elapse_step)
    assert (0.5, 0.5) == within(settings, Limits(poll=0.5)).poll
    assert settings == within(settings, Limits())
    slow = replace(settings, file_operations=RATE)
    assert [RATE, EMULATED] == [within(slow, Limits(here=here)).file_operations for here in (False, True)]
    small = replace(settings, site=Site(bulk_limit=5))
    assert 5 == within(small, Limits(bulk=1001)).site.bulk_limit


@pytest.mark.parametrize(
    ("facts", "now", "said"),
    [
        ({"scheduler": "slurm"}, "pjm", "was begun with the batch system slurm"),
        ({"scheduler": "pjm"}, "slurm", "was begun with the batch system pjm"),
        ({}, "slurm", "was begun with the batch system pjm"),
        ({"emulate": False}, "pjm", "was begun without --fugaku-emulate"),
    ],
)
def test_a_session_goes_on_with_the_batch_system_that_has_its_jobs(
    tmp_path: Path, facts: Dict[str, object], now: str, said: str
) -> None:
    session = index.create(tmp_path, {"arguments": [], "checkout": {}, **facts})
    begun = str(facts.get("scheduler", "pjm"))
    settings = settings_of(tmp_path)

    with pytest.raises(BadInput, match=said):
        check_same(session, replace(settings, scheduler=now))
    check_same(session, replace(settings, scheduler=begun, emulate=bool(facts.get("emulate", True))))


def test_an_emulator_is_known_by_its_commands_not_by_a_variable(tmp_path: Path) -> None:
    variables = emulator.environment(tmp_path / "emulator")

    assert emulator_found({**os.environ, **variables})
    assert not emulator_found({**os.environ, "PATH": variables["PATH"]})
    assert not emulator_found({**os.environ, **variables, "PJM_EMULATOR": "none"})
    assert not emulator_found({**os.environ, "PJM_EMULATOR": variables["PJM_EMULATOR"], "PATH": ""})


@pytest.mark.parametrize(("days", "expected"), [(0, None), (1.9, None), (2, 4), (10.5, 12), (400, 90)])
def test_an_old_session_has_the_history_looked_at_that_far_back(days: float, expected: Optional[int]) -> None:
    assert expected == history_days(NOW - days * 86400, NOW)


def test_a_session_that_does_not_say_when_it_began_is_taken_for_a_young_one() -> None:
    assert None is history_days(None, NOW)


def test_the_batch_system_of_a_session_is_the_one_it_was_begun_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = index.create(tmp_path, {"arguments": [], "checkout": {}, "emulate": True})

    assert isinstance(of(session)[0], PjmScheduler)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadInput, match="--fugaku needs Slurm's commands"):
        of(index.create(tmp_path, {"arguments": [], "checkout": {}, "scheduler": "slurm"}))


def test_ranks_are_started_by_the_setting_here_for_emulated_jobs_else_as_the_batch_system_does(tmp_path: Path) -> None:
    settings, scheduler = replace(settings_of(tmp_path), emulate=False), PjmScheduler()

    assert ("run", "{ranks}") == mpiexec(replace(settings, mpiexec=("run", "{ranks}"), emulate=True), scheduler)
    assert ("mpiexec", "-n", "{ranks}") == mpiexec(replace(settings, emulate=True), scheduler)
    assert scheduler.mpiexec == mpiexec(settings, scheduler)
