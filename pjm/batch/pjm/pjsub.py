"""Parses the answer of pjsub: the ids of the jobs it accepted, or why it accepted nothing."""

from __future__ import annotations

import re
from typing import Mapping, Sequence, Tuple

from pjm.batch.host import Answer
from pjm.batch.pjm.messages import Message, errors, explained, messages
from pjm.batch.scheduler import AnswerLostError, Submission, SubmitError

_TAKEN = re.compile(r"\bJob\s+(\d{1,10})(?:_(\d{1,5})|\[\d*\])?\s+submitted\b", re.ASCII)

# Command Reference p. 101-109, by message number. For other numbers, the message itself has to be read.
_ADVICE: Mapping[str, str] = {
    "0020": "look whether the session folder can be read",
    "0045": "set fugaku_workdir to a folder on the data area, and fugaku_gfscache to its volume",
    "0054": "raise it in the mark of the tests, or choose another rscgrp=",
    "0057": "lower it in the mark of the tests, or choose another rscgrp=",
    "0058": "correct rscgrp= in the mark, or fugaku_rscgrp",
    "0059": "choose another rscgrp= in the mark, or fugaku_rscgrp",
    "0068": "the site changed its configuration in this moment: it is tried again",
    "0070": "ask the site for the permission, or choose another rscgrp= or group",
    "0071": "set fugaku_group to a group that is charged for your jobs; `id -Gn` lists yours",
    "0072": "wait until other jobs have ended: it is tried again",
    "0079": "the site's gate check says so: look at the group's budget, and at rscgrp=, nodes= and elapse= in the mark",
    "0090": "the batch system is away for the moment: it is tried again",
    "0091": "the batch system has trouble for the moment: it is tried again",
}
_RETRY = {"0068", "0072", "0090", "0091"}
_ANSWER = "[INFO] PJM 0000 pjsub Job "
_NEVER_RAN = (126, 127)  # exit codes of a shell that could not start it
_NOTHING_TAKEN = "correct the marks or the fugaku_… options that the message names"

# Fugaku's wrapper around pjsub writes messages without a number (user guide, JobExecution/NormalJob).
_WRAPPER: Tuple[Tuple[str, str], ...] = (
    ("is not a data area", "set fugaku_workdir to a folder below /vol…/data, or give pjsub --no-check-directory"),
    ("PJM_LLIO_GFSCACHE", "set fugaku_gfscache to the volumes that the jobs read, for example /vol0004"),
)


def taken(answer: Answer, submission: Submission) -> Tuple[str, ...]:
    """The ids of the parts of a submission, read from the answer of pjsub.

    Raises:
        SubmitError: nothing was accepted.
        AnswerLostError: something may have been accepted.
    """
    jobs = _TAKEN.findall(answer.text)
    wrong = errors(answer.text)
    if not jobs:
        raise _refusal(answer, wrong)
    ids = _ids(jobs, submission)
    if answer.code or wrong or len(ids) != submission.parts:
        raise AnswerLostError(f"pjsub took only some of {submission.name}, or says so: {_first_lines(answer)}")
    return ids


def _ids(jobs: Sequence[Tuple[str, str]], submission: Submission) -> Tuple[str, ...]:
    parents = {parent for parent, _ in jobs}
    if len(parents) != 1:
        return ()
    parent = parents.pop()
    if submission.bulk is not None:
        return tuple(f"{parent}[{number}]" for number in range(submission.bulk))
    if len(submission.scripts) > 1:
        numbers = sorted({int(number) for _, number in jobs if number})
        return tuple(f"{parent}_{number}" for number in numbers)
    return (parent,)


def _refusal(answer: Answer, wrong: Tuple[Message, ...]) -> Exception:
    if wrong:
        retry = all(message.number in _RETRY for message in wrong)
        return SubmitError(f"pjsub: {explained(answer.text)}", _ADVICE.get(wrong[0].number, _NOTHING_TAKEN), retry)
    for words, advice in _WRAPPER:
        if words in answer.text and answer.code >= 0:
            return SubmitError(f"pjsub: {_first_lines(answer)}", advice, retry=False)
    if answer.code in _NEVER_RAN:
        return SubmitError(f"pjsub cannot be run: {_first_lines(answer)}", "ask the site", retry=False)
    # An unknown text, such as "connection reset" or a notice of the site, may have come after the job was accepted.
    may_refuse = answer.code == 0 and any(map(_may_refuse, answer.text.split("\n")))
    happened = f"pjsub ended with exit code {answer.code} and named no job: {_first_lines(answer)}"
    return AnswerLostError(happened, _NOTHING_TAKEN if may_refuse else "")


def _may_refuse(line: str) -> bool:
    """Whether a site's wrapper may have refused with this line: it is no warning, and no answer that was cut off."""
    cut_off = _ANSWER.startswith(line.strip()) or line.strip().startswith("[INFO")
    return bool(line.strip()) and not cut_off and not messages(line) and not line.startswith("warn:")


def _first_lines(answer: Answer) -> str:
    return " / ".join(answer.text.split("\n"))[:500].strip(" /") or "it said nothing"
