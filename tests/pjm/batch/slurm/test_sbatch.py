"""The answer of sbatch: an id, a refusal, or nobody knows."""

from __future__ import annotations

import pytest

from pjm.batch.host import Answer
from pjm.batch.scheduler import AnswerLostError, SubmitError
from pjm.batch.slurm.sbatch import taken

FAILED = "sbatch: error: Batch job submission failed:"


@pytest.mark.parametrize("out", ["12\n", "12;here\n", "motd of the day\n12\n"])
def test_the_id_is_taken_from_its_own_line(out: str) -> None:
    assert "12" == taken(Answer(0, out, "sbatch: warning: something\n"))


@pytest.mark.parametrize(
    ("error", "advice", "retry"),
    [
        (f"{FAILED} Unable to contact slurm controller (connect failure)", "away for the moment", True),
        (f"sbatch: error: QOSMaxSubmitJobPerUserLimit\n{FAILED} Job violates accounting/QOS policy (job submit limit,"
         " user's size and/or time limits)", "other jobs have ended", True),
        (f"sbatch: error: invalid partition specified: nope\n{FAILED} Invalid partition name specified", "sinfo -s",
         False),
        (f"{FAILED} Invalid account or account/partition combination specified", "fugaku_group", False),
        (f"{FAILED} Requested time limit is invalid (missing or exceeds some limit)", "lower elapse=", False),
        (f"sbatch: error: Memory specification can not be satisfied\n{FAILED} Requested node configuration is not"
         " available", "lower mem=", False),
        ("sbatch: error: Invalid generic resource (gres) specification", "correct gres=", False),
        (f"{FAILED} Invalid job array specification", "fugaku_bulk_limit", False),
        ("sbatch: error: Invalid --time specification", "correct the marks", False),
        ("/usr/bin/sbatch: unrecognized option '--bogus'", "correct the marks", False),
        (f"sbatch: error: say your project\n{FAILED} Unspecified error", "correct the marks", False),
        ("env: 'sbatch': No such file or directory", "ask the site", False),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do_and_whether_it_may_pass(error: str, advice: str, retry: bool) -> None:
    code = 127 if error.startswith("env") else 1
    with pytest.raises(SubmitError) as refusal:
        taken(Answer(code, "", f"{error}\n"))

    assert advice in refusal.value.advice
    assert retry == refusal.value.retry
    assert error.split("\n")[0].strip() in str(refusal.value)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(1, "", f"{FAILED} Socket timed out on send/recv operation\n"),
        Answer(1, "", f"{FAILED} Unable to contact slurm controller (receive failure)\n"),
        Answer(1, "", f"{FAILED} Zero Bytes were transmitted or received\n"),
        Answer(1, "", f"{FAILED} No error\n"),
        Answer(1, "", "connection reset"),
        Answer(1, "12\n", "sbatch: error: something after it\n"),
        Answer(-9, "", ""),
        Answer(0, "", ""),
        Answer(0, "12\n13\n", ""),
        Answer(0, "Submitted batch job", ""),
    ],
)
def test_what_may_have_been_taken_is_unknown_and_never_refused(answer: Answer) -> None:
    with pytest.raises(AnswerLostError, match="whether it has a job is unknown"):
        taken(answer)
