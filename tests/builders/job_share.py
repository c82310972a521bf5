"""A share of a job, run by the job's own program in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence

from pjm.job.assignment import FOLDER, PATH, SHARE, events_file, write_document
from pjm.job.events import Event, Tail
from pjm.job.share_events import Reading
from tests.builders.fugaku_project import ROOT, Ran, environment
from tests.builders.processes import PATIENCE

START = "import sys\nfrom pjm.job.worker import main\nsys.exit(main())"


@dataclass(frozen=True)
class JobShare:
    """A share with tests of one file."""

    folder: Path

    def write(
        self,
        text: str,
        tests: Sequence[str],
        path: bool = False,
        ranks: Optional[int] = None,
        mpiexec: Sequence[str] = (),
        gate: str = "files",
        grace: float = 3.0,
    ) -> None:
        (self.folder / "test_it.py").write_text(text)
        (self.folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
        share = {"tests": [f"test_it.py::{name}" for name in tests], "files": [str(self.folder / "test_it.py")]}
        common = {
            "arguments": [],
            "places": ["test_it.py"],
            "artifacts": str(self.folder / "artifacts"),
            "environment": {"CI": "1"},
            "mpiexec": list(mpiexec),
            "gate": gate,
        }
        document = {
            "shares": [{**share, "resources": {"env": [], "nodes": 1, "ranks": ranks}}],
            "worker": {**common, "path": path, "junit": "xunit2", "grace": grace},
        }
        write_document(self.folder, document)

    def run(self) -> Ran:
        """Run the program to its end."""
        ours = {FOLDER: str(self.folder), SHARE: "0", PATH: str(ROOT), "BUILD_NUMBER": "3"}
        done = subprocess.run(
            [sys.executable, "-c", START],
            cwd=self.folder,
            env={**environment(), **ours},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
        return Ran(done.returncode, done.stdout)

    def events(self, kind: str = "") -> List[Event]:
        """All events, or those of a kind."""
        return [event for event in Tail(events_file(self.folder, 0)).read() if kind in ("", event["event"])]

    def done(self) -> Dict[str, bool]:
        """The tests that are done, and whether they passed."""
        reading = Reading()
        reading.take(self.events())
        return {test.partition("::test_")[2]: passed for test, passed in reading.done.items()}
