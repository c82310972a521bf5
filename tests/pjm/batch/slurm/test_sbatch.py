"""The answer of sbatch: an id, a refusal, or nobody knows; and what it reads, with nothing that is not asked for."""

from __future__ import annotations

from typing import List, Optional, Tuple

import pytest

from pjm.batch.host import Answer
from pjm.batch.scheduler import AnswerLostError, Resources, SubmitError
from pjm.batch.slurm.sbatch import directives, taken, words

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


def outputs(label: str) -> List[str]:
    return [f"#SBATCH --output=share-{label}.out", f"#SBATCH --error=share-{label}.err", "#SBATCH --open-mode=truncate"]


def lines(resources: Resources, number: Optional[int], needs: Optional[Tuple[int, ...]] = None) -> List[str]:
    return list(directives("name", resources, number, needs))


def test_the_least_is_a_name_nodes_and_a_limit() -> None:
    least = ["#SBATCH --job-name=name", "#SBATCH --nodes=1", "#SBATCH --time=30"]

    assert [*least, *outputs("3")] == lines(Resources(1, 1800), 3)


def test_everything_that_is_asked_for_is_written_and_quoted_for_a_shell() -> None:
    asked = Resources(4, 90000, "small", "hp 1", None, (("A", "1"), ("B", "/x")), 8, "16G", "gpu:2")

    assert [
        "#SBATCH --job-name=name",
        "#SBATCH --nodes=4",
        "#SBATCH --time=1500",
        "#SBATCH --partition=small",
        "#SBATCH --account='hp 1'",
        "#SBATCH --cpus-per-task=8",
        "#SBATCH --mem=16G",
        "#SBATCH --gres=gpu:2",
        *outputs("%a"),
        "export A=1",
        "export B=/x",
    ] == lines(asked, None)


@pytest.mark.parametrize(
    ("nodes", "ranks", "cpus", "each"),
    [
        (1, 4, None, ["--ntasks-per-node=4"]),
        (2, 5, None, ["--ntasks-per-node=3"]),
        (2, 8, 16, ["--ntasks-per-node=4", "--cpus-per-task=4"]),
        (1, 3, 4, ["--ntasks-per-node=3", "--cpus-per-task=1"]),
        (1, 4, 2, ["--ntasks-per-node=4", "--cpus-per-task=1"]),
    ],
)
def test_ranks_are_tasks_and_share_the_processors_of_a_node(
    nodes: int, ranks: int, cpus: Optional[int], each: List[str]
) -> None:
    written = lines(Resources(nodes, 60, cpus=cpus, ranks=ranks), 0)

    assert [f"--ntasks={ranks}", *each] == words("\n".join(written))[3 : 4 + len(each)]


@pytest.mark.parametrize(("elapse", "minutes"), [(1, 1), (60, 1), (61, 2), (3600, 60)])
def test_a_limit_is_rounded_up_to_whole_minutes(elapse: int, minutes: int) -> None:
    assert f"#SBATCH --time={minutes}" in lines(Resources(1, elapse), 0)


def test_each_job_of_a_chain_has_a_name_of_its_own() -> None:
    assert "#SBATCH --job-name=name.2" == lines(Resources(1, 60), 2, (0, 1))[0]


def test_the_words_of_a_script_are_those_of_its_directives() -> None:
    text = "\n".join(["#!/bin/bash", *lines(Resources(1, 60, group="hp 1"), 0), "echo '#SBATCH --x'"])

    expected = ["--job-name=name", "--nodes=1", "--time=1", "--account=hp 1", "--output=share-0.out"]
    assert [*expected, "--error=share-0.err", "--open-mode=truncate"] == words(text)


def test_what_follows_the_first_command_is_no_directive() -> None:
    script = "#!/bin/bash\n#SBATCH --nodes=1\nexport TEXT='a\n#SBATCH --account=x'\n#SBATCH --hold\n"

    assert ["--nodes=1"] == words(script)
