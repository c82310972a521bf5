"""What pjsub says is read as ids, as a refusal to try again or not, or as an answer that nobody can trust.

In the `#PJM` lines that it reads, what is not asked for is left to the site.
"""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional, Tuple

import pytest

from pjm.batch.host import Answer
from pjm.batch.pjm.pjsub import directives, taken
from pjm.batch.scheduler import AnswerLostError, Resources, Submission, SubmitError

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


def outputs(label: str) -> List[str]:
    return [f"-o share-{label}.out", f"-e share-{label}.err", "-S", f"--spath share-{label}.stats"]


def lines(resources: Resources, number: Optional[int], needs: Optional[Tuple[int, ...]] = None) -> List[str]:
    written = list(directives("name", resources, number, needs))
    assert all(line.startswith("#PJM ") for line in written)
    return [line[len("#PJM ") :] for line in written]


def test_the_least_is_a_name_a_limit_and_nodes() -> None:
    least = ["-N name", '--rsc-list "elapse=00:30:00"', '-L "node=1"']

    assert [*least, *outputs("3")] == lines(Resources(1, 1800), 3)


def test_everything_that_is_asked_for_is_written_and_quoted_for_a_shell() -> None:
    asked = Resources(384, 90000, "small", "hp 1", "/vol1:/vol2", (("A", "1"), ("B", "")))

    assert [
        "-N name",
        '--rsc-list "elapse=25:00:00"',
        '--rsc-list "rscgrp=small"',
        '-L "node=384"',
        "-g 'hp 1'",
        "-x PJM_LLIO_GFSCACHE=/vol1:/vol2",
        "-x A=1",
        "-x B=",
        *outputs("%b"),
    ] == lines(asked, None)


@pytest.mark.parametrize(("nodes", "ranks", "each"), [(1, 4, 4), (2, 8, 4), (2, 5, 3), (3, 3, 1)])
def test_ranks_are_spread_over_the_nodes(nodes: int, ranks: int, each: int) -> None:
    asked = Resources(nodes, 60, ranks=ranks)

    assert [f'-L "node={nodes}"', f'--mpi "proc={ranks},max-proc-per-node={each}"'] == lines(asked, 0)[2:4]


@pytest.mark.parametrize(
    ("needs", "parameters"),
    [
        ((), "sn=2"),
        ((0,), "sn=2,sd=ec!=0:after:0,sd=pc!=0:after:0"),
        ((0, 1), "sn=2,sd=ec!=0:after:0:1,sd=pc!=0:after:0:1"),
    ],
)
def test_a_step_is_removed_if_one_that_it_needs_has_failed(needs: Tuple[int, ...], parameters: str) -> None:
    assert [f'--sparam "{parameters}"', *outputs("2")] == lines(Resources(1, 60), 2, needs)[3:]
