"""The sdist and the wheel, installed where no checkout is: they hold what they should, and work.

`tox run -e packaging` builds them and names their folder in MNIST_REPRO_DIST.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Set, Tuple

import pytest

from tests.builders.mpiexec import write_mpiexec

ROOT = Path(__file__).resolve().parents[2]
DIST = Path(os.environ.get("MNIST_REPRO_DIST", "dist"))

SOMEBODYS_TESTS = """\
import pytest


@pytest.mark.fugaku(elapse="00:01:00")
def test_simulates(artifacts):
    (artifacts.folder / "energy.txt").write_text("42")


@pytest.mark.fugaku(elapse="00:01:00", after="test_simulates")
def test_analyses(artifacts):
    assert "42" == (artifacts.of("test_simulates") / "energy.txt").read_text()


def test_runs_here():
    assert True
"""

_THEIR_TEST = "import pjm\n\n\ndef test_theirs():\n    assert 42 == pjm.ANSWER\n"
THEIR_PJM = (
    {"pjm/__init__.py": "ANSWER = 42\n", "pjm/conftest.py": "", "pjm/test_theirs.py": _THEIR_TEST},
    {"pjm.py": "ANSWER = 42\n", "test_theirs.py": _THEIR_TEST},
)


@dataclass(frozen=True)
class Environment:
    """A fresh one, in a folder away from the checkout."""

    home: Path

    def run(self, *command: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run one of its commands; both streams together."""
        words = [str(self.home / "bin" / command[0]), *command[1:]]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TOX_", "VIRTUAL"))}
        # Not the settings of whoever runs the tests.
        places = {
            "PATH": f"{self.home / 'bin'}{os.pathsep}{kept['PATH']}",
            "XDG_CONFIG_HOME": str(self.home / "config"),
        }
        return subprocess.run(
            words,
            cwd=folder,
            env={**kept, **places, "NO_COLOR": "1", "MNIST_REPRO_OFFLINE": "1", "MNIST_REPRO_DATA": "surrogate"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=900,
            check=False,
        )

    def install(self, *what: str) -> None:
        """With pip."""
        ended = self.run("python", "-m", "pip", "install", "--quiet", *what, folder=self.home)
        assert 0 == ended.returncode, ended.stdout


def the_file(pattern: str) -> Path:
    (found,) = DIST.glob(pattern)
    return found


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """One with the wheel and pytest, without TensorFlow."""
    home = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    made = Environment(home)
    made.install(str(the_file("*.whl")), "pytest>=8.3")
    return made


@pytest.fixture(scope="module")
def with_recipes(environment: Environment) -> Environment:
    """The same, with what trainings need but TensorFlow; the tests that need less have run before."""
    environment.install(f"{the_file('*.whl')}[recipes]")
    return environment


@pytest.fixture(scope="module")
def with_tensorflow(with_recipes: Environment) -> Environment:
    """The same, with what all extras bring; the tests that need less have run before."""
    with_recipes.install(f"{the_file('*.whl')}[tensorflow,report]")
    return with_recipes


def in_checkout(*packages: str) -> Set[str]:
    return {
        file.relative_to(ROOT).as_posix()
        for package in packages
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_wheel_holds_the_two_packages_and_pytests_module_and_nothing_else() -> None:
    with zipfile.ZipFile(the_file("*.whl")) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert in_checkout("mnist_repro", "pjm") | {"pytest_pjm.py"} == held


def test_the_sdist_holds_what_tests_and_documentation_need() -> None:
    with tarfile.open(the_file("*.tar.gz")) as sdist:
        held = {member.name.partition("/")[2] for member in sdist.getmembers() if member.isfile()}
    parts = ("mnist_repro", "pjm", "baselines", "constraints", "tests", "docs", "changes")
    wanted = in_checkout(*parts) | {"pytest_pjm.py"}

    assert set() == {name for name in wanted if "_build" not in name and ".recording" not in name} - held
    top = "CHANGELOG.md CITATION.cff LICENSE README.ja.md README.md conftest.py pytest_pjm.py tox.ini"
    assert set() == set(top.split()) - held


def test_the_licence_and_the_readme_are_in_the_wheels_metadata() -> None:
    with zipfile.ZipFile(the_file("*.whl")) as wheel:
        (metadata,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        text = wheel.read(metadata).decode("utf-8")
        licences = [name for name in wheel.namelist() if name.endswith("LICENSE")]

    assert 1 == len(licences)
    assert "Does the published number still come out?" in text
    assert "Requires-Python: >=3.8" in text


def test_pjms_own_commands_are_not_installed(environment: Environment) -> None:
    assert [] == [
        file.name for file in (environment.home / "bin").iterdir() if file.name.startswith("pj") and file.name != "pjm"
    ]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("mnist-repro", "--version"), "mnist-repro 0."),
        (("mnist-repro", "--help"), "exit codes:"),
        (("pjm", "--version"), "pjm 0."),
        (("python", "-m", "mnist_repro", "--help"), "usage: mnist-repro"),
        (("python", "-m", "pjm", "--help"), "usage: pjm"),
        (("gate-baselines", "--help"), "usage: gate-baselines"),
        (("pytest", "--markers"), "fugaku(nodes=1"),
        (("pytest", "--help"), "--gate-seeds=N|auto"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_commands_work_without_any_other_package(
    environment: Environment, tmp_path: Path, command: tuple[str, ...], says: str
) -> None:
    ended = environment.run(*command, folder=tmp_path)

    assert (0, True) == (ended.returncode, says in ended.stdout), ended.stdout


def test_a_plain_installation_brings_pytests_packages_alone_and_says_what_a_command_needs(
    environment: Environment, tmp_path: Path
) -> None:
    installed = environment.run("python", "-m", "pip", "list", "--format=freeze", folder=tmp_path).stdout.lower()
    for package in ("numpy", "scipy", "pyyaml", "rich", "h5py", "pooch", "tensorflow"):
        assert f"\n{package}==" not in installed
    for command in (("mnist-repro", "data", "info"), ("gate-baselines", "list")):
        ended = environment.run(*command, folder=tmp_path)
        assert (2, True) == (ended.returncode, "pip install 'mnist-repro[gate]'" in ended.stdout), ended.stdout


def test_somebody_elses_tests_run_as_jobs(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(SOMEBODYS_TESTS, encoding="utf-8")

    ended = environment.run("pytest", "--fugaku", "--fugaku-emulate", "--junitxml", "junit.xml", folder=tmp_path)

    assert 0 == ended.returncode, ended.stdout
    assert "3 passed" in ended.stdout
    assert "2 tests in jobs, 1 here" in ended.stdout
    assert 'tests="3"' in (tmp_path / "junit.xml").read_text(encoding="utf-8")
    shown = environment.run("pjm", "show", folder=tmp_path).stdout
    assert "2 of 2 tests have results" in shown


def test_somebody_elses_tests_run_as_jobs_although_their_warnings_are_errors(
    environment: Environment, tmp_path: Path
) -> None:
    (tmp_path / "test_theirs.py").write_text(SOMEBODYS_TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")

    ended = environment.run("pytest", "--fugaku", "--fugaku-emulate", folder=tmp_path)

    assert (0, True) == (ended.returncode, "3 passed" in ended.stdout), ended.stdout


@pytest.mark.parametrize("theirs", THEIR_PJM, ids=["package", "module"])
@pytest.mark.parametrize("pytest_", [("pytest",), ("python", "-m", "pytest")], ids=" ".join)
def test_a_project_may_have_a_module_pjm_of_its_own(
    environment: Environment, tmp_path: Path, theirs: Dict[str, str], pytest_: Tuple[str, ...]
) -> None:
    for name, text in theirs.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    for options in ((), ("-p", "pjm.plugin"), ("-p", "pytest_pjm"), ("-p", "no:pjm.plugin")):
        ended = environment.run(*pytest_, *options, folder=tmp_path)
        assert (0, True) == (ended.returncode, "1 passed" in ended.stdout), ended.stdout
    (tmp_path / "test_marked.py").write_text(SOMEBODYS_TESTS, encoding="utf-8")
    refused = environment.run(*pytest_, "--fugaku", "--fugaku-emulate", folder=tmp_path)

    assert not (tmp_path / ".pjm").exists()
    assert 4 == refused.returncode, refused.stdout
    happened = "ERROR: --fugaku does not work in this project, which has a module pjm of its own: "
    assert f"{happened}{tmp_path / next(iter(theirs))}\n  why: " in refused.stdout
    assert "Traceback" not in refused.stdout


def test_somebody_elses_tests_have_ranks(environment: Environment, tmp_path: Path) -> None:
    write_mpiexec(environment.home / "bin")
    text = "import pytest\n\n\n@pytest.mark.fugaku(ranks=2)\ndef test_theirs(mpi):\n    assert 2 == mpi.size\n"
    (tmp_path / "test_theirs.py").write_text(text, encoding="utf-8")

    for options in ((), ("--fugaku-emulate",)):
        ended = environment.run("pytest", *options, folder=tmp_path)
        assert (0, True) == (ended.returncode, "1 passed" in ended.stdout), ended.stdout


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_tests_in_a_folder_pjm_run_as_jobs(environment: Environment, tmp_path: Path, mode: str) -> None:
    (tmp_path / "pjm").mkdir()
    (tmp_path / "pjm" / "test_theirs.py").write_text(SOMEBODYS_TESTS, encoding="utf-8")

    for options in ((), ("--fugaku", "--fugaku-emulate")):
        ended = environment.run("pytest", f"--import-mode={mode}", *options, folder=tmp_path)
        assert (0, True) == (ended.returncode, "3 passed" in ended.stdout), ended.stdout


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-p", "pjm.plugin"),
        ("-p", "pytest_pjm"),
        ("-p", "pjm.plugin", "-p", "pytest_pjm"),
        ("-p", "pytest_pjm", "-p", "pjm.plugin"),
    ],
    ids=" ".join,
)
def test_the_plugin_is_loaded_once_by_whatever_names(
    environment: Environment, tmp_path: Path, options: Tuple[str, ...]
) -> None:
    (tmp_path / "conftest.py").write_text("pytest_plugins = ['pjm.plugin', 'pytest_pjm']\n", encoding="utf-8")

    ended = environment.run("pytest", "--markers", "-W", "error", *options, folder=tmp_path)

    assert (0, 1) == (ended.returncode, ended.stdout.count("@pytest.mark.fugaku(nodes=1")), ended.stdout


def test_options_of_a_project_keep_their_names(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n"
        "    for name in ('arithmetic', 'data', 'report', 'scale', 'seeds'):\n"
        "        parser.addoption(f'--{name}')\n",
        encoding="utf-8",
    )
    test = "def test_theirs(pytestconfig):\n    assert 'theirs' == pytestconfig.getoption('--data')\n"
    (tmp_path / "test_theirs.py").write_text(test, encoding="utf-8")

    ended = environment.run("pytest", "-W", "error", "--data=theirs", folder=tmp_path)

    assert (0, True) == (ended.returncode, "1 passed" in ended.stdout), ended.stdout


def test_without_tensorflow_the_data_are_found_and_training_says_what_to_install(
    with_recipes: Environment, tmp_path: Path
) -> None:
    found = with_recipes.run("mnist-repro", "data", "info", folder=tmp_path)
    assert (0, True) == (found.returncode, "surrogate" in found.stdout), found.stdout
    ended = with_recipes.run("mnist-repro", "reproduce", folder=tmp_path)

    assert 2 == ended.returncode
    assert "pip install" in ended.stdout


def test_a_recipe_is_reproduced_at_subset_scale_on_the_surrogate(with_tensorflow: Environment, tmp_path: Path) -> None:
    ended = with_tensorflow.run("mnist-repro", "reproduce", "--scale", "subset", folder=tmp_path)

    assert "wheel-softmax: NOT TESTED" in ended.stdout
    assert "3 of 3 seeds" in ended.stdout
    assert (tmp_path / "runs" / "wheel-softmax" / "surrogate-subset-original" / "seed-2" / "run.json").is_file()
    report = with_tensorflow.run("mnist-repro", "report", folder=tmp_path)
    assert (0, True) == (report.returncode, (tmp_path / "report" / "index.html").is_file()), report.stdout
