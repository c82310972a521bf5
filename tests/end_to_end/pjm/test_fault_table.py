"""The fault table: what goes wrong in PJM × what the user sees × whether it is tried again × that nothing is lost.

One row for each fault of the emulator, and for some of them in combination. Every row is one test in one job.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

import pytest

from pjm import emulator
from tests.builders.fugaku_project import FAILS_BESIDE_A_SLOW_ONE, FugakuProject, Ran
from tests.builders.processes import PATIENCE, until

Fault = Dict[str, Any]
ONCE = {"times": 1}
RUNNING = "this test was running, in its call phase"
UNTIL_KILLED = "time.sleep(60)"
# The fault comes when the test is running, however slow the machine is.
BEGUN = {"file": "../../../../begun-%n-%J"}
EVENTS = ["events*.jsonl"]


@dataclass(frozen=True)
class Row:
    """One fault, one test, one job.

    Attributes:
        faults: for the emulator, without the job or the call that they hit.
        sees: words of the test's report; none for a test that passes.
        jobs: how many were made for it: more than one means that it was tried again.
        runs: how often the test's body began.
        body: of the test.
        taken: how many jobs PJM took for it; as many as there were, unless the answer to one was lost for good.
    """

    faults: Sequence[Fault]
    sees: Tuple[str, ...] = ()
    jobs: int = 1
    runs: int = 1
    body: str = "pass"
    taken: int = -1

    @property
    def passes(self) -> bool:
        """In the end."""
        return not self.sees


def ends(**codes: object) -> Fault:
    """The job ends so, and has not run."""
    return {"fault": "end", **codes}


def hits(fault: str, **parameters: object) -> Fault:
    """A fault by its name."""
    return {"fault": fault, **parameters}


# Faults of jobs. That PJM starts a job again itself (node-down) needs no second submission.
JOBS: Mapping[str, Row] = {
    # fault                         faults, what the user sees, jobs, runs, body
    "rejected": Row([hits("reject")], ("PC 2: rejected", "RSCGRP STOP", "use another rscgrp="), runs=0),
    "stopped_by_the_gate": Row([hits("gate-check")], ("GATE CHECK", "group's budget", "pjdel"), runs=0),
    "waits_for_nodes_for_a_while": Row([hits("stuck", seconds=1)]),
    "vanished_while_it_waited": Row([hits("vanish", when="queued", **ONCE)], jobs=2),
    "vanished_while_it_ran": Row([hits("vanish", **ONCE, **BEGUN)], jobs=2, runs=2, body="time.sleep(RUNS and 60)"),
    "vanished_after_its_end": Row([hits("vanish", when="ended")]),
    "runs_out_slowly": Row([hits("runout", seconds=1.5)]),
    "node_goes_down": Row([hits("node-down", **BEGUN)], runs=2, body="time.sleep(RUNS and 60)"),
    "preempted": Row([hits("preempt", **ONCE, **BEGUN)], jobs=2, runs=2, body="time.sleep(RUNS and 60)"),
    "over_its_elapse_limit": Row(
        [hits("elapse", **BEGUN)], ("PC 11: elapse limit", "raise elapse=", RUNNING), body=UNTIL_KILLED
    ),
    "over_its_memory_limit": Row(
        [hits("out-of-memory", **BEGUN)], ("PC 12: memory limit", "raise nodes=", RUNNING), body=UNTIL_KILLED
    ),
    "killed_by_nobody_knows_whom": Row([hits("kill", **BEGUN)], ("SIGKILL", "memory", RUNNING), body=UNTIL_KILLED),
    "on_a_node_that_is_down": Row([ends(pc=20, sn=9, reason="LOST COMM", **ONCE)], jobs=2),
    "without_its_python": Row([ends(ec=127)], ("exit code 127", "correct fugaku_python"), runs=0),
    "ended_well_and_did_nothing": Row([ends(**ONCE)], jobs=2),
    "disk_full_for_its_results": Row(
        [hits("disk-full", files=["share-0/events.jsonl"])], ("the results cannot be written",), runs=0
    ),
    "disk_full_for_everything": Row(
        [hits("disk-full", bytes=1)], ("its results could not be written", "quota"), runs=0
    ),
    "disk_full_for_its_output": Row(
        [hits("disk-full", files=["out", "err"])], ("its script ended with exit code 3", "error output"), runs=0
    ),
    "results_cut": Row([hits("truncate", files=EVENTS, drop=400)]),
    "output_cut_and_late": Row(
        [hits("truncate", files=["out", "err"]), hits("late-files", files=["out", "err"], seconds=0.7)]
    ),
    "seen_late_and_in_no_view_and_results_late": Row(
        [hits("late", seconds=0.5), hits("gap", seconds=0.5), hits("late-files", files=EVENTS, seconds=0.5)]
    ),
    "preempted_and_its_results_cut": Row(
        [hits("preempt", **ONCE, **BEGUN), hits("truncate", files=EVENTS, drop=10, **ONCE)],
        jobs=2,
        runs=2,
        body="time.sleep(RUNS and 60)",
    ),
}

# Faults of the parts of one bulk job; the parts that are tried again make another one.
PARTS: Mapping[str, Row] = {
    "part_that_is_fine": Row([]),
    "part_whose_node_goes_down": Row([hits("node-down", **BEGUN)], runs=2, body="time.sleep(RUNS and 60)"),
    "part_that_vanished": Row([hits("vanish", when="queued", **ONCE)], jobs=2),
    "part_over_its_elapse_limit": Row([hits("elapse", **BEGUN)], ("PC 11: elapse limit", RUNNING), body=UNTIL_KILLED),
    "part_that_was_deleted": Row([ends(st="CCL", pc=1, **ONCE)], ("PC 1: pjdel",), runs=0),
    "part_that_was_stopped_by_the_gate": Row([hits("gate-check", **ONCE)], ("GATE CHECK",), runs=0),
}

# Refusals of pjsub; but for the last, it is no use to try again.
REFUSED: Mapping[str, Row] = {
    "an_inactive_group": Row([hits("Q01")], ("0079", "group is not active", "look at the group's budget"), runs=0),
    "no_budget_left": Row([hits("Q09")], ("0079", "resources shortage", "look at the group's budget"), runs=0),
    "too_many_nodes": Row([hits("Q06")], ("0079", "Node is too many", "nodes="), runs=0),
    "a_wish_of_the_site": Row([hits("0079", text="Ask for less")], ("0079", "Ask for less"), runs=0),
    "a_limit": Row([hits("0057", text="node=32")], ("0057", "node=32 is greater", "lower it in the mark"), runs=0),
    "no_such_group": Row([hits("0058", text="rscgrp=x")], ("0058", "rscgrp=x does not exist", "fugaku_rscgrp"), runs=0),
    "nobodys_group": Row([hits("0071", text="59999")], ("0071", "group(59999)", "set fugaku_group"), runs=0),
    "no_permission": Row([hits("0070")], ("0070", "No execute permission", "ask the site"), runs=0),
    "a_folder_at_home": Row(
        [hits("message", text="The current directory is not a data area. (directory: /vol0003/g/u)")],
        ("is not a data area", "--no-check-directory"),
        runs=0,
    ),
    "no_volume": Row(
        [hits("message", text="If you use Spack, set PJM_LLIO_GFSCACHE to /vol0004.")], ("set fugaku_gfscache",), runs=0
    ),
    "now": Row([hits("0090")]),
}
# The last is tried again until it is taken.
REFUSALS = [*(row.faults[0] for row in REFUSED.values()), hits("0091"), hits("0072"), hits("delay", seconds=1)]

# The job is there and nobody has said so: it is looked up by its name, and not submitted a second time.
UNANSWERED: Mapping[str, Row] = {
    "at_all": Row([hits("lost-answer")]),
    "with_an_error": Row([hits("lost-answer", exit=255, text="connection reset by peer\n")]),
    "but_with_a_notice": Row([hits("lost-answer", exit=0, text="Maintenance on Monday\n")]),
    "by_a_command_that_died": Row([hits("killed")]),
    "with_half_a_line": Row([hits("cut-output", keep=20)]),
    "and_seen_late": Row([hits("lost-answer"), hits("late", seconds=1)]),
    "and_ended_meanwhile": Row([hits("lost-answer"), hits("gap", seconds=0.7)]),
    # This one is nowhere for longer than the grace time, so it is submitted again under its name.
    "and_lost_for_good": Row(
        [hits("killed"), hits("vanish", when="queued", **ONCE), hits("late", seconds=600, **ONCE)]
    ),
}

# With --fugaku-queue-timeout.
WAITING: Mapping[str, Row] = {
    "held": Row([hits("hold")], ("was held: HLD", "--fugaku-queue-timeout allows 2 s"), runs=0),
    "for_nodes": Row([hits("stuck")], ("was queued: QUE", "INSUFF NODE", "--fugaku-queue-timeout"), runs=0),
}
HEADER = """
HERE = os.path.dirname(os.path.abspath(__file__))

@pytest.fixture(autouse=True)
def noted(request):
    global RUNS
    path = os.path.join(HERE, request.node.name + ".runs")
    with open(path, "a") as opened:
        opened.write("!")
    # Of the first run something else is expected than of the later ones.
    RUNS = os.path.getsize(path) == 1

def begun():
    open("begun-" + os.environ["PJM_JOBNAME"] + "-" + os.environ["PJM_SUBJOBID"], "w").close()
"""


@dataclass
class Table:
    """Rows that were run in one session.

    Attributes:
        rows: by name.
        project: with the emulator.
        ran: what pytest said.
        records: of jobs.json, by name of the test.
    """

    rows: Mapping[str, Row]
    project: FugakuProject
    ran: Ran
    records: Dict[str, List[Dict[str, Any]]] = field(default_factory=dict)

    def check(self, name: str) -> None:
        """One row came as it is written."""
        row = self.rows[name]
        report = self.ran.out.partition(f" test_{name} ___")[2].partition("\n____")[0]
        runs = self.project.path / f"test_{name}.runs"
        verdicts = re.findall(rf"::test_{name} (PASSED|FAILED|ERROR|SKIPPED)", self.ran.out)

        assert verdicts in ([["PASSED"]] if row.passes else [["FAILED"], ["ERROR"]]), self.ran.out
        assert row.jobs == len(self.records[name]), self.ran.out
        assert row.runs == (runs.stat().st_size if runs.exists() else 0), self.ran.out
        for words in (*row.sees, *(("next: ",) if row.sees else ())):
            assert words in report, self.ran.out

    def check_all(self) -> None:
        """Each test has one result, the exit code says whether all passed, and nothing is left in the batch system."""
        passing = sum(row.passes for row in self.rows.values())
        counts = self.ran.counts()
        assert (passing, len(self.rows) - passing) == (
            counts.get("passed", 0),
            counts.get("failed", 0) + counts.get("error", 0),
        )
        assert (0 if passing == len(self.rows) else 1) == self.ran.code
        # What was deleted at last may be about to end.
        until(lambda: not self.project.running())


def send(
    factory: pytest.TempPathFactory,
    rows: Mapping[str, Row],
    faults: Sequence[Fault],
    *arguments: str,
    mark: str = 'elapse="00:30:{number:02d}"',
    **settings: object,
) -> Table:
    """Run rows in one session, each in a job of its own: they differ in their elapse limits."""
    project = FugakuProject(factory.mktemp("faults") / "project")
    tests = [
        f"@pytest.mark.fugaku({mark.format(number=number)})\ndef test_{name}():\n    begun()\n    {row.body}\n"
        for number, (name, row) in enumerate(rows.items())
    ]
    project.write("\n\n".join([HEADER, *tests]))
    project.emulate(faults, **settings)
    project.configure(tests_per_job=1)
    ran = project.send("-v", *arguments)
    table = Table(rows, project, ran)
    for record in project.live()["jobs"]:
        for test in record["tests"]:
            table.records.setdefault(test.partition("::test_")[2], []).append(record)
    return table


# 1. Faults of jobs.


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    """All rows of JOBS, six jobs at a time."""
    faults = [{**fault, "job": f"*-0-{number}"} for number, row in enumerate(JOBS.values()) for fault in row.faults]
    table = send(tmp_path_factory, JOBS, faults, nodes=6)
    yield table
    table.project.stop()


@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_is(jobs: Table, name: str) -> None:
    jobs.check(name)


def test_no_result_of_a_job_is_lost(jobs: Table) -> None:
    jobs.check_all()


def test_what_ran_before_the_disk_was_full_is_kept(project: FugakuProject) -> None:
    project.write(
        """
pytestmark = pytest.mark.fugaku

def test_small():
    pass

def test_large():
    print("x" * 50000)

def test_later():
    pass
"""
    )
    project.emulate([hits("disk-full", bytes=20000)])

    ran = project.send("-v")

    assert (1, 1) == (ran.code, ran.counts().get("passed")), ran.out
    assert "::test_small PASSED" in ran.out
    told = ran.out.partition("= short test summary info =")[0]
    assert 2 == told.count("; the results cannot be written:"), ran.out
    assert "this test was running" in ran.out.partition("test_large ___")[2]
    assert "this test had not begun; test_it.py::test_large was running" in ran.out
    assert 1 == len(project.submissions())


# 2. Faults of parts: of one bulk job, and of the steps of one step job.


def test_parts_of_a_bulk_job_fail_each_by_itself(tmp_path_factory: pytest.TempPathFactory) -> None:
    faults = [{**fault, "part": part} for part, row in enumerate(PARTS.values()) for fault in row.faults]
    table = send(tmp_path_factory, PARTS, [*faults, hits("parent-runout")], mark="", nodes=6)

    for name in PARTS:
        table.check(name)
    table.check_all()
    (first, *_) = table.project.submissions()
    assert "--bulk" in first.argv
    table.project.stop()


CHAIN = """
@pytest.mark.fugaku
def test_first(artifacts):
    (artifacts.folder / "weights").write_text("trained")
    {body}

@pytest.mark.fugaku(after="test_first")
def test_second(artifacts):
    assert "trained" == (artifacts.of("test_first") / "weights").read_text()

@pytest.mark.fugaku(after="test_second")
def test_third():
    pass
"""
# The fault of the first step; how many step jobs are made for it.
CHAINS = {"node_down": (hits("node-down", **ONCE), 1), "preempted": (hits("preempt", **ONCE), 2)}


def test_three_steps_run_although_the_first_is_cut_off(project: FugakuProject) -> None:
    for name in CHAINS:
        wait = f"time.sleep(0 if os.path.exists('{name}') else open('{name}', 'w').close() or 60)"
        project.write(CHAIN.format(body=wait), f"test_{name}.py")
    begun = [{**fault, "part": 0, "file": str(project.path / name)} for name, (fault, _) in CHAINS.items()]
    project.emulate([{**fault, "job": f"*-0-{number}"} for number, fault in enumerate(begun)])

    ran = project.send("-v", *(f"test_{name}.py" for name in CHAINS))

    assert {"passed": 6} == ran.counts(), ran.out
    firsts = [test for record in project.live()["jobs"] for test in record["tests"] if "::test_first" in test]
    assert {f"test_{name}.py::test_first": count for name, (_, count) in CHAINS.items()} == Counter(firsts)


# 3. Faults of pjsub.


def in_turn(faults: Sequence[Fault], command: str = "pjsub") -> List[Fault]:
    """One fault for each call of a command, from the first call on."""
    return [{**fault, "command": command, "skip": number, "times": 1} for number, fault in enumerate(faults)]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    table = send(tmp_path_factory, REFUSED, in_turn(REFUSALS))
    yield table
    table.project.stop()


@pytest.mark.parametrize("name", REFUSED)
def test_refused_for(refused: Table, name: str) -> None:
    refused.check(name)


def test_only_what_is_refused_for_now_is_tried_again_until_it_is_taken(refused: Table) -> None:
    refused.check_all()
    assert [*[1] * (len(REFUSALS) - 1), 0] == [call.exit for call in refused.project.submissions()]
    assert 1 == len(emulator.jobs(refused.project.emulator))


@pytest.fixture(scope="module")
def unanswered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    of_calls = in_turn([row.faults[0] for row in UNANSWERED.values()])
    of_jobs = [{**each, "job": f"*-0-{n}"} for n, row in enumerate(UNANSWERED.values()) for each in row.faults[1:]]
    table = send(tmp_path_factory, UNANSWERED, [*of_calls, *of_jobs])
    yield table
    table.project.stop()


@pytest.mark.parametrize("name", UNANSWERED)
def test_taken_but_unanswered(unanswered: Table, name: str) -> None:
    unanswered.check(name)

    wanted = UNANSWERED[name].taken
    jobs = [job for call in unanswered.project.submissions() for job in call.jobs]
    number = list(UNANSWERED).index(name)
    taken = [job for job in emulator.jobs(unanswered.project.emulator) if job.name.endswith(f"-0-{number}")]
    assert (1 if wanted < 0 else wanted) == len(taken), jobs


def test_no_result_of_the_unanswered_is_lost(unanswered: Table) -> None:
    unanswered.check_all()


def test_a_bulk_job_and_a_step_job_are_found_again(project: FugakuProject) -> None:
    project.write(
        CHAIN.format(body="pass")
        + """
@pytest.mark.fugaku(elapse="00:20:00")
@pytest.mark.parametrize("number", range(3))
def test_many(number):
    pass
"""
    )
    project.configure(tests_per_job=1)
    project.emulate(in_turn([hits("cut-output"), hits("killed")]))

    ran = project.send("-v")

    assert {"passed": 6} == ran.counts(), ran.out
    assert 2 == len(project.submissions())
    assert 6 == len(emulator.jobs(project.emulator))
    assert {1} == {job.starts for job in emulator.jobs(project.emulator)}


# 4. Faults of pjstat: of all kinds at once, on all kinds of jobs.


def test_whatever_pjstat_says_nothing_is_lost_and_nothing_runs_twice(project: FugakuProject) -> None:
    project.write(
        CHAIN.format(body="pass")
        + """
@pytest.mark.fugaku(elapse="00:20:00")
@pytest.mark.parametrize("number", range(3))
def test_many(number):
    time.sleep(number / 4)

@pytest.mark.fugaku(elapse="00:10:00")
def test_alone():
    # Until each kind of answer has come.
    asked = 0
    with open(os.path.join(os.path.dirname(__file__), ".pjm", "emulator", "journal.jsonl")) as journal:
        while asked < 10:
            asked += sum('"command": "pjstat"' in line for line in journal)
            time.sleep(0.05)
"""
    )
    project.configure(tests_per_job=1, grace=60)
    odd = ["0290", "0291", "loading", "no-table", "cut-output", "lost-answer", "killed"]
    with_words = [hits("no-table", header=True), hits("lost-answer", exit=1, text="connection reset")]
    project.emulate(
        [
            hits("banner", text="*** Maintenance on Monday: job 48000001 and others ***\nJOB_ID\n", command="*"),
            *in_turn([*map(hits, odd), *with_words], "pjstat"),
            hits("delay", command="pjstat", seconds=0.2, every=5),
        ]
    )

    ran = project.send("-v")

    assert (0, {"passed": 7}) == (ran.code, ran.counts()), ran.out
    assert 3 == len(project.submissions())
    assert {1} == {job.starts for job in emulator.jobs(project.emulator)}
    hit = {fault for call in project.calls("pjstat") for fault in call.faults}
    assert {*odd, "banner", "delay"} - {"killed"} == hit
    assert None in {call.exit for call in project.calls("pjstat")}


# 5. Jobs that wait for somebody.


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    faults = [{**row.faults[0], "job": f"*-0-{number}"} for number, row in enumerate(WAITING.values())]
    table = send(tmp_path_factory, WAITING, faults, "--fugaku-queue-timeout", "2")
    yield table
    table.project.stop()


@pytest.mark.parametrize("name", WAITING)
def test_waits_too_long(waiting: Table, name: str) -> None:
    waiting.check(name)


def test_who_waited_too_long_was_deleted_and_not_tried_again(waiting: Table) -> None:
    waiting.check_all()
    assert {"CCL"} == {job.state for job in emulator.jobs(waiting.project.emulator)}


def test_a_held_job_is_waited_for_and_goes_on_when_it_is_released(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_it():\n    pass\n")
    project.emulate([hits("hold")])
    running = project.start("--fugaku", "--fugaku-emulate", "-v")
    assert running.stdout is not None
    said = ""
    while "1 held" not in said:
        line = running.stdout.readline()
        assert line, said
        said += line
    (held,) = emulator.jobs(project.emulator)

    subprocess.run([str(project.emulator / "bin" / "pjrls"), held.id], check=True, capture_output=True)
    rest, _ = running.communicate(timeout=PATIENCE)

    assert 0 == running.returncode, said + rest
    assert "::test_it PASSED" in rest


# 6. Faults of pjdel.


def test_a_deletion_without_an_answer_is_done_or_said(project: FugakuProject) -> None:
    project.write(FAILS_BESIDE_A_SLOW_ONE)
    project.emulate([hits("killed", command="pjdel", **ONCE)])

    ran = project.send("-x")

    assert (1, {"failed": 1}) == (ran.code, ran.counts()), ran.out
    # Deleted, which takes a moment, or else said: nobody has to find out from a bill.
    said = "jobs may still run, because they could not be cancelled" in ran.out
    assert said or until(lambda: not project.running())
    assert all(job in ran.out for job in project.running())
