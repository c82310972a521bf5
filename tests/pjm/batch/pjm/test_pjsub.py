"""What pjsub says is read as ids, as a refusal to try again or not, or as an answer that nobody can trust."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple

import pytest

from pjm.batch.host import Answer
from pjm.batch.pjm.pjsub import taken
from pjm.batch.scheduler import AnswerLostError, Submission, SubmitError

FOLDER = Path("/f")
ONE = (FOLDER / "script.sh",)
NORMAL = Submission("s-0", FOLDER, ONE)
BULK = Submission("s-0", FOLDER, ONE, bulk=3)
STEPS = Submission("s-0", FOLDER, (*ONE, FOLDER / "second.sh"))


@pytest.mark.parametrize(
    ("submission", "out", "ids"),
    [
        (NORMAL, "[INFO] PJM 0000 pjsub Job 12 submitted.\n", ("12",)),
        (NORMAL, "Welcome! Job offers inside.\n[INFO.] PJM 0000 Job 12 submitted\n", ("12",)),
        (BULK, "[INFO] PJM 0000 pjsub Job 12 submitted.\n", ("12[0]", "12[1]", "12[2]")),
        (BULK, "[INFO] PJM 0000 pjsub Job 12[] submitted.\n", ("12[0]", "12[1]", "12[2]")),
        (
            STEPS,
            "[INFO] PJM 0000 pjsub Job 12_0 submitted.\n[INFO] PJM 0000 pjsub Job 12_1 submitted.\n",
            ("12_0", "12_1"),
        ),
        (
            NORMAL,
            "warn: specification of core retention is invalid because job size is too large.\n"
            "[WARN] PJM 0024 pjsub Too many arguments in script file.\n[INFO] PJM 0000 pjsub Job 12 submitted.\n",
            ("12",),
        ),
    ],
)
def test_ids_of_the_parts_are_read(submission: Submission, out: str, ids: Tuple[str, ...]) -> None:
    assert ids == taken(Answer(0, out, ""), submission)
    assert ids == taken(Answer(0, "", out), submission)


@pytest.mark.parametrize(
    ("text", "retry", "advice"),
    [
        ("[ERR.] PJM 0057 pjsub node=32 is greater than the upper limit (24).", False, "lower it"),
        ("[ERR.] PJM 0054 pjsub node=1 is less than the lower limit (385).", False, "raise it"),
        ("[ERR.] PJM 0058 pjsub rscgrp=x does not exist.", False, "rscgrp="),
        ("[ERR.] PJM 0071 pjsub Group not authorized to submit a job: group(59999)", False, "fugaku_group"),
        ("[ERR.] PJM 0072 pjsub Job exceeded the accept limit: ru-accept.", True, "wait"),
        ("[ERR.] PJM 0079 pjsub group is not active (ACC->QUE)", False, "budget"),
        ("[ERR.] PJM 0079 pjsub Computing resources shortage occurred.[group] (ACC->QUE)", False, "gate"),
        ("[ERR.] PJM 0090 pjsub PJM daemon is not present.", True, "tried again"),
        ("[ERR.] PJM 0091 pjsub Internal error: 12.", True, "tried again"),
        ("[ERR.] PJM 0999 pjsub Something of a later version.", False, "marks"),
        ("The current directory is not a data area. (directory: /home/g/u)", False, "fugaku_workdir"),
        ("If you use Spack, set PJM_LLIO_GFSCACHE to /vol0004.(ex. pjsub -x …)", False, "fugaku_gfscache"),
    ],
)
def test_a_refusal_says_what_to_change_and_whether_it_may_pass(text: str, retry: bool, advice: str) -> None:
    for answer in (Answer(1, "", f"{text}\n"), Answer(1, f"banner\n{text}\n", "")):
        with pytest.raises(SubmitError) as refusal:
            taken(answer, NORMAL)

        assert text.split("pjsub ")[-1] in str(refusal.value)
        assert retry == refusal.value.retry
        assert advice in refusal.value.advice


def test_an_error_with_exit_code_0_is_a_refusal() -> None:
    with pytest.raises(SubmitError, match="Staging option error"):
        taken(Answer(0, "[ERR.] PJM 0007 pjsub Staging option error (3)\n", ""), NORMAL)


@pytest.mark.parametrize(
    "text",
    [
        "Your group has no budget left. Ask the operator.\n",
        "Job script check: elapse is missing\n",
        "warn: something\nrefused by the site\n",
    ],
)
def test_an_unknown_text_without_an_id_and_with_exit_code_0_may_be_a_refusal(text: str) -> None:
    for answer in (Answer(0, text, ""), Answer(0, "", text)):
        with pytest.raises(AnswerLostError) as lost:
            taken(answer, NORMAL)

        assert text.splitlines()[-1] in str(lost.value)
        assert "correct the marks" in lost.value.advice


def test_a_known_refusal_with_exit_code_0_is_a_refusal() -> None:
    with pytest.raises(SubmitError, match="is not a data area"):
        taken(Answer(0, "The current directory is not a data area. (directory: /home/g/u)\n", ""), NORMAL)


def test_every_fault_that_follows_an_error_is_said() -> None:
    faults = "'a' and 'b'\n'c' and 'd'\n"
    text = f"[ERR.] PJM 0002 pjsub Invalid combination:\n{faults}Try `pjsub --help` for more information.\n"

    with pytest.raises(SubmitError) as refusal:
        taken(Answer(1, "", text), NORMAL)

    assert "pjsub: PJM 0002: Invalid combination: / 'a' and 'b' / 'c' and 'd'" == str(refusal.value)


def test_of_several_errors_one_that_stays_is_enough_not_to_try_again() -> None:
    text = "[ERR.] PJM 0072 pjsub Job exceeded the accept limit: ru-accept.\n[ERR.] PJM 0057 pjsub node=9 is greater\n"

    with pytest.raises(SubmitError) as refusal:
        taken(Answer(1, "", text), NORMAL)

    assert not refusal.value.retry


def test_a_command_that_never_ran_took_nothing() -> None:
    with pytest.raises(SubmitError, match="shared object") as refusal:
        taken(Answer(127, "", "pjsub: cannot open shared object file\n"), NORMAL)

    assert not refusal.value.retry


@pytest.mark.parametrize(
    ("submission", "answer"),
    [
        (NORMAL, Answer(0, "", "")),
        (NORMAL, Answer(1, "", "")),
        (NORMAL, Answer(0, "[INFO] PJM 0000 p", "")),
        (NORMAL, Answer(0, "[INF", "warn: specification of core retention is invalid\n")),
        (NORMAL, Answer(0, "[WARN] PJM 0024 pjsub Too many arguments in script file.\n", "")),
        (NORMAL, Answer(1, "", "Connection reset by peer\n")),
        (NORMAL, Answer(-9, "", "")),
        (NORMAL, Answer(-9, "The current directory is not a data area.", "")),
        (NORMAL, Answer(0, "[INFO] PJM 0000 pjsub Job 12 submi", "")),
        (NORMAL, Answer(1, "[INFO] PJM 0000 pjsub Job 12 submitted.\n", "")),
        (NORMAL, Answer(0, "[INFO] PJM 0000 pjsub Job 12 submitted.\n", "[ERR.] PJM 0091 pjsub Internal error: 1.\n")),
        (NORMAL, Answer(0, "Job 12 submitted.\nJob 13 submitted.\n", "")),
        (STEPS, Answer(1, "[INFO] PJM 0000 pjsub Job 12_0 submitted.\n", "[ERR.] PJM 0072 pjsub Job exceeded …\n")),
        (STEPS, Answer(0, "[INFO] PJM 0000 pjsub Job 12_0 submitted.\n", "")),
    ],
)
def test_an_answer_that_says_neither_yes_nor_no_is_lost(submission: Submission, answer: Answer) -> None:
    with pytest.raises(AnswerLostError) as lost:
        taken(answer, submission)

    assert "" == lost.value.advice
