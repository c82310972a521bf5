"""The harness in pytest: fixtures, options, messages; in a project that is not this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Dict

import pytest

from tests.builders.gate_project import BETTER, CLEAN, MEASURED, Project

SEVERAL = """
@pytest.mark.parametrize("better", [0.0, 0.25], ids=["clean", "better"])
@pytest.mark.parametrize("recipe", ["vgg7", pytest.param("wheel-softmax", marks=pytest.mark.slow)])
def test_recipe(baseline, recipe, better):
    baseline.check(runs(recipe, seeds=(0, 1, 2), better=better))

def test_fingerprint(baseline):
    baseline.check(fingerprint())
"""
VERDICTS = {
    "test_recipe[vgg7-clean]": "equivalent",
    "test_recipe[vgg7-better]": "improved",
    "test_recipe[wheel-softmax-clean]": "equivalent",
    "test_recipe[wheel-softmax-better]": "improved",
    "test_fingerprint": "equivalent",
}
MARKER = "[pytest]\nmarkers = slow\n"


# --- The verb ---


def test_a_verdict_that_does_not_pass_fails_the_test_with_a_message_and_without_a_traceback(project: Project) -> None:
    project.write(BETTER)

    result = project.run()

    result.assert_outcomes(failed=1)
    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines(
        [
            "vgg7/subset: IMPROVED*",
            "metric * stored * measured * interval * margin * verdict",
            "test_loss after 5 epochs * 0.2* … -0.2* ±0.02 * improved",
            "to accept it, if it is meant, after that: mnist-repro baseline accept vgg7 --rung subset --reason *",
        ]
    )
    result.stdout.no_fnmatch_line("*checking.py*")
    result.stdout.no_fnmatch_line("*def test_better*")


def test_a_platform_without_fingerprint_is_skipped_with_the_reason_and_never_equivalent(project: Project) -> None:
    project.write(
        """
def test_fingerprint(baseline):
    baseline.check(fingerprint(machine="aarch64"))

def test_samples(baseline):
    baseline.check(runs())
"""
    )

    result = project.run_with_report("-rs")

    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*no fingerprint is stored for aarch64*rests on samples"])
    first, second = project.report()["subjects"]["vgg7"]["comparisons"]
    assert (None, "equivalent") == (first["verdict"], second["verdict"])
    assert "no fingerprint is stored for aarch64" in first["notes"][0]


def test_the_folder_of_the_baselines_is_an_ini_option(project: Project) -> None:
    (project.path / "baselines").rename(project.path / "elsewhere")
    project.pytester.makeini("[pytest]\ngate_baselines = elsewhere\n")
    project.write(CLEAN)

    project.run().assert_outcomes(passed=1)


# --- More seeds ---

GROWING = """
from mnist_repro.harness.fixture import Runs

def make(seeds):
    # The first five lie far apart.
    print("seeds", seeds)
    better = [-0.03, 0, 0.03, -0.03, 0.03, 0, 0, 0, 0, 0]
    return tuple(run(seed=100 + seed, better=better[seed]) for seed in range(seeds))

def test_it(baseline):
    baseline.check(Runs(make(5), make))
"""


def test_with_seeds_auto_more_are_run_until_it_is_settled(project: Project) -> None:
    project.write(GROWING)

    result = project.run_with_report("--gate-seeds", "auto", "-s")

    result.assert_outcomes(passed=1)
    assert ["5", "10"] == [line.split()[-1] for line in result.outlines if "seeds " in line and ":" not in line]
    assert 10 == len(project.report()["subjects"]["vgg7"]["comparisons"][0]["samples"])


# --- Options ---


@pytest.mark.parametrize("option", ["--repro-data", "--repro-report"])
def test_an_empty_name_is_not_taken_for_nothing_or_for_the_current_folder(project: Project, option: str) -> None:
    project.write(CLEAN)

    result = project.run(f"{option}=")

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines([f"*argument {option}: it is empty; name something, or leave it out*"])


@pytest.mark.parametrize(
    "option", ["--repro-scale=huge", "--gate-seeds=many", "--gate-report=", "--repro-arithmetic=modern"]
)
def test_options_that_make_no_sense_are_refused(project: Project, option: str) -> None:
    assert pytest.ExitCode.USAGE_ERROR == project.run(option).ret


@pytest.mark.parametrize(("said", "scale"), [((), "full"), (("--repro-scale", "subset"), "subset")])
def test_a_conftest_may_say_which_scale_is_meant_where_nobody_said_it(
    project: Project, said: tuple[str, ...], scale: str
) -> None:
    project.pytester.makeconftest(
        "def pytest_configure(config):\n    config.option.repro_scale = config.option.repro_scale or 'full'"
    )
    project.write("def test_it(pytestconfig):\n    print(pytestconfig.option.repro_scale)")

    result = project.run("-s", *said)

    result.stdout.fnmatch_lines([f"mnist-repro: {scale} scale, seeds: auto, original arithmetic"])


# --- Measuring ---


def test_data_that_are_not_there_are_refused_before_anything_runs(project: Project) -> None:
    project.write(MEASURED.replace("RECIPE", "'vgg7'"))

    result = project.run_with_report("--repro-data", "nowhere")

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines(
        ["ERROR: --repro-data nowhere: there is no such folder or file", "  why: *", "  next: *"]
    )


def test_data_that_cannot_be_read_end_in_a_verdict_that_does_not_pass(project: Project, tmp_path: Path) -> None:
    project.write(MEASURED.replace("RECIPE", "'vgg7'"))
    (tmp_path / "empty").mkdir()

    result = project.run_with_report("--repro-data", str(tmp_path / "empty"))

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["vgg7/subset: INCOMPARABLE*", "measurement: *empty*"])
    assert {"test_it[measured0]": "incomparable"} == project.verdicts()


def test_a_report_that_was_asked_for_without_a_comparison_fails_the_session(project: Project) -> None:
    project.write("def test_something_else():\n    pass")

    without, asked = project.run(), project.run_with_report()

    assert (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) == (without.ret, asked.ret)
    asked.stdout.fnmatch_lines(["the gate does not pass: a report was asked for, and no test compared anything"])
    assert not project.report()["passes"]


def test_whoever_asks_for_the_baselines_and_compares_nothing_does_not_pass(project: Project) -> None:
    project.write(CLEAN + "\ndef test_forgets(baseline):\n    pass")

    result = project.run_with_report()

    assert pytest.ExitCode.TESTS_FAILED == result.ret
    assert {"test_clean": "equivalent", "test_forgets": "incomparable"} == project.verdicts()
    assert "ended without a verdict, passed: it compared nothing" in (project.gate / "gate.md").read_text()


def test_without_tensorflow_the_verdict_does_not_pass(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write(MEASURED.replace("RECIPE", "'vgg7'"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    result = project.run_with_report("--repro-data", "surrogate")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["measurement: TensorFlow is not installed*"])


def test_measured_needs_to_know_what(project: Project) -> None:
    project.write("def test_it(measured):\n    pass")

    result = project.run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*measured needs pairs of (recipe, rung)*"])


# --- JUnit ---


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_junit_properties_carry_verdict_and_figures(project: Project, family: str) -> None:
    project.write(BETTER)

    project.run("--junitxml", "junit.xml", "-o", f"junit_family={family}")

    written = ElementTree.parse(project.path / "junit.xml")  # noqa: S314 - by ourselves
    case = next(written.iter("testcase"))
    properties = {each.attrib["name"]: each.attrib["value"] for each in case.iter("property")}
    assert "improved" == properties["vgg7/subset verdict"]
    told = properties["vgg7/subset: test_loss after 5 epochs"]
    assert told.startswith("improved; stored 0.5")
    assert told.endswith("; margin ±0.02")
    assert "improved" == json.loads(properties["gate.checked"])["findings"][0]["verdict"]


# --- Beside other features of pytest ---


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        (("-k", "vgg7 and clean"), ["test_recipe[vgg7-clean]"]),
        (("-m", "slow"), ["test_recipe[wheel-softmax-clean]", "test_recipe[wheel-softmax-better]"]),
        (("test_it.py::test_fingerprint",), ["test_fingerprint"]),
    ],
)
def test_only_chosen_tests_are_judged_and_reported(
    project: Project, arguments: tuple[str, ...], chosen: list[str]
) -> None:
    project.pytester.makeini(MARKER)
    project.write(SEVERAL)

    project.run_with_report(*arguments)

    assert {name: VERDICTS[name] for name in chosen} == project.verdicts()


def test_last_failed_runs_those_that_did_not_pass(project: Project) -> None:
    project.pytester.makeini(MARKER)
    project.write(SEVERAL)
    project.run_with_report()

    project.run_with_report("--lf")

    assert {name: verdict for name, verdict in VERDICTS.items() if verdict == "improved"} == project.verdicts()


def test_collecting_alone_writes_no_report(project: Project) -> None:
    project.write(CLEAN)

    result = project.run_with_report("--collect-only")

    assert pytest.ExitCode.OK == result.ret
    assert not project.gate.exists()


def test_side_by_side_the_verdicts_and_figures_are_the_same(project: Project) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed: tests side by side are NOT tested")
    project.pytester.makeini(MARKER)
    project.write(SEVERAL)
    project.run_with_report()
    alone = _figures(project)

    project.run_apart("-p", "xdist", "-n", "2").assert_outcomes(passed=3, failed=2)

    assert VERDICTS == project.verdicts()
    assert alone == _figures(project)


def test_a_worker_of_xdist_that_dies_does_not_let_the_session_pass(project: Project) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed: tests side by side are NOT tested")
    project.write(CLEAN + "\ndef test_dies(baseline):\n    import os\n    os._exit(0)")

    project.run_apart("-p", "xdist", "-n", "1")

    assert not project.report()["passes"]
    assert "incomparable" == project.verdicts()["test_dies"]


def _figures(project: Project) -> Dict[str, object]:
    return {
        each["test"]: each["findings"]
        for subject in project.report()["subjects"].values()
        for each in subject["comparisons"]
    }


# --- Nothing heavy before it is needed ---


HEAVY = "sys.exit(', '.join({'numpy', 'scipy', 'yaml', 'rich', 'h5py', 'tensorflow'} & set(sys.modules)) or None)"


def test_a_session_that_measures_nothing_imports_nothing_heavy(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(root)}
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n", encoding="utf-8")
    session = "import sys, pytest; pytest.main(['-p', 'mnist_repro.pytest_plugin', '--collect-only', '.'])"

    subprocess.run([sys.executable, "-c", f"{session}; {HEAVY}"], check=True, cwd=str(tmp_path), env=alone)


def test_every_recipe_and_rung_is_collected_without_tensorflow(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.pytester.mkpydir("tensorflow").joinpath("__init__.py").write_text("raise SystemExit('TensorFlow!')")
    root = Path(__file__).resolve().parents[3]
    monkeypatch.setenv("PYTHONPATH", f"{project.path}:{root}:{root / 'tests'}")
    project.pytester.makepyfile(
        test_it=(root / "tests" / "regression" / "test_against_baselines.py").read_text(encoding="utf-8")
    )

    result = project.run_apart("-p", "pjm.plugin", "--collect-only", "-q", "--repro-scale", "full")

    assert pytest.ExitCode.OK == result.ret
    ids = [line.partition("::")[2] for line in result.outlines if "::" in line]
    recipes = ("wheel-softmax", "keras-cnn", "tf-softmax", "tf-cnn", "vgg7", "vgg7-bn")
    assert [f"test_recipe[{recipe}-{rung}]" for rung in ("fingerprint", "full") for recipe in recipes] == ids
