"""Resumes a session: restores its jobs from the journal and from their folders."""

from __future__ import annotations

from typing import Dict, Set

from pjm.batch.scheduler import Ending
from pjm.errors import BadInput
from pjm.follow.deletion import Deletions
from pjm.follow.jobs import FollowedJob, Stage
from pjm.follow.submit_once import accept, refuse
from pjm.follow.watch import Watch
from pjm.plan.job_folder import read_job
from pjm.sessions.pace import JOB
from pjm.sessions.session import JOBS, JOURNAL, Record, Session, removal
from pjm.sessions.summary import SENSELESS


def load(watch: Watch, session: Session) -> None:
    """Make `watch` follow all jobs of the session.

    Raises:
        BadInput: the folder is corrupt.
    """
    jobs = restored(session, watch.deletions)
    if not jobs and any(session.folder.glob("jobs/*/share-*")):
        raise BadInput(
            f"session {session.identity} is corrupt",
            f"there are jobs in {session.folder / JOBS} and nothing of them in {JOURNAL}",
            removal(session.folder),
        )
    for name, job in jobs.items():
        watch.adopt(job, forget=name in watch.deletions.cancelled and job.stage is Stage.SUBMITTED)
    watch.deletions.resume(jobs.values())
    watch.pace.spend(JOB * min(len(jobs), 2))  # however many: reading goes on after a moment


def restored(session: Session, deletions: Deletions) -> Dict[str, FollowedJob]:
    """The jobs of a session by name, as its journal has them; `deletions` gets those that were to be deleted.

    Raises:
        BadInput: the folder is corrupt.
    """
    jobs: Dict[str, FollowedJob] = {}
    for record in session.journal():
        try:
            deletions.replay(record)
            _apply(record, session, jobs)
        except SENSELESS as error:
            raise BadInput(
                f"session {session.identity} is corrupt",
                f"its journal's record {record!r} makes no sense ({type(error).__name__}: {error})",
                removal(session.folder),
            ) from error
    return jobs


def obeyed(session: Session) -> Set[str]:
    """Tests that stopped the session before: when it is resumed, they do not stop it again."""
    return {test for record in session.journal() if record["event"] == "obeyed" for test in record.get("tests", ())}


def _apply(record: Record, session: Session, jobs: Dict[str, FollowedJob]) -> None:
    event = record["event"]
    if event == "planned":
        folder = session.job_folder(record["job"])
        jobs[record["job"]] = FollowedJob(folder, *read_job(folder))
        return
    if "job" not in record:
        return
    job = jobs[record["job"]]
    if event == "submitting":
        job.stage = Stage.UNCERTAIN
    elif event == "submitted":
        job.submitted = float(record["time"])
        accept(job, [str(job_id) for job_id in record["ids"]])
    elif event == "not-taken":
        job.stage = Stage.PLANNED
    elif event == "refused":
        refuse(job, Ending(False, record["happened"], record.get("advice", ""), bool(record.get("retry", False))))
    elif event in ("ended", "usage"):
        share = job.shares[record["part"]]
        share.elapsed, share.waited = float(record["elapsed"]), float(record["waited"])
        share.running_since = record.get("started")
    if event == "ended":
        out_of_time = bool(record.get("out_of_time", False))
        ending = Ending(record["succeeded"], record["happened"], record["advice"], record["retry"], out_of_time)
        share.end(ending, wall=float(record["time"]))
