"""What a client says when it leaves with jobs behind it, or without any."""

from __future__ import annotations

import re

from tests.builders.fugaku_project import FugakuProject

SLOW = """
@pytest.mark.fugaku
def test_is_slow():
    time.sleep(600)

def test_here():
"""


def test_an_error_of_another_plugin_leaves_the_jobs_and_says_how_to_come_back(project: FugakuProject) -> None:
    project.write(f"{SLOW}    pass\n")
    project.write(
        "def pytest_runtest_logreport(report):\n    if 'here' in report.nodeid: raise RuntimeError('mine')\n",
        "conftest.py",
    )

    ran = project.send("-q")

    assert 3 == ran.code, ran.out
    assert f"fugaku: 1 job still running; continue with: pytest --fugaku-resume={project.session().name}" in ran.out
    assert [] == project.calls("pjdel")


def test_a_listener_that_exits_ends_the_jobs_and_hears_of_each_result_once(project: FugakuProject) -> None:
    project.write(
        "@pytest.mark.fugaku\n@pytest.mark.parametrize('n', range(3))\ndef test_fails(n):\n    assert False\n"
        "@pytest.mark.fugaku(nodes=2)\ndef test_is_slow():\n    time.sleep(100)\n"
    )
    project.write(
        "def pytest_runtest_logreport(report):\n"
        "    in_job = {'PJM_JOBID', 'SLURM_JOB_ID'} & set(os.environ)\n"
        "    if report.failed and not in_job: pytest.exit('enough')\n",
        "conftest.py",
    )

    ran = project.send("-rf")

    assert 2 == ran.code, ran.out
    assert 1 == len(re.findall(r"\d jobs? cancelled; ", ran.out)), ran.out
    assert 1 == len(project.calls("pjdel"))
    failed = [line for line in ran.out.splitlines() if line.startswith("FAILED")]
    assert len(set(failed)) == len(failed) > 0, ran.out


def test_a_test_that_ends_the_session_here_ends_the_jobs_too(project: FugakuProject) -> None:
    project.write(f"{SLOW}    pytest.exit('enough', 7)\n")

    ran = project.send()

    assert (7, 1) == (ran.code, len(project.calls("pjdel"))), ran.out
    assert 1 == ran.out.count("1 job cancelled; 0 of 1 tests in jobs have results"), ran.out


def test_detaching_fails_if_one_job_was_refused_and_says_how_to_come_back_to_the_other(project: FugakuProject) -> None:
    project.write(
        "@pytest.mark.fugaku(rscgrp='nosuch')\ndef test_a():\n    pass\n"
        "@pytest.mark.fugaku(nodes=2)\ndef test_b():\n    pass\n"
    )

    ran = project.send("-q", "--fugaku-detach")

    assert 4 == ran.code, ran.out
    assert "ERROR: 1 of 2 jobs were not submitted" in ran.out
    assert re.search(r"fugaku: submitted \d+; continue with: pytest --fugaku-resume=", ran.out), ran.out


def test_a_plugin_that_a_conftest_has_loaded_does_not_resume_with_another_selection(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_a():\n    pass\n@pytest.mark.fugaku\ndef test_b():\n    pass\n")
    project.write("pytest_plugins = ['pjm.plugin']\n", "conftest.py")
    project.send("-k", "test_a", "--fugaku-detach")
    before = len(project.submissions())

    late, early = project.run_without_plugin("--fugaku-resume"), project.run("--fugaku-resume")

    assert 4 == late.code, late.out
    assert "  next: load it before: pytest --fugaku-resume=" in late.out
    assert (0, {"passed": 1, "deselected": 1}) == (early.code, early.counts()), early.out
    assert before == len(project.submissions())
