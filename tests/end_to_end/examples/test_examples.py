"""The projects of `examples/` as their users have them: green as they are, red with a bug, green after tidying up.

`tox run -e examples`, which has scikit-learn for the one that needs it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List

import pytest

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
# What belongs to the session that runs this test.
_OURS = ("PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_PLUGINS")


@dataclass(frozen=True)
class Edit:
    """A change of one place of the source.

    Args:
        project: folder of the example.
        file: its file.
        before: what stands there once.
        after: what is to stand there.
        verdicts: the verdict of each gate afterwards.
    """

    project: str
    file: str
    before: str
    after: str
    verdicts: Dict[str, str]


BUGS = {
    "pixels-not-scaled": Edit(
        "digits_classifier", "digits.py", "return images / 16.0", "return images", {"digits-sgd": "regressed"}
    ),
    "too-much-regularisation": Edit(
        "digits_classifier", "digits.py", "alpha=1e-3", "alpha=1e-1", {"digits-sgd": "regressed"}
    ),
    "capital-letters": Edit(
        "support_bot", "bot.py", "message.lower().split()", "message.split()", {"departments": "regressed"}
    ),
    "too-hot": Edit("support_bot", "bot.py", "TEMPERATURE = 0.7", "TEMPERATURE = 1.5", {"departments": "regressed"}),
    "steepest-descent": Edit(
        "poisson_solver",
        "poisson.py",
        "direction = residual + square / before * direction",
        "direction = residual.copy()",
        {"two-sources-31": "changed", "two-sources-63": "changed"},
    ),
    "half-a-step-off": Edit(
        "poisson_solver",
        "poisson.py",
        "np.linspace(0.0, 1.0, points + 2)[1:-1]",
        "np.linspace(0.0, 1.0, points)",
        {"two-sources-31": "changed", "two-sources-63": "changed"},
    ),
}
CLEAN = {
    "digits": Edit(
        "digits_classifier",
        "digits.py",
        "return images / 16.0",
        "return np.multiply(images, 0.0625)",
        # 1/16 is a power of two, so that all bits stay.
        {"digits-sgd": "equivalent"},
    ),
    "bot": Edit(
        "support_bot",
        "bot.py",
        "scores[department] = sum(weights.get(word, 0.0) for word in words) + chance.gauss(0.0, TEMPERATURE)",
        "known = [weights[word] for word in words if word in weights]\n"
        "        scores[department] = sum(known) + chance.gauss(0.0, TEMPERATURE)",
        {"departments": "no worse"},
    ),
    # Another order of additions, hence other last bits.
    "solver": Edit(
        "poisson_solver",
        "poisson.py",
        "neighbours = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]",
        "neighbours = (padded[1:-1, 2:] + padded[1:-1, :-2]) + (padded[2:, 1:-1] + padded[:-2, 1:-1])",
        {"two-sources-31": "equivalent", "two-sources-63": "equivalent"},
    ),
}


def copied(folder: Path, project: str) -> Path:
    left_out = shutil.ignore_patterns("__pycache__", ".pytest_cache", ".recording")
    return Path(shutil.copytree(EXAMPLES / project, folder / project, ignore=left_out))


def suite(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "--gate-report=gate", *arguments],
        cwd=project,
        env={name: value for name, value in os.environ.items() if name not in _OURS},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )


def verdicts(project: Path) -> Dict[str, str]:
    """The verdict on each baseline, as gate.json has it."""
    fields = json.loads((project / "gate" / "gate.json").read_text(encoding="utf-8"))
    made: List[Dict[str, str]] = [each for subject in fields["subjects"].values() for each in subject["comparisons"]]
    return {each["name"]: each["verdict"] for each in made}


def edited(folder: Path, edit: Edit) -> Path:
    project = copied(folder, edit.project)
    source = project / edit.file
    text = source.read_text(encoding="utf-8")
    assert 1 == text.count(edit.before)
    source.write_text(text.replace(edit.before, edit.after), encoding="utf-8")
    return project


@pytest.mark.parametrize("name", sorted(each.name for each in EXAMPLES.iterdir() if each.is_dir()))
def test_an_example_passes_and_uses_all_of_its_baselines(tmp_path: Path, name: str) -> None:
    project = copied(tmp_path, name)

    ended = suite(project)

    assert 0 == ended.returncode, ended.stdout
    assert "skipped" not in ended.stdout
    assert {file.stem for file in (project / "baselines").glob("*.yml")} == set(verdicts(project))
    assert {"no worse", "equivalent"} >= set(verdicts(project).values())


@pytest.mark.parametrize("bug", sorted(BUGS))
def test_a_planted_bug_is_caught(tmp_path: Path, bug: str) -> None:
    project = edited(tmp_path, BUGS[bug])

    ended = suite(project)

    assert 1 == ended.returncode, ended.stdout
    assert BUGS[bug].verdicts == verdicts(project), ended.stdout


@pytest.mark.parametrize("change", sorted(CLEAN))
def test_a_clean_change_passes(tmp_path: Path, change: str) -> None:
    project = edited(tmp_path, CLEAN[change])

    ended = suite(project)

    assert 0 == ended.returncode, ended.stdout
    assert CLEAN[change].verdicts == verdicts(project)
