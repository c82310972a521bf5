"""Submits jobs of a few lines of shell to a batch system, and waits for their ends."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Generic, List, Sequence, Tuple, TypeVar

from pjm.batch.scheduler import Ending, Phase, Resources, Scheduler, Status, Submission
from pjm.plan.job_folder import Workplace, script, script_names
from pjm.plan.packing import Job, Site, Task, pack
from tests.builders.processes import until

S = TypeVar("S", bound=Scheduler)
Tests = Sequence[Tuple[str, Tuple[str, ...]]]
ONE: Tests = (("a", ()),)
BULK: Tests = (("a", ()), ("b", ()), ("c", ()))
STEPS: Tests = (("train", ()), ("estimate", ("train",)))


@dataclass(frozen=True)
class SubmittingPlace(Generic[S]):
    """A folder, a batch system, and what its jobs run instead of Python.

    Attributes:
        folder: for the jobs.
        scheduler: the batch system.
        site: who is charged, and what jobs read.
    """

    folder: Path
    scheduler: S
    site: Site = Site(tests_per_job=1)  # noqa: RUF009 - a frozen value

    def job(
        self,
        text: str,
        tests: Tests = ONE,
        elapse: int = 60,
        env: Tuple[Tuple[str, str], ...] = (),
        rscgrp: str = "small",
    ) -> Prepared:
        """A job whose parts run these lines of shell; $PYTEST_PJM_SHARE is their number."""
        run = self.folder / f"run-{secrets.token_hex(4)}"
        run.write_text(f"#!/bin/bash\n{text}\n")
        run.chmod(0o755)
        resources = Resources(1, elapse, rscgrp, env=env)
        tasks = [Task(name, resources, name, after=after) for name, after in tests]
        (job,) = pack(tasks, self.site, f"pjm-{run.name}")
        folder = self.folder / f"a job's folder, with a comma, {run.name}"
        folder.mkdir()
        scripts = tuple(folder / name for name in script_names(job))
        for number, path in enumerate(scripts):
            path.write_text(script(job, number, folder, Workplace((str(run),), self.folder), self.scheduler))
        needs = tuple(share.needs for share in job.shares) if job.step else ()
        return Prepared(job, folder, Submission(job.name, folder, scripts, job.bulk, needs=needs))

    def wait(self, ids: Sequence[str], wished: Callable[[Status], bool]) -> Dict[str, Status]:
        """Poll until every job is as wished."""

        def poll() -> Dict[str, Status]:
            found = dict(self.scheduler.poll(ids))
            gone = [job_id for job_id, status in found.items() if status.phase is Phase.ABSENT]
            found.update(self.scheduler.look_back(gone) if gone else {})
            return found if all(map(wished, found.values())) else {}

        return until(poll)

    def endings(self, ids: Sequence[str]) -> List[Ending]:
        """How the jobs ended, or got stuck."""
        found = self.wait(ids, lambda status: status.ending is not None)
        return [ending for ending in (found[job_id].ending for job_id in ids) if ending]


@dataclass(frozen=True)
class Prepared:
    """A job with its scripts written."""

    job: Job
    folder: Path
    submission: Submission
