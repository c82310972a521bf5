"""`pytest --fugaku --fugaku-emulate`, as its user sees it."""

from __future__ import annotations

import re

from tests.builders.fugaku_project import FAILS_BESIDE_A_SLOW_ONE, FugakuProject

CHAIN = """
@pytest.mark.fugaku
def test_train(artifacts):
    (artifacts.folder / "weights").write_text("trained")

@pytest.mark.fugaku(after="test_train")
def test_estimate(artifacts):
    assert "trained" == (artifacts.of("test_train") / "weights").read_text()

@pytest.mark.fugaku
def test_fails():
    assert False

@pytest.mark.fugaku(after="test_fails")
def test_waits():
    pass

@pytest.mark.fugaku(after="test_waits")
def test_waits_longer():
    pass
"""


def test_what_is_marked_runs_in_jobs_and_the_rest_here(project: FugakuProject) -> None:
    project.write(
        """
@pytest.mark.fugaku(env={"ODD": "a b'\\"$HOME,c"}, nodes=2)
def test_there():
    assert "a b'\\"$HOME,c" == os.environ["ODD"]
    assert "2" in (os.environ.get("PJM_NODE"), os.environ.get("SLURM_NNODES"))

def test_here():
    assert not {"PJM_JOBID", "SLURM_JOB_ID"} & set(os.environ)
"""
    )

    ran = project.send("-v")

    assert (0, {"passed": 2}) == (ran.code, ran.counts()), ran.out
    assert 1 == len(project.submissions())
    assert re.search(r"^job +tests +queued for +ran for +node-hours +requested +outcome$", ran.out, re.M)
    (record,) = project.live()["jobs"]
    assert ("closed", "passed", ["test_it.py::test_there"], 2, 1.0) == (
        record["state"],
        record["outcome"],
        record["tests"],
        record["nodes"],
        record["node_hours_requested"],
    )


def test_without_the_option_all_runs_here_and_after_orders_and_skips(project: FugakuProject) -> None:
    before, _, after = CHAIN.partition("@pytest.mark.fugaku(after=")
    project.write("@pytest.mark.fugaku(after=" + after + before)

    ran = project.run("-v", "-rs")

    assert (1, {"passed": 2, "failed": 1, "skipped": 2}) == (ran.code, ran.counts()), ran.out
    assert ran.out.index("::test_train PASSED") < ran.out.index("::test_estimate PASSED")
    assert "waits for test_it.py::test_fails, which did not pass" in ran.out


def test_after_makes_steps_that_share_files_and_fall_with_the_one_before(project: FugakuProject) -> None:
    project.write(CHAIN)

    ran = project.send("-v", "-rs")

    assert (1, {"passed": 2, "failed": 1, "skipped": 2}) == (ran.code, ran.counts()), ran.out
    assert "waits for test_it.py::test_fails, which did not pass" in ran.out
    assert "waits for test_it.py::test_waits, which did not pass" in ran.out
    assert project.waited_there()


def test_the_first_failure_stops_all_jobs(project: FugakuProject) -> None:
    project.write(FAILS_BESIDE_A_SLOW_ONE)

    ran = project.send("-x")

    assert (1, {"failed": 1}) == (ran.code, ran.counts()), ran.out
    assert "stopping after 1 failures" in ran.out
    assert re.search("[12] jobs? cancelled; 1 of 2 tests in jobs have results", ran.out), ran.out
    assert 1 == len(project.calls("pjdel"))


def test_last_failed_runs_only_that(project: FugakuProject) -> None:
    project.write(
        """
@pytest.mark.fugaku
@pytest.mark.parametrize("text", ["fine", "$(odd) ['x']"])
def test_it(text):
    assert text == "fine"
"""
    )

    first, second = project.send(), project.send("--lf")

    assert {"passed": 1, "failed": 1} == first.counts(), first.out
    assert (1, None) == (second.counts()["failed"], second.counts().get("passed")), second.out


def test_selection_reaches_the_jobs_whole(project: FugakuProject) -> None:
    project.write(
        """
pytestmark = pytest.mark.fugaku

@pytest.mark.parametrize("text", ["a b", "it's", "c[d]", "日本", "new\\nline", "$(touch hacked)"])
def test_odd(text):
    pass

def test_even():
    pass
"""
    )

    ran = project.send("-k", "odd and not even", "--deselect", "test_it.py::test_odd[a b]")

    assert {"passed": 5, "deselected": 2} == ran.counts(), ran.out
    assert not (project.path / "hacked").exists()


def test_a_dry_run_writes_and_shows_scripts_and_submits_nothing(project: FugakuProject) -> None:
    project.write(CHAIN)

    ran = project.run(
        "--fugaku-dry-run", "--fugaku-group", "hp000000", "--fugaku-gfscache", "/vol0004:/vol0003", PATH=""
    )

    assert 0 == ran.code, ran.out
    assert "2 jobs, 5 tests, 2.50 node-hours at most; nothing was submitted" in ran.out
    for line in (
        "#PJM -g hp000000",
        "#PJM -x PJM_LLIO_GFSCACHE=/vol0004:/vol0003",
        '#PJM --rsc-list "elapse=00:30:00"',
    ):
        assert line in ran.out
    assert 5 == len(list(project.session().glob("jobs/*/script-*.sh")))


def test_a_class_and_tests_that_say_together_share_a_process_however_many_share_a_job(project: FugakuProject) -> None:
    project.configure(tests_per_job=3)
    project.write(
        """
@pytest.mark.fugaku
class TestBuildsOn:
    counts = []

    @pytest.mark.parametrize("number", range(30))
    def test_it(self, number):
        assert list(range(number)) == self.counts
        self.counts.append(number)

class TestOpens:
    @pytest.mark.fugaku(together="the database")
    def test_opens(self):
        pytest.database = os.getpid()

@pytest.mark.fugaku
@pytest.mark.parametrize("number", range(5))
def test_other(number):
    pass

@pytest.mark.fugaku(together="the database")
class TestUses:
    def test_uses(self):
        assert os.getpid() == pytest.database
""",
    )

    ran = project.send()

    assert (0, {"passed": 37}) == (ran.code, ran.counts()), ran.out
    assert [1, 3, 3, 30] == sorted(len(job["tests"]) for job in project.live()["jobs"])


OUT_OF_TIME = """
@pytest.fixture(autouse=True)
def noted(request):
    with open("ran.txt", "a") as file:
        file.write(request.node.name + "\\n")

@pytest.mark.fugaku
def test_before():
    pass

@pytest.mark.fugaku
def test_is_running():
    if not os.path.exists("running"):
        open("running", "w").close()
        time.sleep(600)

@pytest.mark.fugaku
@pytest.mark.parametrize("number", range(3))
def test_after(number):
    pass
"""


def test_what_a_job_had_no_time_for_runs_in_another_job_and_nothing_else_runs_twice(project: FugakuProject) -> None:
    project.write(OUT_OF_TIME)
    project.emulate([{"fault": "elapse", "times": 1, "file": str(project.there / "running")}])

    ran = project.send("--fugaku-retries", "0")

    assert (0, {"passed": 5}) == (ran.code, ran.counts()), ran.out
    assert "4 tests left for another job" in " ".join(ran.out.split())
    first, second = (job["tests"] for job in project.live()["jobs"])
    assert (5, first[1:]) == (len(first), second)
    after = [f"test_after[{number}]" for number in range(3)]
    expected = ["test_before", "test_is_running", "test_is_running", *after]
    assert expected == (project.there / "ran.txt").read_text().split()


def test_a_first_run_makes_few_jobs_and_one_after_a_run_here_makes_one(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\n@pytest.mark.parametrize('n', range(200))\ndef test_it(n):\n    pass\n")

    first = project.run("--fugaku-dry-run", PATH="")
    bounded = project.run("--fugaku-dry-run", "-o", "fugaku_unknown_jobs=2", PATH="")
    counted = project.run("--fugaku-dry-run", "-o", "fugaku_tests_per_job=10", PATH="")
    project.run()
    after = project.run("--fugaku-dry-run", PATH="")

    assert ["bulk job of 4", "bulk job of 2", "bulk job of 20", "job"] == [
        re.findall(r"^pytest-\S+: (.*), 200 tests", ran.out, re.MULTILINE)[0]
        for ran in (first, bounded, counted, after)
    ]
