"""What pjsub reads, the `#PJM` lines of a job script, and what it answers: ids of jobs, or why it accepted nothing."""

from __future__ import annotations

import re
import shlex
from typing import Iterator, Mapping, Optional, Sequence, Tuple

from pjm.batch.host import Answer
from pjm.batch.pjm.messages import Message, errors, explained, messages
from pjm.batch.scheduler import AnswerLostError, Resources, Submission, SubmitError
from pjm.elapse import elapse_text

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


def directives(
    name: str, resources: Resources, number: Optional[int], needs: Optional[Tuple[int, ...]]
) -> Iterator[str]:
    """The lines, one by one; see `Scheduler.directives`."""
    label = "%b" if number is None else str(number)
    yield f"#PJM -N {name}"
    yield f'#PJM --rsc-list "elapse={elapse_text(resources.elapse)}"'
    if resources.rscgrp is not None:
        yield f'#PJM --rsc-list "rscgrp={resources.rscgrp}"'
    yield f'#PJM -L "node={resources.nodes}"'
    if resources.ranks is not None:
        yield f'#PJM --mpi "proc={resources.ranks},max-proc-per-node={resources.ranks_per_node}"'
    if resources.group is not None:
        yield f"#PJM -g {shlex.quote(resources.group)}"
    if resources.gfscache is not None:
        yield f"#PJM -x PJM_LLIO_GFSCACHE={shlex.quote(resources.gfscache)}"
    for variable, text in resources.env:
        yield f"#PJM -x {variable}={text}"
    if needs is not None:
        yield f'#PJM --sparam "{_step_parameters(label, needs)}"'
    yield f"#PJM -o share-{label}.out"
    yield f"#PJM -e share-{label}.err"
    yield "#PJM -S"
    yield f"#PJM --spath share-{label}.stats"


def _step_parameters(number: str, needs: Tuple[int, ...]) -> str:
    """The number of a step, and when PJM removes it and its followers: a needed step has failed (EC or PC not 0)."""
    steps = "".join(f":{need}" for need in needs)  # Command Reference p. 96: one of those listed is enough
    conditions = [f"sd={code}!=0:after{steps}" for code in ("ec", "pc") if needs]
    return ",".join([f"sn={number}", *conditions])


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
