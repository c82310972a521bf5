"""Some project whose tests are sent to an emulated PJM, run with pytest in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

from pjm import emulator
from pjm.emulator import Call
from tests.builders.processes import PATIENCE, until

ROOT = Path(__file__).resolve().parents[2]

# In jobs of their own, because their limits differ.
FAILS_BESIDE_A_SLOW_ONE = """
@pytest.mark.fugaku
def test_fails():
    assert False

@pytest.mark.fugaku(elapse="00:20:00")
def test_is_slow():
    time.sleep(600)
"""


@dataclass(frozen=True)
class Ran:
    """What a run of pytest left.

    Attributes:
        code: exit code.
        out: both streams.
    """

    code: int
    out: str

    def counts(self) -> Dict[str, int]:
        """Of the last line: {"passed": 3, "failed": 1}."""
        last = [line for line in self.out.splitlines() if re.search(r"\d+ (passed|failed|error|skipped)", line)][-1]
        return {word.rstrip("s") if word == "errors" else word: int(n) for n, word in re.findall(r"(\d+) (\w+)", last)}


class FugakuProject:
    """A project with tests in `path`, and an emulator in its working folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.there = path  # as jobs see it
        self.path.mkdir(exist_ok=True)

    @property
    def workdir(self) -> Path:
        return self.path / ".pjm"

    @property
    def emulator(self) -> Path:
        return self.workdir / "emulator"

    def write(self, text: str, name: str = "test_it.py") -> None:
        (self.path / name).write_text(f"import os, signal, sys, time\nimport pytest\n\n{text}", encoding="utf-8")

    def configure(self, **settings: object) -> None:
        """Set fugaku_NAME in the project's configuration."""
        lines = ["[pytest]", *(f"fugaku_{name} = {value}" for name, value in settings.items())]
        (self.path / "pytest.ini").write_text("\n".join(lines), encoding="utf-8")

    def emulate(self, faults: Optional[Sequence[Dict[str, Any]]] = None, **settings: object) -> None:
        """Set the emulator up."""
        self.workdir.mkdir(mode=0o700, exist_ok=True)
        emulator.environment(self.emulator, settings=settings, faults=faults)

    def slow_submission(self) -> Callable[[], object]:
        """Have the next submission take three seconds before the batch system has it. Return whether it has begun."""
        self.emulate([{"fault": "delay", "command": "pjsub", "seconds": 3, "when": "before", "times": 1}])
        return lambda: self.calls("pjsub")

    def needs_emulator(self, why: str) -> None:
        """Leave out the rest of a test where jobs run elsewhere."""

    def needs_same_machine(self, why: str) -> None:
        """Leave out the rest of a test where jobs are submitted on another machine."""

    def environment(self) -> Dict[str, str]:
        """Of its commands."""
        return environment()

    def outside(self) -> Dict[str, str]:
        """Have the emulator's commands as a login node has PJM's, without the option that emulates.

        Returns:
            Variables for the commands of the project.
        """
        self.emulate()
        return {"PATH": f"{self.emulator / 'bin'}:{self.environment()['PATH']}", "PJM_EMULATOR": str(self.emulator)}

    def words(self, *arguments: str) -> List[str]:
        """The arguments of pytest that do with this batch system what these do with an emulator on this machine."""
        return list(arguments)

    def start(self, *arguments: str, python: str = sys.executable, **variables: str) -> subprocess.Popen[str]:
        """Start pytest with our plugin."""
        return self._start(python, ["-p", "pjm.plugin", *self.words(*arguments)], variables)

    def run_without_plugin(self, *arguments: str, **variables: str) -> Ran:
        """Run pytest to its end, with what its arguments or a conftest.py load."""
        process = self._start(sys.executable, arguments, variables)
        out, _ = process.communicate(timeout=600)
        return Ran(process.returncode, out)

    def _start(self, python: str, arguments: Sequence[str], variables: Dict[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [python, "-m", "pytest", *arguments],
            cwd=self.path,
            env={**self.environment(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )

    def run(self, *arguments: str, python: str = sys.executable, **variables: str) -> Ran:
        """Run pytest with our plugin to its end."""
        process = self.start(*arguments, python=python, **variables)
        out, _ = process.communicate(timeout=600)
        return Ran(process.returncode, out)

    def send(self, *arguments: str, **variables: str) -> Ran:
        """Run marked tests as jobs."""
        return self.run("--fugaku", "--fugaku-emulate", *arguments, **variables)

    def calls(self, command: str) -> List[Call]:
        """What the emulator was asked."""
        return emulator.calls(self.emulator, command)

    def submissions(self) -> List[Call]:
        """The jobs that were handed over."""
        return [call for call in self.calls("pjsub") if "--help" not in call.argv]

    def waited_there(self) -> bool:
        """Whether the batch system was told which jobs wait for others, for all that was submitted."""
        return all("--step" in call.argv for call in self.submissions())

    def running(self) -> List[str]:
        """The jobs that have not ended."""
        ended = ("EXT", "CCL", "RJT")
        return [job.id for job in emulator.jobs(self.emulator) if job.state not in ended]

    def wait_for_end(self) -> None:
        """Wait until all jobs have ended."""
        until(lambda: not self.running())

    def stop(self) -> None:
        """End what may still run."""
        if self.emulator.is_dir():
            assert emulator.stop(self.emulator, PATIENCE)

    def session(self) -> Path:
        """The folder of the one session that there is."""
        (folder,) = (each for each in self.workdir.iterdir() if (each / "session.json").exists())
        return folder

    def live(self) -> Dict[str, Any]:
        """jobs.json."""
        document: Dict[str, Any] = json.loads((self.session() / "jobs.json").read_text(encoding="utf-8"))
        return document


def environment() -> Dict[str, str]:
    """Of such a run: our code from the checkout, and no plugin but what is named."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PJM_", "COV_", "TOX_"))
    }
    # Plugins of others would make each of these runs slower.
    return {**kept, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def shown(project: FugakuProject) -> str:
    """What `pjm show` says of the project's latest session."""
    command = [sys.executable, "-m", "pjm", "show"]
    variables = project.environment()
    return subprocess.run(
        command, cwd=project.path, env=variables, capture_output=True, text=True, timeout=PATIENCE, check=True
    ).stdout
