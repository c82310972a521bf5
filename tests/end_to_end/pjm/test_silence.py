"""A batch system that does not answer: what jobs say themselves counts, and nobody waits for ever."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping, Sequence

import pytest

from pjm.batch.scheduler import Status, UnansweredError
from pjm.errors import BadInput
from pjm.follow.poll import LONGEST_SILENCE
from tests.builders.fugaku_project import FugakuProject
from tests.end_to_end.pjm.test_watch import A, B, Following, settings_of, tasks

DAYS = 10_000  # questions


@pytest.fixture
def one(tmp_path: Path) -> Following:
    """One job with the tests a and b."""
    made = Following(tmp_path, tasks(2), settings_of(tmp_path))
    made.begin()
    return made


def test_a_job_that_said_it_was_done_is_done_although_nobody_answers(one: Following) -> None:
    one.scheduler.silent = [UnansweredError("PJM 0290") for _ in range(DAYS)]
    one.results(0, 0)

    one.step(60)
    assert not one.watch.done
    one.step(200)

    assert one.watch.done
    assert {A: "passed", B: "passed"} == one.outcomes()


def test_the_same_where_only_the_history_may_not_be_asked(one: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    def look_back(ids: Sequence[str]) -> Mapping[str, Status]:
        raise UnansweredError("PJM 0270 no permission")

    monkeypatch.setattr(one.scheduler, "look_back", look_back)
    one.results(0, 0)
    del one.scheduler.statuses["1.0"]

    one.step(100)
    assert "the batch system does not answer: PJM 0270 no permission" == one.watch.trouble
    one.step(300)

    assert one.watch.done
    assert {A: "passed", B: "passed"} == one.outcomes()


def test_silence_that_lasts_ends_the_client_with_what_to_type(one: Following) -> None:
    one.scheduler.silent = [UnansweredError("PJM 0290") for _ in range(DAYS)]

    one.step(LONGEST_SILENCE - 100)
    with pytest.raises(BadInput, match="has said nothing of 1 jobs for") as refusal:
        one.step(300)

    assert f"pytest --fugaku-resume={one.session.identity}" in refusal.value.fix
    assert "PJM 0290" == refusal.value.why
    assert {} == one.outcomes()


def test_an_answer_breaks_the_silence(one: Following) -> None:
    half = int(LONGEST_SILENCE / 60 * 0.6)
    for _ in range(3):
        one.scheduler.silent = [UnansweredError("PJM 0290") for _ in range(half)]
        one.step(LONGEST_SILENCE * 0.6 + 120)

    assert [] == one.scheduler.silent
    assert None is one.watch.trouble


def test_without_pjstat_nothing_is_submitted(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_a():\n    pass\n")
    commands = project.path / "bin"
    commands.mkdir()
    for name in ("pjsub", "pjdel"):
        (commands / name).write_text("#!/bin/sh\ntouch submitted\n")
        (commands / name).chmod(0o755)

    ran = project.run("--fugaku", PATH=f"{commands}:/usr/bin:/bin")

    assert 4 == ran.code, ran.out
    assert "there is no pjstat on PATH" in ran.out
    assert not (project.path / "submitted").exists()
