"""What the emulator prints equals what PJM printed in the same situation, byte for byte but for dates and times.

The recordings are not ours to pass on. They are looked for in the folder that PJM_SAMPLES names, or in
`shared/pjm/samples` beside the project; where there are none, these tests are skipped and say so. Compared are those
of V4 that have all their columns; those of which a guide left out the right part, or whose blanks were rebuilt, word by
word as far as they go. Not compared: the summary with SUSPND (the manual's; Fugaku's has
none, nor has the emulator), a rejected job that had a start (pjstat_H_manual), statistics whose columns were lost.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Callable, Iterator

import pytest

from pjm import emulator
from pjm.emulator.machine.store import Store
from tests.builders.processes import PATIENCE, until
from tests.builders.samples import FOLDER, MISSING

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=MISSING)
NODES = {"small": {"nodes_max": 24}}
DATES = (
    (r"\(\d\d/\d\d \d\d:\d\d\)", "(MM/DD hh:mm)"),
    (r"\d\d/\d\d \d\d:\d\d:\d\d", "MM/DD hh:mm:ss"),
    # The time that a job has used, which stands before its limit.
    (r"\b\d{4}:\d\d:\d\d (?=\d{4}:)", "hhhh:mm:ss "),
)


def masked(text: str) -> str:
    """Dates and times made equal. Ids, names, users and groups are: the emulator is given those of the recording."""
    for pattern, mask in DATES:
        text = re.sub(pattern, mask, text)
    return text


def words(text: str) -> list[list[str]]:
    """Lines taken apart: for those recordings whose blanks were rebuilt, up to where their right part was left out."""
    return [line.split("...")[0].split() for line in masked(text).splitlines()]


def sample(name: str) -> str:
    """A recording without its first line, which says where it is from."""
    if not (FOLDER / name).exists():
        pytest.skip(f"no {name} in {FOLDER}")
    return (FOLDER / name).read_text(encoding="utf-8").split("\n", 1)[1]


class Machine:
    """An emulator, and a user of it."""

    def __init__(self, place: Path, **settings: object) -> None:
        self.place = place
        self.folder = place / "emulator"
        # Jobs must not meet their limits because this machine is slow.
        self.variables = emulator.environment(self.folder, 100, {"second": 10.0, **settings})

    def says(self, *command: object, user: str = "user1", code: int = 0, **env: str) -> str:
        """Both streams of a command."""
        ended = subprocess.run(
            [str(word) for word in command],
            cwd=str(self.place),
            env={**os.environ, **self.variables, "PJM_EMULATOR_USER": user, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
        assert code == ended.returncode, ended.stdout
        return ended.stdout

    def submits(
        self, script: str, *options: object, text: str = "sleep 600", user: str = "user1", code: int = 0, **env: str
    ) -> str:
        """What pjsub says to a script of this name."""
        (self.place / script).write_text(text + "\n", encoding="utf-8")
        return self.says("pjsub", *options, script, user=user, code=code, **env)

    def wait(self, *states: str) -> None:
        """Until the jobs and sub jobs, in the order of their ids, are in these states."""
        with Store(self.folder / "jobs.sqlite") as store:
            until(lambda: [job.state for job in store.all()] == list(states))


Making = Callable[..., Machine]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Making]:
    """Makes the emulator of a test."""
    yield lambda **settings: Machine(tmp_path, **settings)
    assert emulator.stop(tmp_path / "emulator", PATIENCE)


def test_pjsub_normal(machine: Making) -> None:
    assert sample("pjsub_normal_fugaku_2021.txt") == machine(first_id=6291500).submits("job1.sh")


def test_pjsub_bulk(machine: Making) -> None:
    assert sample("pjsub_bulk_seminar.txt") == machine(first_id=8123).submits("b.sh", "--bulk", "--sparam", "1-4")


def test_pjsub_step_by_three_commands(machine: Making) -> None:
    ours = machine(first_id=11716781)

    said = [ours.submits(f"sub_job{number}.sh", "--step", "--sparam", "jnam=mystepjob") for number in range(3)]

    assert sample("pjsub_step_three_fugaku.txt") == "".join(said)


def test_pjsub_step_of_two_scripts(machine: Making) -> None:
    ours = machine(first_id=300)
    for script in ("stepjob1.sh", "stepjob2.sh"):
        (ours.place / script).write_text("sleep 600\n")

    assert sample("pjsub_step_two_scripts_manual.txt") == ours.says("pjsub", "--step", "stepjob1.sh,stepjob2.sh")


def test_pjsub_refusals(machine: Making) -> None:
    ours = machine(groups=NODES)
    gone = ours.submits("sub_job3.sh", "--step", "--sparam", "jid=64856", code=1)
    assert sample("pjsub_err_0012_step_gone_fugaku.txt") == gone
    assert sample("pjsub_err_0057_node_upper.txt") == ours.submits("a.sh", "-L", "node=32", code=1)
    ours = machine(require_group=True)
    assert sample("pjsub_err_0071_group_fugaku.txt") == ours.submits("a.sh", code=1)


def test_pjdel(machine: Making) -> None:
    ours = machine(first_id=6291500)
    ours.submits("job1.sh")

    assert sample("pjdel_normal_fugaku_2021.txt") == ours.says("pjdel", "6291500")
    unknown = sample("pjdel_err_0112_guide.txt").replace('"Unexisting job ID"', "99")
    assert unknown == ours.says("pjdel", "99", code=1)


def test_pjdel_of_a_range_of_sub_jobs(machine: Making) -> None:
    ours = machine(first_id=1363254)
    ours.submits("bulk.sh", "--bulk", "--sparam", "0-3")

    assert sample("pjdel_bulk_range_fugaku.txt") == ours.says("pjdel", "1363254[0-2]")


def test_pjdel_of_a_step_job(machine: Making) -> None:
    ours = machine(first_id=12345678)
    for _ in range(3):
        ours.submits("step.sh", "--step", "--sparam", "jnam=step")

    assert sample("pjdel_step_parent_fugaku.txt") == ours.says("pjdel", "12345678")


def test_pjhold_and_pjrls(machine: Making) -> None:
    ours = machine(first_id=1)
    for number in (1, 2, 3):
        ours.submits(f"{number}.sh", *(["--norestart"] if number == 2 else []))
    ours.wait("RUN", "RUN", "RUN")

    assert sample("pjhold_mixed_manual.txt") == ours.says("pjhold", 1, 2, 3, code=1)
    ours.wait("HLD", "RUN", "HLD")
    assert sample("pjrls_manual.txt").replace("2", "3") == ours.says("pjrls", 1, 3)


def test_pjwait(machine: Making) -> None:
    ours = machine(first_id=10)
    for number in (10, 11, 12):
        ours.submits(f"{number}.sh", text="sleep 600" if number == 11 else "exit 1")
    ours.wait("EXT", "RUN", "EXT")
    ours.says("pjdel", 11)

    assert sample("pjwait_manual_cr.txt").rstrip("\n") == ours.says("pjwait", 10, 11, 12).rstrip("\n")


def test_pjstat_long_view_of_two_jobs_about_to_start(machine: Making) -> None:
    ours = machine(first_id=6291500, start=60)
    for _ in range(2):
        ours.submits("job1.sh", "-L", "node=12", "-g", "rccs-aot", user="a03010")
    ours.wait("RNA", "RNA")

    assert masked(sample("pjstat_v_two_jobs_fugaku_2021.txt")) == masked(ours.says("pjstat", "-v", user="a03010"))


def test_pjstat_long_view_of_a_job_over_its_limit(machine: Making) -> None:
    ours = machine(first_id=49047939, second=0.0005, kill_after=20000)
    ours.submits("a.sh", "-N", "lucj-qpy-b", "-L", "elapse=15:00", "-g", "ra010014", user="u13450")
    ours.wait("EXT")

    # The recording has lost the blanks at the ends of its lines.
    said = [line.rstrip() for line in masked(ours.says("pjstat", "-v", "-H", user="u13450")).splitlines()]
    assert masked(sample("pjstat_v_H_elapse_exceeded_row_only.txt")).splitlines() == said


def test_pjstat_refuses_what_is_no_id(machine: Making) -> None:
    said = machine().says("pjstat", "-v", "--choose", "jid,st,ec,sn", "r1", code=1)

    assert sample("pjstat_err_0211_invalid_jobid_fugaku.txt") == said


def test_pjstat_records_of_a_bulk_job(machine: Making) -> None:
    ours = machine(first_id=34703955)
    ours.submits("bulk.sh", "--bulk", "--sparam", "1-4")

    said = ours.says("pjstat", "-E", "--data", "--choose=jid,jmdl", 34703955)
    assert sample("pjstat_data_bulk_expanded.csv.txt").rstrip("\n") == said.rstrip("\n")


def test_pjstat_records_with_statistics(machine: Making) -> None:
    ours = machine(first_id=34716159)
    ours.submits("ended.sh", text="true")
    ours.wait("EXT")
    stuck = json.dumps([{"fault": "stuck"}])
    ours.submits("normal.sh", PJM_EMULATOR_FAULTS=stuck)
    with Store(ours.folder / "jobs.sqlite") as store:
        store.connection.execute("UPDATE counter SET value = 34716168 WHERE name = 'jid'")
    ours.submits("bulk.sh", "--bulk", "--sparam", "1-2", PJM_EMULATOR_FAULTS=stuck)
    ours.wait("EXT", "QUE", "QUE", "QUE", "QUE")

    ids = ("34716159", "34716160", "34716168", "34716168[1]", "34716168[2]")
    said = ours.says("pjstat", "-s", "-E", "--data", "--choose=jid,adt,rscg,st", *ids)
    assert masked(sample("pjstat_data_s_active_bulk.csv.txt")).rstrip("\n") == masked(said).rstrip("\n")


def test_pjacl(machine: Making) -> None:
    """The lines of the guide's example, in their order; it leaves out others."""
    recorded = [line for line in sample("pjacl_small_fugaku.txt").splitlines() if line and line != "(omitted)"]
    said = machine().says("pjacl", "--rg", "small").splitlines()

    assert recorded == [line for line in said if line in recorded]


def test_pjstat_summary_of_nothing(machine: Making) -> None:
    assert sample("pjstat_summary_fugaku.txt") == machine().says("pjstat", "--summary")


def test_pjstat_limits(machine: Making) -> None:
    ours = machine(accept_user=100, accept_jobs=0, accept_bulk=0, accept_step=0)
    # The job is somebody else's, and only gives our user a group.
    said = [" ".join(line.split()) for line in ours.says("pjstat", "--limit").splitlines()]

    # Word by word: the guide has narrower columns than Fugaku itself, which test_summary.py holds.
    recorded = [" ".join(line.split()) for line in sample("pjstat_limit_fugaku.txt").splitlines()]
    groups = [line for line in said if line.startswith("GROUP: ")]
    assert 1 == len(groups)
    # One interactive job of somebody's was there when this was recorded; the emulator has none ever.
    interactive = [line for line in recorded if line.startswith("ru-interact-accept") and line.endswith("1")]
    assert 1 == len(interactive)
    replaced = {groups[0]: "GROUP: group1"}
    assert [line[:-1] + "0" if line in interactive else line for line in recorded] == [
        replaced.get(line, line) for line in said
    ]


def test_the_head_of_a_statistics_file(machine: Making) -> None:
    ours = machine(first_id=43607196)
    ours.submits("job.sh", "-s", text="true")
    ours.wait("EXT")

    head = (ours.place / "job.sh.43607196.stats").read_text().splitlines()[:3]
    recorded = sample("stats_file_head_fugaku.txt").splitlines()
    assert recorded == [line.replace(os.uname().nodename, "fn02sv05") for line in head]


def four_jobs(machine: Making) -> Machine:
    """The jobs of the End-user's Guide, pages 149 and 150."""
    ours = machine(first_id=238)
    shape = ("-L", "node=2x3x2,elapse=1:00:00")
    ours.submits("job.sh", *shape)
    ours.submits("bulk.sh", *shape, "--bulk", "--sparam", "1-5")
    for _ in range(5):
        ours.submits("step.sh", "--step", "--sparam", "jnam=step.sh", "-L", "elapse=1:00:00")
    ours.submits("job2.sh", "-L", "node=2,elapse=1:00:00")
    ours.wait("RUN", *["RUN"] * 6, "RUN", "RUN", *["QUE"] * 4, "RUN")
    return ours


def test_pjstat_default_expanded_and_chosen_word_by_word(machine: Making) -> None:
    ours = four_jobs(machine)

    assert words(sample("pjstat_default_manual.txt")) == words(ours.says("pjstat"))
    chosen = ours.says("pjstat", "--choose", "jid,jnam,jmdl,sdt")
    assert words(sample("pjstat_choose_jnam_jmdl_sdt_manual.txt")) == words(chosen)
    for name, ids, columns in (("pjstat_E_manual.txt", (), 8), ("pjstat_E_bulk_guide.txt", (239,), 8)):
        expected = words(sample(name))
        said = words(ours.says("pjstat", "-E", *ids))
        assert [line[: len(wanted)] for line, wanted in zip(said, expected)] == expected
        assert len(expected) == len(said)
        assert columns >= len(expected[0])


def test_pjstat_of_a_step_job_of_which_one_step_has_ended(machine: Making) -> None:
    ours = machine(first_id=4)
    shape = ("-L", "node=32,elapse=1:00:00")
    (ours.place / "t1.sh").write_text("true\n")
    (ours.place / "t2.sh").write_text("sleep 600\n")
    ours.says("pjsub", "--step", *shape, "t1.sh,t2.sh")
    ours.wait("RUN", "EXT", "RUN")

    expected = words(sample("pjstat_E_step_partly_finished_manual.txt"))
    assert expected == [line[: len(wanted)] for line, wanted in zip(words(ours.says("pjstat", "-E")), expected)]
