"""The `#SBATCH` lines of a script: what is not asked for is left to the site."""

from __future__ import annotations

from typing import List, Optional, Tuple

import pytest

from pjm.batch.scheduler import Resources
from pjm.batch.slurm.directives import directives, words


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
