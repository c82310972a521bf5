"""Some project on a "laptop", whose tests are sent through ssh to an emulated PJM or a real Slurm."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import pytest

from pjm.remote.machine import project
from tests.builders.fugaku_project import ROOT, FugakuProject
from tests.builders.slurm_project import SlurmProject
from tests.slurm.machine import Running
from tests.ssh.login_node import HOST, LoginNode

_SETTINGS = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from pjm import emulator
faults, settings = json.loads(sys.argv[3])
emulator.environment(Path(sys.argv[2]), settings=settings, faults=faults)
"""
_STOP = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from pjm import emulator
sys.exit(not emulator.stop(Path(sys.argv[2]), 60.0))
"""


class RemoteProject(FugakuProject):
    """A project in a folder that the login node does not see.

    Args:
        name: of its folder, and of the one around it.
        node: the login node.
    """

    def __init__(self, name: Path, node: LoginNode) -> None:
        path = node.laptop / name
        path.parent.mkdir(exist_ok=True)
        super().__init__(path)
        self.node = node
        self.there = node.home / "projects" / name.parent.name / "project"

    @property
    def emulator(self) -> Path:
        return self.there / ".pjm" / "emulator"

    def emulate(self, faults: Optional[Sequence[Dict[str, Any]]] = None, **settings: object) -> None:
        """Set the emulator up, there."""
        marker = json.dumps({"project": project(self.path), "files": {}})
        self.node.run(
            f"mkdir -p '{self.there}/.pjm' && cd '{self.there}/.pjm' && "
            f"[ -f pushed.json ] || echo '{marker}' >pushed.json"
        )
        self._there(_SETTINGS, json.dumps([faults, settings]))

    def needs_same_machine(self, why: str) -> None:
        """Leave out the rest of the test."""
        pytest.skip(f"about jobs of this machine: {why}")

    def environment(self) -> Dict[str, str]:
        """Of its commands: with the ssh that knows the node."""
        variables = super().environment()
        return {**variables, "PATH": f"{self.node.commands}:{variables['PATH']}"}

    def outside(self) -> Dict[str, str]:
        """Have the emulator's commands on PATH there, without the option that emulates."""
        self.emulate()
        self._login_file.write_text(f"export PATH='{self.emulator}/bin':$PATH PJM_EMULATOR='{self.emulator}'\n")
        return {"PYTEST_ADDOPTS": "--fugaku-scheduler=pjm"}  # there may be a Slurm as well

    def words(self, *arguments: str) -> List[str]:
        """The arguments of pytest, with jobs there."""
        if not {"--fugaku", "--fugaku-emulate"} & set(arguments):
            return list(arguments)
        away = [f"--fugaku-host={HOST}", f"--fugaku-remote={self.there}"]
        named = any(word.startswith("--fugaku-python") for word in arguments) or "\nfugaku_python" in self._settings()
        return [*away, *([] if named else [f"--fugaku-python={sys.executable}"]), *arguments]

    def _settings(self) -> str:
        file = self.path / "pytest.ini"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    @property
    def _login_file(self) -> Path:
        return self.node.home / ".bashrc"

    def stop(self) -> None:
        """End what may still run."""
        if self._login_file.exists():
            self._login_file.unlink()
        if self.emulator.is_dir():
            self._there(_STOP)

    def _there(self, code: str, *arguments: str) -> None:
        words = [sys.executable, "-c", code, str(ROOT), str(self.emulator), *arguments]
        done = self.node.run(" ".join(map(shlex.quote, words)))
        assert done.returncode == 0, done


class RemoteSlurmProject(SlurmProject, RemoteProject):
    """The same with a real Slurm there.

    Args:
        name: of its folder.
        node: the login node.
        slurm: the Slurm that runs its jobs.
        commands: the folder with the commands of the Slurm that are on PATH there, of `note_calls`.
    """

    def __init__(self, name: Path, node: LoginNode, slurm: Running, commands: Path) -> None:
        RemoteProject.__init__(self, name, node)
        self.slurm, self.commands = slurm, commands
        (commands / "calls").write_text("")  # those of the test before

    def environment(self) -> Dict[str, str]:
        """Of its commands: with the ssh that knows the node."""
        return RemoteProject.environment(self)

    def words(self, *arguments: str) -> List[str]:
        """The arguments of pytest, with jobs there."""
        return super().words(*RemoteProject.words(self, *arguments))
