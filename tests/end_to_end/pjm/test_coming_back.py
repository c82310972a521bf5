"""Coming back to a session: only where its jobs are, from where it was begun, and with advice that can be typed."""

from __future__ import annotations

import shlex

from tests.builders import junit
from tests.builders.fugaku_project import FugakuProject

ONE = "@pytest.mark.fugaku\ndef test_a():\n    pass\n"


def test_jobs_of_one_batch_system_are_not_looked_for_in_the_emulator(project: FugakuProject) -> None:
    project.write(ONE)
    left = project.run("--fugaku", "--fugaku-detach", **project.outside())

    ran = project.run("--fugaku-resume", "--fugaku-emulate")

    assert (0, 4) == (left.code, ran.code), left.out + ran.out
    assert f"session {project.session().name} was begun without --fugaku-emulate" in ran.out
    assert "  next: leave out --fugaku-emulate" in ran.out
    assert 1 == len(project.submissions())


def test_emulated_jobs_are_not_looked_for_in_another_batch_system(project: FugakuProject) -> None:
    project.write(ONE)
    left = project.run("--fugaku", "--fugaku-detach", PYTEST_ADDOPTS="--fugaku-emulate")

    ran = project.run("--fugaku-resume", **project.outside())

    assert (0, 4) == (left.code, ran.code), left.out + ran.out
    assert f"session {project.session().name} was begun with --fugaku-emulate" in ran.out
    assert 1 == len(project.submissions())
    advised = ran.out.split("  next: type: pytest ")[1].splitlines()[0]
    assert 0 == project.run(*shlex.split(advised)).code


def test_a_session_that_keeps_the_code_of_another_version_is_refused(project: FugakuProject) -> None:
    project.write(ONE)
    assert 0 == project.send("test_it.py", "--fugaku-detach").code
    package = project.session() / "lib" / "pjm"
    (package / "job").rename(package / "worker")

    ran = project.run("--fugaku-resume", "--fugaku-emulate")

    assert 4 == ran.code, ran.out
    assert f"session {project.session().name} was begun by another version of pjm" in ran.out
    assert f"  next: see its results: pjm show {project.session().name}" in ran.out


def test_a_junit_file_that_is_first_wanted_when_coming_back_has_all(project: FugakuProject) -> None:
    project.write(
        "@pytest.mark.fugaku\ndef test_it(record_testsuite_property, record_property, record_xml_attribute):\n"
        "    record_testsuite_property('suite', 'its')\n    record_property('test', 'its')\n"
        "    record_xml_attribute('assertions', '7')\n"
    )
    (project.path / "pytest.ini").write_text("[pytest]\njunit_family = xunit1\n")
    project.run("--junitxml=here.xml")
    project.send("--fugaku-detach")

    ran = project.run("--fugaku-resume", "--junitxml=resumed.xml")

    assert 0 == ran.code, ran.out
    assert junit.read(project.path / "here.xml") == junit.read(project.path / "resumed.xml")


def test_without_a_junit_file_nobody_is_warned_of_its_family(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_it(record_property):\n    record_property('test', 'its')\n")

    here, ran = project.run(), project.send()

    assert {"passed": 1} == here.counts() == ran.counts(), ran.out


def test_variables_that_select_other_tests_are_named_and_nothing_is_submitted(project: FugakuProject) -> None:
    project.write(f"{ONE}@pytest.mark.fugaku\ndef test_b():\n    pass\n")
    project.send("--fugaku-detach", PYTEST_ADDOPTS="-k test_a")
    submitted = len(project.submissions())

    ran = project.run("--fugaku-resume")

    assert 4 == ran.code, ran.out
    why = "test_it.py::test_b would be submitted as well; PYTEST_ADDOPTS was '-k test_a' and is not set"
    assert f"has fewer tests than are selected now\n  why: {why}\n" in ran.out
    assert f": PYTEST_ADDOPTS='-k test_a' pytest --fugaku-resume={project.session().name}; or start" in ran.out
    assert submitted == len(project.submissions())
    assert 0 == project.run("--fugaku-resume", PYTEST_ADDOPTS="-k test_a").code


def test_a_variable_that_selects_other_files_is_named_rather_than_the_files(project: FugakuProject) -> None:
    project.write(ONE)
    project.write(ONE, "test_other.py")
    project.send("--fugaku-detach", PYTEST_ADDOPTS="test_it.py")

    ran = project.run("--fugaku-resume")

    assert 4 == ran.code, ran.out
    assert "test_other.py::test_a would be submitted as well; PYTEST_ADDOPTS was 'test_it.py' and is not set" in ran.out
