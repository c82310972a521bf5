"""Jobs on another architecture than the client's: what a job judges and reports is of the job's machine."""

from __future__ import annotations

import json
import platform
import shlex
from typing import Any, Dict

import pytest

from mnist_repro.gate.baselines import files
from mnist_repro.gate.baselines.values import BaselineFile
from tests.builders.fugaku_project import FugakuProject
from tests.builders.made_up_baselines import fingerprint

OTHER = "aarch64" if platform.machine() == "x86_64" else "x86_64"
TEST = """
import platform
from mnist_repro.execution.fingerprint import TakenFingerprint

@pytest.mark.fugaku
def test_fingerprint(baseline):
    here = {"machine": platform.machine(), "cpu": "A64FX", "packages": {"scipy": "1.17"}}
    here["platform"] = f"{here['machine']}, TensorFlow 2.21, Keras 3.15"
    baseline.check(TakenFingerprint("vgg7", "mnist", "original", {"steps": 1}, {"loss": 2.0}, here))
"""


@pytest.fixture
def there(project: FugakuProject) -> FugakuProject:
    """A project whose jobs have a Python of another architecture, as far as Python can tell."""
    project.write(TEST)
    project.write('pytest_plugins = ("mnist_repro.pytest_plugin",)', "conftest.py")
    machine = project.path / "machine"
    machine.mkdir()
    (machine / "sitecustomize.py").write_text(
        f"import platform\nplatform.machine = lambda: {OTHER!r}\n", encoding="utf-8"
    )
    project.configure(prologue=f"export PYTHONPATH={shlex.quote(str(project.there / machine.name))}:$PYTHONPATH")
    return project


def store(project: FugakuProject, **losses: float) -> None:
    """The stored fingerprints, by machine."""
    entries = tuple(
        fingerprint(
            {"steps": 1},
            {"loss": loss},
            platform=f"{machine}, TensorFlow 2.21, Keras 3.15",
            provenance={"machine": machine, "cpu": "EPYC", "packages": {"scipy": "1.16"}},
        )
        for machine, loss in losses.items()
    )
    files.write(project.path / "baselines", BaselineFile("vgg7/fingerprint", "fingerprint", entries))


def comparison(project: FugakuProject) -> Dict[str, Any]:
    """What gate.json says of the one comparison."""
    gate = json.loads((project.path / "gate" / "gate.json").read_text(encoding="utf-8"))
    (found,) = gate["subjects"]["vgg7"]["comparisons"]
    return dict(found)


def test_a_job_is_compared_with_what_is_stored_for_its_machine(there: FugakuProject) -> None:
    store(there, **{platform.machine(): 3.0, OTHER: 2.0})

    here, in_job = there.run(), there.send("--gate-report=gate")

    assert ({"failed": 1}, {"passed": 1}) == (here.counts(), in_job.counts()), in_job.out
    assert OTHER == comparison(there)["provenance"]["machine"]


def test_a_job_whose_machine_has_no_fingerprint_says_which_have(there: FugakuProject) -> None:
    store(there, **{platform.machine(): 2.0})

    assert {"skipped": 1} == there.send("-rs", "--gate-report=gate").counts()
    note = (
        f"no fingerprint is stored for {OTHER}, TensorFlow 2.21, Keras 3.15, "
        f"but for {platform.machine()}, TensorFlow 2.21, Keras 3.15: the verdict rests on samples"
    )
    assert [note] == comparison(there)["notes"]


def test_a_difference_in_a_job_comes_with_what_differs_between_the_environments(there: FugakuProject) -> None:
    store(there, **{OTHER: 2.5})

    assert {"failed": 1} == there.send("--gate-report=gate").counts()
    assert ["environment: CPU A64FX, stored EPYC; scipy 1.17, stored 1.16"] == comparison(there)["notes"]
