"""The gate's pytest plugin: its options, what it leaves to others, and what it does not import."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import List, Tuple, Union

import pytest

from mnist_repro.gate.plugin import AUTO, MOST_SEEDS, seeds_or_auto

ROOT = Path(__file__).resolve().parents[3]
GATE, HARNESS = "mnist_repro.gate.plugin", "mnist_repro.pytest_plugin"


@pytest.mark.parametrize(("said", "expected"), [("auto", AUTO), ("1", 1), ("10000", MOST_SEEDS)])
def test_seeds_are_auto_or_a_number_from_one(said: str, expected: Union[int, str]) -> None:
    assert expected == seeds_or_auto(said)


@pytest.mark.parametrize("said", ["0", "-1", "many", "2.5", "", "10001", "AUTO", "1e3"])
def test_other_seeds_are_refused(said: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        seeds_or_auto(said)

    assert f"{said!r} is neither auto nor a number from 1 to 10,000" == str(caught.value)


def pytest_run(folder: Path, *arguments: str, ends: str = "") -> Tuple[int, str]:
    """Exit code and output of a process that runs pytest in a folder, with no plugins but those that are named."""
    return python(folder, f"code = pytest.main({list(arguments)!r}); {ends or 'sys.exit(int(code))'}")


def python(folder: Path, program: str) -> Tuple[int, str]:
    """Exit code and output of a process that has imported pytest and no plugin."""
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
    alone.pop("GITHUB_STEP_SUMMARY", None)
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys, pytest; {program}"],
        cwd=str(folder),
        env=alone,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return ended.returncode, ended.stdout


LOADED = ((GATE,), (HARNESS,), (GATE, HARNESS), (HARNESS, GATE))
FREE = ("--data", "--scale", "--seeds", "--report", "--arithmetic")
CONFTEST = f"""
import pytest

def pytest_addoption(parser):
    for name in {FREE!r}:
        parser.addoption(name, help="of this project")

@pytest.fixture
def said(request):
    return [request.config.getoption(name) for name in {FREE!r}]
"""


def test_a_project_may_have_options_of_its_own_with_the_usual_names(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_it.py").write_text("def test_it(said):\n    assert said == list('abcde')\n", encoding="utf-8")
    own: List[str] = [f"{name}={value}" for name, value in zip(FREE, "abcde")]
    loaded = [[part for plugin in plugins for part in ("-p", plugin)] for plugins in LOADED]

    _, output = python(
        tmp_path,
        f"print([int(pytest.main([*each, '-W', 'error', '--gate-seeds', '7', *{own!r}])) for each in {loaded!r}])",
    )

    assert str([0] * len(LOADED)) == output.splitlines()[-1], output
    assert len(LOADED) == output.count("1 passed")


@pytest.mark.parametrize("plugin", [GATE, HARNESS])
def test_the_options_that_were_once_ours_are_unknown_to_pytest(plugin: str, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n", encoding="utf-8")

    _, output = python(tmp_path, f"print([int(pytest.main(['-p', {plugin!r}, name + '=1'])) for name in {FREE!r}])")

    assert str([4] * len(FREE)) == output.splitlines()[-1]
    assert all(f"unrecognized arguments: {option}=1" in output for option in FREE), output


def test_the_options_are_named_after_the_gate_and_the_reproduction(tmp_path: Path) -> None:
    texts = [pytest_run(tmp_path, "-p", plugin, "--help")[1] for plugin in (GATE, HARNESS)]

    gate, repro = ("--gate-seeds", "--gate-report"), ("--repro-scale", "--repro-arithmetic", "--repro-data")
    assert [True, True] == [all(option in text for option in gate) for text in texts]
    assert [False, True] == [any(option in text for option in (*repro, "--repro-report")) for text in texts]
    assert all("gate_baselines" in text for text in texts)


HEAVY = "sys.exit(', '.join(sorted({'numpy', 'scipy', 'yaml', 'tensorflow', 'h5py', 'rich'} & set(sys.modules))) or 0)"


def test_a_session_without_a_gate_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n", encoding="utf-8")
    collecting = [[], ["--collect-only"], ["--gate-report", "gate", "--collect-only"]]

    code, output = python(tmp_path, f"[pytest.main(['-p', {GATE!r}, *more]) for more in {collecting!r}]; {HEAVY}")

    assert (0, 2) == (code, output.count("1 test collected")), output


def test_the_gate_plugin_alone_loads_no_module_of_recipes(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n", encoding="utf-8")
    ours = "mnist_repro"
    rooms = f"{{name.split('.')[1] for name in sys.modules if name.startswith('{ours}.')}}"

    code, output = pytest_run(tmp_path, "-p", GATE, ends=f"print('rooms:', *sorted({rooms}))")

    assert 0 == code
    assert "rooms: gate" == output.splitlines()[-1]


def test_an_empty_name_is_not_taken_for_the_current_folder(tmp_path: Path) -> None:
    code, output = pytest_run(tmp_path, "-p", GATE, "--gate-report=")

    assert 4 == code
    assert "argument --gate-report: an empty name is no folder" in output
