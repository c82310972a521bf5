"""The tested versions: what constraints/ pins, what tox installs, and what the page "supported versions" shows."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Dict, List, Set

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "supported-versions.md"
TESTED, TENSORFLOW_215 = (ROOT / "constraints" / name for name in ("tested.txt", "tensorflow-2.15.txt"))
TOX = configparser.ConfigParser(interpolation=None)
TOX.read(ROOT / "tox.ini", encoding="utf-8")


@dataclass(frozen=True)
class Row:
    """One tested combination, as the page has it; all of them on Linux."""

    python: str
    tensorflow: str
    keras: str
    machine: str
    fingerprint: str
    environment: str

    @property
    def constraints(self) -> Path:
        return constraints_of(self.environment)


def constraints_of(environment: str) -> Path:
    return TENSORFLOW_215 if environment == "tf215" else TESTED


def rows() -> List[Row]:
    cells = re.findall(
        r"^\| (3\.\d+) \| (\S+) \| (\S+) \| Linux on (\w+)[^|]* \| (\w+) \| `tox run -e (\w+)`.* \|$",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return [Row(*each) for each in cells]


ROWS = rows()
# On the machines of CI. QEMU, which runs the others, takes too long for it.
NIGHTLY = [row for row in ROWS if row.machine == "x86_64"]
PYTHONS = sorted({row.python for row in ROWS}, key=Version)


def markers(python: str, extra: str = "") -> Dict[str, str]:
    """What environment markers are compared with, on Linux on x86_64."""
    return {
        "extra": extra,
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{python}.18",
        "python_version": python,
        "sys_platform": "linux",
    }


def applies(requirement: Requirement, python: str, extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate(markers(python, extra))


def pins(file: Path, python: str) -> Dict[str, Version]:
    """The version of each package that the file allows there."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    here = [each for each in map(Requirement, lines) if applies(each, python)]
    assert len({each.name for each in here}) == len(here)
    return {canonicalize_name(each.name): Version(str(each.specifier)[2:]) for each in here}


def not_pinned(requirements: List[Requirement], file: Path, python: str, extra: str = "") -> Set[str]:
    """Those that the file does not pin, or not to a version that they allow."""
    pinned = pins(file, python)
    wanted = [each for each in requirements if applies(each, python, extra) and each.name != "mnist-repro"]
    return {
        str(each)
        for each in wanted
        if canonicalize_name(each.name) not in pinned
        or not each.specifier.contains(pinned[canonicalize_name(each.name)], prereleases=True)
    }


def lines_of(section: str, key: str) -> List[str]:
    return [line for line in TOX.get(section, key, fallback="").splitlines() if line and not line.startswith("#")]


def installed_by(section: str) -> List[Requirement]:
    """What a section of tox.ini installs by name, in addition to the extras of the package."""
    deps = [line for line in lines_of(section, "deps") if not line.startswith("{")]
    alone = re.findall(r"--no-deps (\S+)", "\n".join(lines_of(section, "commands_pre")))
    return [Requirement(each) for each in (*deps, *alone)]


def pythons_of(section: str) -> List[str]:
    if section == "testenv:weights":
        return PYTHONS[1:]  # tf_keras has no release for Python 3.8.
    base = TOX.get(section, "base_python", fallback="").replace("{[testenv:tf220]base_python}", "python3.8")
    return [base[len("python") :]] if base else PYTHONS


def minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def stored_fingerprints() -> Set[str]:
    """The platforms for which each recipe has one."""
    files = (ROOT / "baselines").glob("*/fingerprint.yml")
    found = [set(re.findall(r"^  platform: (.+)$", each.read_text(encoding="utf-8"), re.MULTILINE)) for each in files]
    return set.intersection(*found)


@pytest.mark.parametrize("file", [TESTED, TENSORFLOW_215], ids=lambda file: str(file.name))
def test_constraints_hold_pins_only_and_name_no_place(file: Path) -> None:
    _, command, *lines = file.read_text(encoding="utf-8").splitlines()

    assert "#    tox run -e constraints" == command
    assert [] == [line for line in lines if not re.match(r"[a-z0-9-]+==[0-9a-z.]+( ; .+)?$", line)]


def test_the_page_has_every_python_from_the_oldest_to_the_newest() -> None:
    assert [f"3.{number}" for number in range(8, 8 + len(PYTHONS))] == PYTHONS
    assert Requirement(f"x{metadata.metadata('mnist-repro')['Requires-Python']}").specifier.contains("3.8.0")


def test_the_package_claims_the_systems_and_pythons_that_are_tested() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert PYTHONS == re.findall(r'^    "Programming Language :: Python :: (3\.\d+)",$', text, re.MULTILINE)
    # Each row of the page is on Linux.
    assert ["POSIX :: Linux"] == re.findall(r'^    "Operating System :: (.+)",$', text, re.MULTILINE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.python}-{row.tensorflow}-{row.machine}")
def test_the_page_has_the_versions_of_the_constraints(row: Row) -> None:
    pinned = pins(row.constraints, row.python)

    assert (Version(row.tensorflow),) * 2 == (pinned["tensorflow-cpu"], pinned["tensorflow"])
    # TensorFlow 2.2.0 has its Keras inside.
    assert Version(row.keras) == pinned.get("keras", Version("2.3.0"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.python}-{row.tensorflow}-{row.machine}")
def test_a_tested_tensorflow_has_a_stored_fingerprint_or_the_page_says_that_it_has_none(row: Row) -> None:
    platform = f"{row.machine}, TensorFlow {minor(row.tensorflow)}, Keras {minor(row.keras)}"

    assert ("stored" if platform in stored_fingerprints() else "none") == row.fingerprint


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.environment)
def test_tox_runs_what_the_page_says(row: Row) -> None:
    section = f"testenv:{row.environment}"
    factor = re.match(r"py3(\d+)$", row.environment)

    # tox makes an environment with such a name by itself, from [testenv], on that Python.
    assert [row.python] == ([f"3.{factor[1]}"] if factor else pythons_of(section))
    assert factor is None or not TOX.has_section(section)


def test_the_nightly_workflow_runs_each_row_and_the_newest_of_everything() -> None:
    nightly = (ROOT / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8")
    (run,) = re.findall(r"environment: \[(.+)\]", nightly)

    assert {*(row.environment for row in NIGHTLY), "floating"} == set(run.split(", "))
    assert "floating" not in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_oldest_pytest_that_the_page_states_is_required_and_tested_every_night() -> None:
    (stated,) = re.findall(r"needs pytest (\S+) or newer", PAGE.read_text(encoding="utf-8"))
    (tested,) = re.findall(r"on pytest (\S+) and\nPython 3\.8", PAGE.read_text(encoding="utf-8"))
    required = [Requirement(each) for each in metadata.requires("mnist-repro") or []]
    (tools,) = (each for each in required if each.name == "pytest" and applies(each, "3.8", "test-tools"))

    assert [f"pytest=={tested}"] == lines_of("testenv:oldest-pytest", "deps")
    assert ["3.8"] == pythons_of("testenv:oldest-pytest")
    assert tested == f"{stated}.0"
    assert f">={stated}" == str(tools.specifier)
    assert f'\nminversion = "{stated}"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "tox run -e oldest-pytest" in (ROOT / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8")


UNPINNED = {"testenv:floating", "testenv:oldest-pytest"}


@pytest.mark.parametrize("section", [each for each in TOX.sections() if each not in UNPINNED])
def test_what_tox_installs_is_pinned(section: str) -> None:
    file = constraints_of(section.partition(":")[2])

    assert set() == {each for python in pythons_of(section) for each in not_pinned(installed_by(section), file, python)}


@pytest.mark.parametrize("section", [each for each in TOX.sections() if TOX.has_option(each, "set_env")])
def test_what_tox_sets_includes_the_constraints(section: str) -> None:
    variables = lines_of(section, "set_env")
    inherited = {"{[testenv]set_env}", "{[testenv:weights]set_env}", "{[testenv:floating]set_env}"}

    assert variables[0] in inherited or [line.partition(" = ")[0] for line in variables] == [
        "PIP_CONSTRAINT",
        "PIP_BUILD_CONSTRAINT",
    ]


@pytest.mark.parametrize("python", PYTHONS)
def test_what_our_packages_require_is_pinned(python: str) -> None:
    required = [Requirement(each) for each in metadata.requires("mnist-repro") or []]
    extras = ["", *(metadata.metadata("mnist-repro").get_all("Provides-Extra") or [])]

    assert set() == {each for extra in extras for each in not_pinned(required, TESTED, python, extra)}


def test_what_tf215_needs_of_our_packages_is_pinned() -> None:
    required = [Requirement(each) for each in metadata.requires("mnist-repro") or []]

    assert set() == {
        each
        for extra in ("", "report", "test-tools", "tensorflow")
        for each in not_pinned(required, TENSORFLOW_215, "3.11", extra)
    }


@pytest.mark.parametrize("python", PYTHONS)
def test_what_builds_our_packages_and_tox_itself_are_pinned(python: str) -> None:
    (line,) = re.findall(r"^requires = \[(.+)\]$", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    building = [Requirement(each) for each in re.findall(r'"([^"]+)"', line)]
    tox = [Requirement(each) for each in lines_of("tox", "requires")]

    assert len(building) == 1
    assert {"tox", "virtualenv"} == {each.name for each in tox}
    assert set() == not_pinned([*building, *tox], TESTED, python)


def test_only_systems_that_are_tested_are_claimed() -> None:
    claimed = re.findall(r'"Operating System :: (.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    # `rows` reads rows about Linux only.
    assert ["POSIX :: Linux"] == claimed


@pytest.mark.parametrize("file", ["README.md", "README.ja.md", ".ci/run", "CONTRIBUTING.md"])
def test_what_installs_from_a_clone_names_the_constraints(file: str) -> None:
    lines = [line for line in (ROOT / file).read_text(encoding="utf-8").splitlines() if "bin/pip install" in line]
    named = "PIP_CONSTRAINT=constraints/tested.txt PIP_BUILD_CONSTRAINT=constraints/tested.txt "

    assert lines
    assert [] == [line for line in lines if named not in line]
