"""A session that something has stopped: it stops again before it submits, and the rest is to be had."""

from __future__ import annotations

import shlex

from tests.builders.fugaku_project import FugakuProject, Ran

# Until somebody says so, no machine is so slow that the tests after the first have ended before it is told of.
WAIT = """
def wait():
    while not os.path.exists(os.path.join(os.path.dirname(__file__), os.pardir, "go")):
        time.sleep(0.02)
"""
FIRST_FAILS = f"""{WAIT}
@pytest.mark.fugaku
@pytest.mark.parametrize("number", range(4))
def test_it(number):
    if number:
        wait()
    assert number
"""


def go(project: FugakuProject) -> None:
    """Have the tests after the first end."""
    (project.there.parent / "go").touch()


def advised(project: FugakuProject, ran: Ran) -> Ran:
    """What becomes of the command that a message has named, once all tests may end."""
    go(project)
    command = next(line for line in ran.out.splitlines() if "; the rest" in line).partition(": pytest ")[2]
    return project.run(*shlex.split(command))


def test_a_limit_that_has_stopped_the_session_stops_it_again_and_the_advice_gets_to_the_rest(
    project: FugakuProject,
) -> None:
    project.write(FIRST_FAILS)

    stopped, again = project.send("-x"), project.run("--fugaku-resume")

    assert "the rest, with no limit of failures to stop it again: pytest --fugaku-resume=" in stopped.out
    assert (1, {"failed": 1}) == (again.code, again.counts()), again.out
    assert "stopping after 1 failures" in again.out
    assert "fugaku: 1 of 4 tests in jobs have results; the rest, " in again.out
    assert (1, 1) == (len(project.submissions()), len(project.calls("pjdel")))

    go(project)
    left = project.run("--fugaku-resume", "--fugaku-detach")

    _, submitted = [job for call in project.submissions() for job in call.jobs]
    assert f"fugaku: submitted {submitted}; continue with: " in left.out, left.out
    assert f"pytest --fugaku-resume={project.session().name} --maxfail=0\n" in left.out

    rest = advised(project, stopped)

    assert (1, {"failed": 1, "passed": 3}) == (rest.code, rest.counts()), rest.out
    assert 2 == len(project.submissions())


def test_unmarked_tests_that_did_not_run_are_part_of_the_rest(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_fails():\n    assert False\n\ndef test_here():\n    pass\n")
    project.send("-x", "--fugaku-detach")
    project.wait_for_end()

    ran = project.run("--fugaku-resume")
    rest = advised(project, ran)

    assert {"failed": 1} == ran.counts(), ran.out
    assert (1, {"failed": 1, "passed": 1}) == (rest.code, rest.counts()), rest.out


WANTS_AN_END = f"""{WAIT}
@pytest.mark.fugaku
@pytest.mark.parametrize("number", range(3))
def test_it(request, number):
    if number == 0:
        request.session.shouldstop = "enough of it"
    else:
        wait()
"""


def test_a_test_in_a_job_that_wants_an_end_of_the_session_gets_it_as_here_and_can_be_resumed(
    project: FugakuProject,
) -> None:
    project.write(WANTS_AN_END)

    here, ran = project.run(), project.send()

    assert (here.code, {"passed": 1}) == (ran.code, ran.counts()), ran.out
    ends = [[line.strip("! ") for line in each.out.splitlines() if "enough of it" in line] for each in (here, ran)]
    assert ends[0] == ends[1] != []
    assert 1 == len(project.calls("pjdel"))
    rest = advised(project, ran)
    assert (0, {"passed": 3}) == (rest.code, rest.counts()), rest.out


def test_what_could_not_be_deleted_is_named_in_the_summary(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_endless():\n    time.sleep(600)\n")
    project.emulate(faults=[{"fault": "0190", "command": "pjdel", "times": 99}])

    ran = project.send("--fugaku-run-timeout=1")

    assert 1 == ran.code, ran.out
    assert "fugaku: 1 job could not be deleted and may run: pjdel " in ran.out
