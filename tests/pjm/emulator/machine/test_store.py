"""The database of jobs: whole changes, text of any bytes, and the queries."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List

import pytest

from pjm import emulator
from pjm.emulator.machine.store import COLUMNS, WHOLE, Job, Store
from pjm.errors import BadInput
from tests.builders.emulated import Emulated
from tests.builders.processes import PATIENCE


def test_jobs_of_another_version_are_refused_and_those_of_the_same_columns_read(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    with Store(path) as store:
        store.put([Job(1, WHOLE, "NM", "a", "user", "group")])
    with Store(path) as store:
        assert ["1"] == [job.id for job in store.all()]
        store.connection.execute("ALTER TABLE job ADD COLUMN colour")

    with pytest.raises(BadInput) as refused:
        Store(path)

    assert (f"the jobs in {path} were written by another version of pjm", "other columns: colour") == (
        refused.value.what,
        refused.value.why,
    )


def test_names_that_are_no_utf8_come_back_byte_for_byte(pjm: Emulated) -> None:
    name, folder = os.fsdecode(b"n\xff"), pjm.work / os.fsdecode(b"a\xfe b")
    folder.mkdir()
    (folder / "job.sh").write_bytes(b"#PJM -S --comment c\xfd\npwd\n")

    submitted = pjm.command("pjsub", "-z", "jid", "-N", name, "job.sh", cwd=folder)
    job = submitted.out.strip()

    assert (0, "") == (submitted.code, submitted.err)
    assert ["EXT 0 0 0"] == [row.codes for row in pjm.ended(job)]
    assert f",{name}\n" in pjm.command("pjstat", "-H", "--data", "--choose", "jnam").out
    assert os.fsencode(folder) + b"\n" == (folder / f"{name}.{job}.out").read_bytes()
    assert b"c\xfd" in (folder / f"{name}.{job}.stats").read_bytes()


def test_a_killed_pjsub_has_submitted_or_not_and_never_half(pjm: Emulated) -> None:
    pjm.script("true")
    for delay in range(12):
        process = subprocess.Popen(
            [str(pjm.folder / "bin" / "pjsub"), "--bulk", "--sparam", "1-20", "job.sh"],
            cwd=str(pjm.work),
            env={**os.environ, **pjm.variables},
            stdout=subprocess.DEVNULL,
        )
        time.sleep(0.02 + delay * 0.003)
        process.kill()
        process.wait()

    assert 0 == len(emulator.jobs(pjm.folder)) % 20
    assert "48" == pjm.submit("true")[:2]


def ids(jobs: List[Job]) -> str:
    """Their ids, without what they have in common."""
    return " ".join(job.id for job in jobs)


def test_the_daemons_questions(store: Store) -> None:
    def job(number: int, state: str, model: str = "NM", sub: int = WHOLE, **values: object) -> Job:
        return Job(number, sub, model, "name", "user", "group", state=state, **values)

    store.put(
        [
            job(1, "RUN"),
            job(2, "RUN", "BU"),
            *(job(2, state, "BU", sub) for sub, state in enumerate(("EXT", "RUN", "RNO", "QUE"))),
            job(3, "QUE", priority=200),
            job(4, "QUE", due=50.0),
            job(5, "QUE", reason="INSUFF NODE"),
            job(6, "QUE", wish="delete"),
            job(7, "QUE", "ST"),
            *(job(7, state, "ST", sub) for sub, state in enumerate(("EXT", "QUE", "QUE"))),
            job(8, "ACC", due=60.0),
            job(9, "EXT", whole_ended=10.0),
        ]
    )

    assert "1 2[1]" == ids(store.running())
    assert "1 2[1] 2[2]" == ids(store.on_nodes())
    assert "3 2[3] 7_1" == ids(store.waiting(10))
    assert "3" == ids(store.waiting(1))
    assert "6" == ids(store.with_wish())
    assert ("", "4", "4 8") == (ids(store.due(49)), ids(store.due(50)), ids(store.due(70)))
    assert 50.0 == store.next_due()
    assert {"EXT", "RUN", "RNO", "QUE"} == store.states_of_subs(2)
    assert ((1, 4, 0, 3), (0, 0, None, None)) == (store.count_subs(2), store.count_subs(1))
    assert (8, 7) == (store.count_unfinished(False), store.count_unfinished(True))
    assert (4, 0) == (store.count_unfinished(True, model="BU"), store.count_unfinished(True, user="else"))
    assert "7 7_0 7_1 7_2" == ids(store.unfinished(model="ST", group="group"))
    store.end_whole(2, 20.0)
    assert (7, "2 2[0] 2[1] 2[2] 2[3] 9") == (
        store.count_unfinished(False),
        ids([each for each in store.all() if each.whole_ended is not None]),
    )


@pytest.mark.parametrize(
    ("values", "work"),
    [
        ({"state": "RUN"}, True),
        ({"state": "EXT"}, True),  # the whole job has not ended yet
        ({"state": "EXT", "whole_ended": 1.0}, False),
        ({"state": "HLD"}, False),
        ({"state": "HLD", "wish": "delete"}, True),
        ({"state": "QUE", "reason": "INSUFF NODE"}, False),
        ({"state": "QUE", "reason": "INSUFF NODE", "due": 9.0}, True),
    ],
)
def test_what_is_work_for_the_daemon(store: Store, values: Dict[str, object], work: bool) -> None:
    store.put([Job(1, WHOLE, "NM", "", "", "", **values)])

    assert work is store.has_work()


def test_the_views_of_pjstat(store: Store) -> None:
    def job(number: int, user: str = "me", **values: float) -> Job:
        return Job(number, WHOLE, "NM", "", user, "", **values)

    store.put([job(1), job(2, visible=200), job(3, "else"), job(4, whole_ended=90, linger=20, history=5)])

    assert "1 4" == ids(store.view(100, "me", subs=False))
    assert "1 2 3" == ids(store.view(200, None, subs=True))
    assert "1" == ids(store.view(120, "me", subs=False))
    assert ("4", "", "") == tuple(
        ids(store.view(now, "me", subs=False, ended=(start, 100))) for now, start in ((100, 0), (94, 0), (100, 91))
    )
    assert "3" == ids(store.view(100, None, subs=True, jids=[(2, 3), (7, 9)]))


def test_a_change_that_fails_changes_nothing(store: Store) -> None:
    def fails() -> None:
        with store.changing():
            store.put([Job(store.next("jid", 7), WHOLE, "NM", "", "", "")])
            raise KeyError

    with pytest.raises(KeyError):
        fails()

    assert [] == store.all()
    with store.changing():
        assert [7, 8, 1] == [store.next("jid", 7), store.next("jid", 7), store.next("other")]


def test_a_job_is_read_as_it_was_written(store: Store) -> None:
    whole = Job(1, WHOLE, "BU", "\udcff", "user", "group", spec={"cwd": "/\udcff"}, faults=[{"fault": "gap"}])
    store.put([whole, Job(1, 2, "BU", "b", "user", "group", usage={"user": 0.5})])

    read = store.get(1)
    assert [getattr(whole, name) for name in COLUMNS] == [getattr(read, name) for name in COLUMNS]
    assert [("1[2]", {"user": 0.5}, {"cwd": "/\udcff"})] == [(sub.id, sub.usage, sub.spec) for sub in store.subs(1)]
    store.remove((1, WHOLE))
    assert None is store.get(1)


def test_one_process_at_a_time_makes_a_new_database(tmp_path: Path) -> None:
    handle = os.open(str(tmp_path), os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with ThreadPoolExecutor(1) as pool:
        opened = pool.submit(lambda: Store(tmp_path / "jobs.sqlite").close())
        time.sleep(0.1)
        waits = not opened.done()
        os.close(handle)
        opened.result(PATIENCE)

    assert waits


def test_a_column_that_does_not_exist_is_an_error_and_not_a_text(tmp_path: Path) -> None:
    with Store(tmp_path / "jobs.db") as store, pytest.raises(sqlite3.OperationalError, match="no such column"):
        store.unfinished(usr="usr")
