"""Resuming: another client takes up what its predecessor left, and submits nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from pjm import suggest
from pjm.errors import BadInput
from pjm.follow.resume import load
from pjm.sessions.collected import COLLECTED
from pjm.sessions.session import JOURNAL
from tests.builders.following import MACHINE, A, B, Following, settings_of, tasks


class KilledError(BaseException):
    """The client is no more."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, 9))
def test_a_client_that_is_killed_at_any_note_loses_nothing_and_submits_nothing_twice(
    one: Following, monkeypatch: pytest.MonkeyPatch, number: int, after: bool
) -> None:
    notes = iter(range(1, 100))
    note = one.session.note

    def note_and_die(event: str, **fields: object) -> None:
        last = next(notes) == number
        if not last or after:
            note(event, **fields)
        if last:
            raise KilledError

    monkeypatch.setattr(one.session, "note", note_and_die)
    with pytest.raises(KilledError):  # noqa: PT012 - at any of these
        one.begin()
        one.results(0, 0, [A], end=False)
        one.scheduler.end("1.0", MACHINE)
        one.step(200)  # the second job is submitted
        one.results(1, 0)
        one.scheduler.end("2.0")
        one.step(200)
        one.watch.cancel()
    with (one.session.folder / "journal.jsonl").open("a") as journal:
        journal.write('{"eve')
    taken = len(one.scheduler.known)
    monkeypatch.undo()

    one.came_back()
    one.watch.start(one.watch.plan_unassigned())
    one.step(200)
    for place, job in enumerate(one.watch.jobs):
        one.results(place, 0)
        for share in job.shares:
            one.scheduler.end(share.id)
    one.step(200)

    assert {A: "passed", B: "passed"} == one.outcomes()
    assert one.watch.done
    assert len(one.scheduler.known) == len(one.scheduler.submissions), "a job was submitted twice"
    assert taken <= len(one.scheduler.known)


def test_a_cancelled_session_submits_the_rest_again_when_it_is_resumed(one: Following) -> None:
    one.begin()
    one.results(0, 0, [A], end=False)
    one.watch.begin_round()
    one.watch.collect()

    assert ("1.0",) == one.watch.cancel()

    one.came_back()
    one.watch.start(one.watch.plan_unassigned())
    one.step(10)

    assert {A: "passed"} == one.outcomes()
    assert [(A, B), (B,)] == [tuple(job.tests) for job in one.watch.jobs]


def test_what_to_type_for_a_damaged_session_names_its_folder(tmp_path: Path) -> None:
    one = Following(tmp_path, tasks(2), settings_of(tmp_path))
    one.begin()
    one.results(0, 0)
    other = Following(tmp_path / "other", tasks(2), settings_of(tmp_path))
    (one.session.folder / JOURNAL).unlink()
    with pytest.raises(BadInput, match="is corrupt") as damage:
        load(other.watch, one.session)

    typed = suggest.pjm(f"clean --force {one.session.identity}", tmp_path)
    assert f"delete those of its jobs that still run, then remove it and start again: {typed}" == damage.value.fix
    assert f"--workdir={tmp_path}" in typed


def test_what_was_read_before_comes_from_the_copy_and_the_rest_from_the_share(one: Following) -> None:
    one.begin()
    one.results(0, 0, [A], end=False)
    one.step(2)
    events = one.watch.jobs[0].folder / "share-0" / "events.jsonl"
    size = events.stat().st_size
    one.results(0, 0, [B])
    events.write_bytes(b"x" * (size - 1) + b"\n" + events.read_bytes()[size:])

    one.came_back()
    one.step(2)

    assert {A: "passed", B: "passed"} == one.outcomes()
    assert 0 == one.watch.jobs[0].shares[0].tail.garbled


def test_without_the_copy_the_shares_are_read(one: Following) -> None:
    one.begin()
    one.results(0, 0)
    one.step(2)
    (one.session.folder / COLLECTED).unlink()

    one.came_back()
    one.step(2)

    assert {A: "passed", B: "passed"} == one.outcomes()
