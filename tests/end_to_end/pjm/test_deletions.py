"""A job that was to be deleted is deleted, however often the batch system has to be asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import List, Sequence, Tuple

import pytest

from pjm.batch.scheduler import UnansweredError
from tests.builders.fugaku_project import FugakuProject
from tests.end_to_end.pjm.test_watch import A, B, Following, settings_of, tasks


@pytest.fixture
def late(tmp_path: Path) -> Following:
    """One job that waits for too long after 30 s."""
    return Following(tmp_path, tasks(2), replace(settings_of(tmp_path), queue_timeout=30.0))


def refusing(late: Following, times: int, patch: pytest.MonkeyPatch) -> List[Tuple[str, ...]]:
    """Have so many deletions fail; what is asked for."""
    asked: List[Tuple[str, ...]] = []

    def cancel(ids: Sequence[str]) -> None:
        asked.append(tuple(ids))
        if len(asked) <= times:
            raise UnansweredError("PJM 0190 daemon is not present")

    patch.setattr(late.scheduler, "cancel", cancel)
    return asked


def test_a_deletion_that_fails_is_tried_again_until_it_is_taken(
    late: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = refusing(late, 2, monkeypatch)
    late.begin()
    late.step(40)

    assert ["1.0"] == late.watch.undeleted
    assert "the batch system did not delete 1 jobs: PJM 0190 daemon is not present" == late.watch.trouble

    late.step(200)

    assert [("1.0",)] * 3 == asked
    assert [] == late.watch.undeleted
    assert None is late.watch.trouble
    assert late.watch.done


def test_whoever_comes_back_deletes_what_was_not_deleted(late: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = refusing(late, 1, monkeypatch)
    late.begin()
    late.step(40)
    assert [("1.0",)] == asked

    late.came_back()

    assert [("1.0",)] * 2 == asked
    assert [] == late.watch.undeleted
    late.came_back()
    assert [("1.0",)] * 2 == asked, "it was noted that this was taken"


def test_a_cancellation_that_was_not_heard_is_tried_until_it_is(
    late: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    late.begin()
    asked = refusing(late, 3, monkeypatch)
    with pytest.raises(UnansweredError):
        late.watch.cancel()

    late.came_back()
    late.watch.start(late.watch.plan_unassigned())
    late.step(40)

    assert [("1.0",)] * 4 == asked
    late.results(1, 0)
    late.scheduler.end("2.0")
    late.step(40)
    assert {A: "passed", B: "passed"} == late.outcomes()


def test_ctrl_c_deletes_it_too(late: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = refusing(late, 1, monkeypatch)
    late.begin()
    late.step(40)

    late.watch.cancel()

    assert [("1.0",)] * 2 == asked
    assert [] == late.watch.undeleted


def test_what_could_not_be_deleted_is_named_in_the_summary(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_endless():\n    time.sleep(600)\n")
    project.emulate(faults=[{"fault": "0190", "command": "pjdel", "times": 99}])

    ran = project.send("--fugaku-run-timeout=1")

    assert 1 == ran.code, ran.out
    assert "fugaku: 1 jobs could not be deleted and may run: pjdel " in ran.out
