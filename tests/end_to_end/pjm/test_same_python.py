"""A job's Python and its environment are as at the client, but for what the project says of jobs."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import List, Sequence

import pytest

from tests.builders.fugaku_project import ROOT, FugakuProject, Ran

STRICT = """
import warnings

pytestmark = pytest.mark.fugaku

def test_warns():
    warnings.warn("old", UserWarning)

def test_is_not_optimised():
    assert __debug__, "optimised"
    if not __debug__:
        pytest.fail("optimised")

def test_is_not_isolated():
    assert 0 == sys.flags.isolated
"""


def run_with(project: FugakuProject, switches: Sequence[str], *arguments: str) -> Ran:
    """Run pytest on a project by a Python with switches, to which PYTHONPATH may mean nothing."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import pytest; sys.exit(pytest.main())"
    process = subprocess.Popen(
        [sys.executable, *switches, "-c", program, "-p", "pjm.plugin", *project.words(*arguments)],
        cwd=project.path,
        env={**project.environment(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    out, _ = process.communicate(timeout=600)
    return Ran(process.returncode, out)


@pytest.mark.parametrize("switches", [["-I", "-W", "error"], ["-E", "-O", "-X", "dev"]], ids=" ".join)
def test_switches_of_python_reach_the_jobs(project: FugakuProject, switches: List[str]) -> None:
    project.write(STRICT)
    others = ["-p", "no:cacheprovider"]

    here = run_with(project, switches, *others)
    in_jobs = run_with(project, switches, "--fugaku-emulate", *others)

    assert (here.code, here.counts()) == (in_jobs.code, in_jobs.counts()), in_jobs.out


def test_the_python_of_jobs_may_be_started_by_another_program(project: FugakuProject) -> None:
    container = project.path / "my container"
    container.write_text('#!/bin/bash\nexport IMAGE=$2\nshift 2\nexec "$@"\n')
    container.chmod(0o755)
    project.configure(python=f"'{project.there / container.name}' exec 'an image.sif' {sys.executable}")
    project.write(
        "@pytest.mark.fugaku\ndef test_inside():\n    assert 'an image.sif' == os.environ['IMAGE']\n"
        "@pytest.mark.fugaku\ndef test_dies():\n    os._exit(3)\n"
        "@pytest.mark.fugaku\ndef test_inside_again():\n    test_inside()\n"
    )

    ran = project.send()

    assert {"passed": 2, "failed": 1} == ran.counts(), ran.out
    assert "in its call phase: exit code 3" in ran.out


def test_a_job_has_all_variables_of_its_mark_whoever_else_sets_them(project: FugakuProject) -> None:
    project.write(
        """
ENV = {"CI": "", "BUILD_NUMBER": "7", "PYTEST_ADDOPTS": "-rA", "OTHER": "a b"}

@pytest.mark.fugaku(env=ENV)
def test_env():
    assert ENV == {name: os.environ.get(name) for name in ENV}

@pytest.mark.fugaku
def test_has_what_pytest_looks_at_here():
    assert ("true", "-rf") == (os.environ["CI"], os.environ["PYTEST_ADDOPTS"])
    assert "OTHER" not in os.environ
"""
    )

    ran = project.send(CI="true", PYTEST_ADDOPTS="-rf", OTHER="here")

    assert {"passed": 2} == ran.counts(), ran.out


def test_the_seed_that_pytest_randomly_draws_here_is_that_of_the_jobs(project: FugakuProject) -> None:
    project.write(
        """
import random

def pytest_addoption(parser):
    parser.addoption("--randomly-seed", dest="randomly_seed", type=int)

def pytest_configure(config):
    if config.option.randomly_seed is None:
        config.option.randomly_seed = random.getrandbits(32)

def pytest_report_header(config):
    return f"seed: {config.option.randomly_seed}"
""",
        "conftest.py",
    )
    project.write(
        """
@pytest.mark.fugaku
def test_seed(request):
    print(f"seed in the job: {request.config.option.randomly_seed}")
"""
    )

    ran = project.send("-rP")

    (here,) = re.findall(r"^seed: (\d+)$", ran.out, re.MULTILINE)
    assert f"seed in the job: {here}\n" in ran.out


# Eight letters of a set, in the order of their hashes, as parameters of eight jobs.
FROM_A_SET = """
class Letter:
    def __init__(self, name): self.name = name
    def __hash__(self): return hash(self.name)
    def __eq__(self, other): return self.name == other.name

LETTERS = {Letter(name) for name in "abcdefgh"}

@pytest.mark.fugaku
@pytest.mark.parametrize("letter", LETTERS)
def test_it(letter, artifacts):
    (artifacts.folder / letter.name).touch()

@pytest.mark.fugaku
@pytest.mark.parametrize("letter", LETTERS, ids=[f"{place}-{letter.name}" for place, letter in enumerate(LETTERS)])
def test_id(letter):
    pass
"""


@pytest.mark.parametrize("seed", ["1", "random", ""], ids=["set", "random", "not set"])
def test_each_parameter_drawn_from_a_set_runs_once(project: FugakuProject, seed: str) -> None:
    project.configure(tests_per_job=1)
    project.write(FROM_A_SET)

    ran = project.send(f"--deselect=test_it.py::test_id{'' if seed != '1' else '_'}", PYTHONHASHSEED=seed)

    names = sorted(path.name for path in project.there.glob(".pjm/*/artifacts/*/files-0/*"))
    assert (0, list("abcdefgh")) == (ran.code, names), ran.out


def test_ids_that_differ_between_processes_name_the_cause(project: FugakuProject) -> None:
    project.write(
        FROM_A_SET + "@pytest.mark.fugaku\n@pytest.mark.parametrize('n', [os.getpid()])\ndef test_process(n): pass\n"
    )

    random, seeded = (project.send("-k", "id or process", PYTHONHASHSEED=seed) for seed in ("", "1"))

    assert (1, 1) == (random.code, seeded.code), random.out + seeded.out
    assert {"passed": 8, "error": 1, "deselected": 8} == seeded.counts(), seeded.out
    assert "next: draw no parameter or id at random" in seeded.out
    assert "or set PYTHONHASHSEED, which is not set here: PYTHONHASHSEED=0 pytest" in random.out
    assert "PYTHONHASHSEED" not in seeded.out
    assert re.search(
        r"where its parameters or their ids differ: test_it.py::test_process\[\d+\] was collected", seeded.out
    )
