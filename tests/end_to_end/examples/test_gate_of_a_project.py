"""Another project with gates of its own: recorded, accepted, judged, in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List

import pytest

GIT = shutil.which("git") or "git"

HEAD = """\
import numpy as np
import pytest
from mnist_repro.gate import higher, lower, same

def train(seed, drop=0.0):
    noise = np.random.Generator(np.random.PCG64(seed)).standard_normal(2)
    return {"accuracy": 0.97 + 0.004 * noise[0] - drop, "loss": np.float32(0.1 + 0.01 * noise[1])}

METRICS = {"accuracy": higher(margin=0.02, reason="two in a hundred"), "loss": lower()}
"""
CHECK = "def test_it(gate):\n    gate.check('digits', train, metrics=METRICS)\n"
FINGERPRINT = """
def test_it(gate):
    gate.fingerprint("poisson", exact={"steps": 12, "mesh": np.arange(4)}, close={"error": (0.25, 1e-6), "sum": 2.0})
"""
CASES = """
def test_it(gate):
    gate.cases("bot", {f"c{at}": at % 7 != 0 for at in range(200)}, metrics=higher(margin=0.05), conditions={"m": 1})
"""


@dataclass(frozen=True)
class Project:
    """A folder with tests, which know nothing of this project but the package."""

    folder: Path

    def write(self, text: str, name: str = "test_it.py") -> None:
        (self.folder / name).write_text(HEAD + text, encoding="utf-8")

    def _run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
        kept.update(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", NO_COLOR="1", **variables)
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.folder,
            env=kept,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )

    def pytest(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self._run("pytest", "-p", "mnist_repro.gate.plugin", "-q", *arguments, **variables)

    def baselines(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self._run("mnist_repro.gate", *arguments, **variables)

    def record(self) -> None:
        ended = self.pytest("--gate-record")
        assert (0, True) == (ended.returncode, "recorded" in ended.stdout or "proposed" in ended.stdout), ended.stdout
        ended = self.baselines("accept", "--reason", "first recording")
        assert 0 == ended.returncode, ended.stdout

    def verdicts(self, *arguments: str) -> List[str]:
        """The verdicts of gate.json, worst finding of each comparison."""
        self.pytest("--gate-report=report", *arguments)
        report: Dict[str, Any] = json.loads((self.folder / "report" / "gate.json").read_text(encoding="utf-8"))
        return [each["verdict"] for subject in report["subjects"].values() for each in subject["comparisons"]]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("text", "change", "verdict"),
    [
        (CHECK, ("train, metrics", "lambda seed: train(seed, 0.03), metrics"), "regressed"),
        (CHECK, ("train, metrics", "lambda seed: train(seed, -0.03), metrics"), "better"),
        (FINGERPRINT, ('"steps": 12', '"steps": 13'), "changed"),
        (FINGERPRINT, ("(0.25,", "(0.2500001,"), "equivalent"),
        (FINGERPRINT, ("2.0}", "2.0000001}"), "changed"),
        (CASES, ("at % 7", "at % 2"), "regressed"),
    ],
)
def test_recorded_accepted_and_then_judged(project: Project, text: str, change: Any, verdict: str) -> None:
    project.write(text)
    unrecorded = project.pytest()
    assert (1, True) == (unrecorded.returncode, "pytest --gate-record test_it.py::test_it" in unrecorded.stdout)
    project.record()
    clean = project.pytest()
    assert 0 == clean.returncode, clean.stdout

    project.write(text.replace(*change))
    assert [verdict] == project.verdicts()
    assert (0 if verdict in ("better", "equivalent") else 1) == project.pytest().returncode


def test_recording_says_what_the_gate_will_see_and_ends_neither_green_nor_red(project: Project) -> None:
    project.write(CHECK)
    ended = project.pytest("--gate-record")

    assert "1 skipped" in ended.stdout
    for text in ("accuracy: margin 0.02 (two in a hundred); stops a drop of 0.0", "clean sessions that pass: 100.0 %"):
        assert text in ended.stdout
    assert (project.folder / "baselines" / "digits.proposed.yml").is_file()
    assert not (project.folder / "baselines" / "digits.yml").exists()


def test_a_margin_that_seeds_cannot_show_is_refused_when_it_is_recorded(project: Project) -> None:
    project.write(CHECK.replace("METRICS", "higher(margin=0.0005)"))
    ended = project.pytest("--gate-record")

    assert 1 == ended.returncode
    assert "% of sessions without any change would fail" in ended.stdout
    assert not (project.folder / "baselines" / "digits.proposed.yml").exists()


def test_a_stopped_recording_goes_on(project: Project) -> None:
    counting = (
        "def counted(seed):\n    open('seeds', 'a').write(f'{seed} ')\n"
        "    if seed == 9 and not __import__('os').path.exists('go'):\n        raise OSError('gone')\n"
        "    return train(seed)\n" + CHECK.replace("train,", "counted,")
    )
    (project.folder / ".gitignore").write_text("*\n!test_it.py\n", encoding="utf-8")
    project.write(counting)
    identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    for words in (("init", "--quiet"), ("add", "test_it.py"), ("commit", "--quiet", "-m", "first")):
        subprocess.run([GIT, *identity, *words], cwd=project.folder, check=True)

    stopped = project.pytest("--gate-record")
    assert (1, True) == (stopped.returncode, "OSError: gone" in stopped.stdout)
    (project.folder / "go").touch()
    project.record()
    seeds = (project.folder / "seeds").read_text(encoding="utf-8").split()
    # Seed 9 again because it had failed, seed 0 again because recording makes it twice.
    assert [*map(str, range(10)), *map(str, range(9, 16)), "0"] == seeds


def test_all_gates_of_a_test_are_recorded_at_once(project: Project) -> None:
    project.write(
        "def test_it(gate):\n    gate.check('a', train, metrics=METRICS)\n    gate.fingerprint('b', exact={'n': 1})\n"
    )
    ended = project.pytest("--gate-record", "-rs")
    assert "recorded, not judged" in ended.stdout, ended.stdout
    assert 0 == project.baselines("accept", "--reason", "first recording").returncode
    assert ["equivalent", "equivalent"] == project.verdicts() or ["no worse", "equivalent"] == project.verdicts()


def test_a_setting_that_is_no_number_of_seeds_is_refused_once(project: Project) -> None:
    project.write(CHECK)
    ended = project.pytest("--gate-record", "-o", "gate_record_seeds=many")
    assert (4, True) == (ended.returncode, ended.stdout.startswith("ERROR: gate_record_seeds = many\n")), ended.stdout


def test_an_exception_of_the_training_is_shown_as_it_is(project: Project) -> None:
    project.write("def broken(seed):\n    return 1 / (seed - 3)\n" + CHECK)
    project.record()
    project.write("def broken(seed):\n    return 1 / (seed - 3)\n" + CHECK.replace("train,", "broken,"))
    ended = project.pytest("--gate-report=report")

    assert "ZeroDivisionError" in ended.stdout
    report = (project.folder / "report" / "gate.json").read_text(encoding="utf-8")
    assert "seed 3 of 5 raised ZeroDivisionError" in report


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CHECK.replace("'digits'", "'../digits'"), "is no name of a baseline"),
        (CHECK.replace("'digits'", "'a/../../b'"), "is no name of a baseline"),
        (CHECK + CHECK.replace("test_it", "test_that"), "digits is the name of two gates"),
        ("def test_it(gate):\n    gate.check('digits', 3)\n", "it takes a function of the seed, or results by seed"),
        ("def test_it(gate):\n    gate.check('digits', lambda seed: 'good')\n", "a metric is a number"),
        (
            "def test_it(gate):\n    gate.check('digits', lambda seed: {'a' * (1 + seed % 2): 1.0 + seed})\n",
            "same metrics",
        ),
        ("def test_it(gate):\n    gate.check('digits', {'a': 1.0})\n", "samples are numbered by their seeds"),
        ("def test_it(gate):\n    gate.fingerprint('digits')\n", "there is nothing to compare"),
        ("def test_it(gate):\n    gate.cases('digits', {})\n", "there is nothing to compare"),
        ("def test_it(gate):\n    gate.cases('digits', {'a': True}, metrics=3)\n", "claims are made by higher()"),
    ],
)
def test_bad_input_fails_with_what_to_type(project: Project, text: str, message: str) -> None:
    project.write(text)
    for options in ((), ("--gate-record",)):
        ended = project.pytest(*options)
        assert 1 == ended.returncode
        assert message in ended.stdout
        assert "  next: " in ended.stdout
        assert "Traceback" not in ended.stdout
    assert not list(project.folder.rglob("*/../b.*"))


def test_a_name_is_judged_once(project: Project) -> None:
    project.write(CHECK)
    project.record()
    project.write(CHECK + "    gate.check('digits', train)\n")
    ended = project.pytest()

    assert (1, True) == (ended.returncode, "digits is the name of two gates" in ended.stdout)


def test_what_the_test_claims_otherwise_than_what_is_stored_is_no_pass(project: Project) -> None:
    project.write(CHECK)
    project.record()
    project.write(CHECK.replace("METRICS", "{**METRICS, 'accuracy': higher(margin=0.2)}"))
    ended = project.pytest()

    assert (1, True) == (ended.returncode, "margin 0.2 in the test, 0.02 stored" in ended.stdout)


def test_other_data_and_other_kinds_are_incomparable(project: Project) -> None:
    project.write(CHECK.replace("metrics=METRICS", "metrics=METRICS, data=b'one'"))
    project.record()
    project.write(CHECK.replace("metrics=METRICS", "metrics=METRICS, data=b'two'"))
    assert ["incomparable"] == project.verdicts()
    project.write("def test_it(gate):\n    gate.fingerprint('digits', exact={'a': 1})\n")
    ended = project.pytest()
    assert "its kind is 'samples', where fingerprint is expected" in ended.stdout


def test_a_case_that_is_missing_or_new_is_incomparable(project: Project) -> None:
    project.write(CASES)
    project.record()
    project.write(CASES.replace("range(200)", "range(199)"))
    assert "1 case stored and missing: c199; each has to be in both" in project.pytest().stdout
    project.write(CASES.replace("range(200)", "range(201)"))
    assert "1 case new: c200; each has to be in both" in project.pytest().stdout


def test_a_test_that_runs_again_gets_no_new_chance(project: Project) -> None:
    # As pytest-rerunfailures does: the same test, set up again.
    rerun = (
        "def pytest_runtest_protocol(item, nextitem):\n"
        "    from _pytest.runner import runtestprotocol\n"
        "    for attempt in (1, 2):\n"
        "        item._initrequest()\n"
        "        for report in runtestprotocol(item, nextitem=nextitem, log=False):\n"
        "            item.ihook.pytest_runtest_logreport(report=report)\n"
        "    return True\n"
    )
    project.write(CHECK)
    project.record()
    (project.folder / "conftest.py").write_text(rerun, encoding="utf-8")
    project.write(
        "calls = []\ndef worse(seed):\n    calls.append(seed)\n    assert len(calls) <= 5\n"
        "    return train(seed, 0.03)\n" + CHECK.replace("train,", "worse,")
    )

    assert {"regressed"} == set(project.verdicts())


def test_baselines_are_read_only_in_ci(project: Project) -> None:
    project.write(CHECK)
    recorded = project.pytest("--gate-record", CI="true")
    assert (4, True) == (recorded.returncode, "--gate-record does nothing here: CI=true" in recorded.stdout)
    project.record()
    accepted = project.baselines("remove", "digits", "--reason", "gone", CI="true")
    assert (2, True) == (accepted.returncode, "gate-baselines remove does nothing here: CI=true" in accepted.stdout)


def test_what_ci_measured_can_be_accepted(project: Project) -> None:
    project.write(CHECK)
    project.record()
    project.write(CHECK.replace("train, metrics", "lambda seed: train(seed, 0.03), metrics"))
    project.pytest("--gate-report=report", "--gate-seeds", "16")

    few = project.baselines("accept", "digits", "--from", "report", "--reason", "meant")
    assert 0 == few.returncode, few.stdout
    assert 0 == project.pytest().returncode
    project.pytest("--gate-report=report")
    few = project.baselines("accept", "digits", "--from", "report/gate.json", "--reason", "meant")
    assert (2, True) == (few.returncode, "has 5 seeds, 16 are stored" in few.stdout)


def test_cases_that_ci_measured_can_be_accepted(project: Project) -> None:
    project.write(CASES)
    project.record()
    project.write(CASES.replace("at % 7", "at % 2"))
    assert ["regressed"] == project.verdicts()

    accepted = project.baselines("accept", "bot", "--from", "report", "--reason", "meant")
    assert 0 == accepted.returncode, accepted.stdout
    assert ["no worse"] == project.verdicts()


def test_a_fingerprint_of_another_platform_is_accepted_from_ci(project: Project) -> None:
    project.write(FINGERPRINT.replace("2.0}", '2.0}, platform="device A"'))
    project.record()
    project.write(FINGERPRINT.replace("2.0}", '2.0}, platform="device B"'))
    unjudged = project.pytest("--gate-report=report")
    assert (1, True) == (unjudged.returncode, "no fingerprint is stored for" in unjudged.stdout)
    accepted = project.baselines("accept", "--from", "report", "--reason", "device B")
    assert 0 == accepted.returncode, accepted.stdout
    assert 0 == project.pytest().returncode
    assert "2 entries" in project.baselines("list").stdout


def test_baselines_that_no_test_uses_are_named_after_everything_ran(project: Project) -> None:
    project.write(CHECK)
    project.record()
    project.write(CHECK.replace("'digits'", "'digits-sgd'"))

    assert "unused baseline digits: gate-baselines rename digits digits-sgd --reason" in project.pytest("-v").stdout
    assert "unused" not in project.pytest("-v", "test_it.py").stdout
    assert "unused" not in project.pytest("-v", "-k", "it").stdout
    renamed = project.baselines("rename", "digits", "digits-sgd", "--reason", "a clearer name")
    assert 0 == renamed.returncode, renamed.stdout
    assert 0 == project.pytest().returncode
    assert "renamed from digits: a clearer name" in project.baselines("show", "digits-sgd").stdout
    removed = project.baselines("remove", "digits-sgd", "--reason", "gone")
    assert (0, 2) == (removed.returncode, project.baselines("list").returncode)


def test_the_options_of_the_plugin_do_not_clash_with_a_projects_own(project: Project) -> None:
    options = "".join(
        f"    parser.addoption('--{name}')\n"
        for name in ("data", "seeds", "scale", "report", "arithmetic", "baselines")
    )
    (project.folder / "conftest.py").write_text(f"def pytest_addoption(parser):\n{options}", encoding="utf-8")
    project.write(CHECK)
    project.record()

    assert 0 == project.pytest("--data", "x", "--seeds", "y").returncode


def test_a_test_that_takes_the_gate_and_compares_nothing_does_not_pass(project: Project) -> None:
    project.write("def test_it(gate):\n    pass\n")
    ended = project.pytest()

    assert (1, True) == (ended.returncode, "it compared nothing" in ended.stdout)
