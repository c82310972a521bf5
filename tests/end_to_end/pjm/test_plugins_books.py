"""What plugins leave at the end of a job's session reaches the same plugins at the client, as with pytest-xdist."""

from __future__ import annotations

import re

import pytest

from tests.builders.fugaku_project import FugakuProject

PLUGIN = """
import pytest

class Book:
    def __init__(self): self.seen = []

    def pytest_runtest_call(self, item): self.seen.append(item.name)

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["seen"] = tuple(self.seen)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node, error):
        self.seen += node.workeroutput["{read}"]

    def pytest_terminal_summary(self, terminalreporter):
        terminalreporter.write_line(f"seen: {{sorted(self.seen)}}")

def pytest_configure(config):
    config.pluginmanager.register(Book())
"""
TESTS = """
@pytest.mark.fugaku
@pytest.mark.parametrize("n", range(3))
def test_in_a_job(n):
    if n == 1:
        os._exit(1)

def test_here():
    pass
"""


@pytest.mark.parametrize("resumed", [False, True], ids=["at once", "resumed"])
def test_what_a_plugin_gathers_in_jobs_comes_together_here(project: FugakuProject, resumed: bool) -> None:
    project.configure(tests_per_job=2)
    project.write(PLUGIN.format(read="seen"), "conftest.py")
    project.write(TESTS)

    if resumed:
        project.send("--fugaku-detach")
        project.wait_for_end()
    ran = project.run("--fugaku-resume") if resumed else project.send()

    assert (1, {"failed": 1, "passed": 3}) == (ran.code, ran.counts()), ran.out
    # The process of the first job that test 1 takes down has left nothing.
    assert "seen: ['test_here', 'test_in_a_job[2]']\n" in ran.out


def test_what_a_plugin_cannot_take_over_is_a_warning(project: FugakuProject) -> None:
    project.write(PLUGIN.format(read="nothing"), "conftest.py")
    project.write("@pytest.mark.fugaku\ndef test_in_a_job():\n    pass\n")

    ran = project.send()

    assert (0, {"passed": 1, "warning": 1}) == (ran.code, ran.counts()), ran.out
    assert re.search(r"what plugins of job \d+ left is not taken over: KeyError: 'nothing'", ran.out), ran.out


# As allure-pytest has it.
CLEANS = """
import shutil

def pytest_addoption(parser):
    parser.addoption("--clean-alluredir", action="store_true")

def pytest_configure(config):
    results = config.rootpath / "results"
    if config.option.clean_alluredir:
        shutil.rmtree(results, ignore_errors=True)
    results.mkdir(exist_ok=True)

def pytest_runtest_teardown(item):
    (item.config.rootpath / "results" / item.name).write_text("")
"""


@pytest.mark.parametrize("resumed", [False, True], ids=["at once", "resumed"])
def test_a_folder_of_results_is_emptied_once_at_the_start(project: FugakuProject, resumed: bool) -> None:
    project.configure(tests_per_job=1)
    project.emulate(nodes=1)  # one job begins when another has ended
    project.write(CLEANS, "conftest.py")
    project.write("@pytest.mark.fugaku\n@pytest.mark.parametrize('n', range(2))\ndef test_n(n):\n    pass\n")
    (project.path / "results").mkdir()
    (project.path / "results" / "of an earlier session").touch()

    if resumed:
        project.send("--clean-alluredir", "--fugaku-detach")
        project.wait_for_end()
    ran = project.run("--fugaku-resume") if resumed else project.send("--clean-alluredir")

    assert (0, {"passed": 2}) == (ran.code, ran.counts()), ran.out
    assert ["test_n[0]", "test_n[1]"] == sorted(path.name for path in (project.there / "results").iterdir())


# As pytest-benchmark has it, but for measurements of a shape that nobody knows.
STRANGE = """
from types import SimpleNamespace

def pytest_runtest_call(item):
    item.config._benchmarksession = SimpleNamespace(benchmarks=[1], cprofile_sort_by=None)
"""


def test_a_book_that_cannot_be_read_is_no_success(project: FugakuProject) -> None:
    project.write(STRANGE, "conftest.py")
    project.write("@pytest.mark.fugaku\ndef test_a():\n    pass\n")

    ran = project.send()

    assert (1, {"passed": 1}) == (ran.code, ran.counts()), ran.out
    assert "what pytest-benchmark gathered of test_it.py::test_a is lost: AttributeError: " in ran.out
