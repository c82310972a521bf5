"""The table of codes and reasons is complete, and no entry hides another."""

from __future__ import annotations

import pytest

from pjm.batch.cause import Cause
from pjm.batch.pjm.codes import CODE_NAMES, CODES, REASONS, VAGUE

CAUSES = [*CODES.values(), *(cause for _, cause in REASONS)]


def test_every_code_has_a_name_and_a_cause() -> None:
    assert {0, *CODES} == set(CODE_NAMES)


def test_no_reason_hides_another() -> None:
    starts = [start for start, _ in REASONS]

    assert [] == [late for place, late in enumerate(starts) if late.startswith(tuple(starts[:place]))]
    assert all(len(start) <= 16 for start in starts)


def test_codes_that_a_reason_makes_clearer_are_known() -> None:
    assert set(VAGUE) <= set(CODE_NAMES)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.meaning)
def test_a_cause_is_a_sentence_about_the_job_and_says_what_to_do(cause: Cause) -> None:
    assert cause.meaning[-1] != "." != cause.advice[-1]
    assert cause.advice.format(longer="01:00:00")
    assert cause.retry == ("run it again" in cause.advice)
