"""What goes wrong in a batch system: what the user sees, whether it is tried again, that nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Tuple

import pytest

from pjm_plugin.fugaku_project import FugakuProject, Ran


@dataclass(frozen=True)
class Case:
    """One fault, one job.

    Attributes:
        fault: for the emulator, without the job.
        body: of the test that the job runs.
        passes: in the end.
        jobs: how many were submitted for it.
        words: what its report says.
    """

    fault: Dict[str, Any]
    body: str = "pass"
    passes: bool = True
    jobs: int = 1
    words: Tuple[str, ...] = ()


RUNNING = "this test was running, in its call phase"

# Each runs in a job of its own, made different from the others by its number of nodes.
CASES = {
    "rejected": Case({"fault": "reject"}, passes=False, words=("PC 2",)),
    "stuck": Case({"fault": "gate-check"}, passes=False, words=("GATE CHECK",)),
    "vanished": Case({"fault": "vanish", "when": "running"}, "time.sleep(0.3)", jobs=2),
    "node_down": Case({"fault": "node-down", "after": 0.3}, "time.sleep(1)", jobs=1),
    "preempted": Case({"fault": "preempt", "after": 0.3}, "time.sleep(1)", jobs=2),
    "memory": Case({"fault": "out-of-memory", "after": 3}, "time.sleep(60)", False, words=("memory", RUNNING)),
    "elapse": Case({"fault": "elapse", "after": 3}, "time.sleep(60)", False, words=("elapse limit", "PC 11", RUNNING)),
    "late_files": Case({"fault": "late-files", "seconds": 0.3}),
    "gap": Case({"fault": "gap", "seconds": 0.5}),
    "late": Case({"fault": "late", "seconds": 0.5}),
    "disk_full": Case({"fault": "disk-full", "bytes": 600}, passes=False, words=("cannot be written",)),
    "truncated": Case({"fault": "truncate", "files": ["*.jsonl"], "drop": 400}),
}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Tuple[FugakuProject, Ran]:
    """All of them in one session."""
    project = FugakuProject(tmp_path_factory.mktemp("faults") / "project")
    tests = [
        f"@pytest.mark.fugaku(nodes={nodes})\ndef test_{name}():\n    {case.body}\n"
        for nodes, (name, case) in enumerate(CASES.items(), 1)
    ]
    project.write("\n\n".join(tests))
    faults = [{"times": 1, **case.fault, "job": f"*-0-{number}"} for number, case in enumerate(CASES.values())]
    banner = {"fault": "banner", "text": "Welcome to Fugaku\n", "command": "*"}
    project.emulate([*faults, banner, {"fault": "loading", "every": 3}, {"fault": "0290", "every": 7}], nodes=99)
    (project.path / "pytest.ini").write_text("[pytest]\nfugaku_grace = 2\n")
    ran = project.send("-v")
    project.stop()
    return project, ran


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_survived_or_explained(faulty: Tuple[FugakuProject, Ran], name: str) -> None:
    project, ran = faulty
    case = CASES[name]
    submitted = [record for record in project.live()["jobs"] if f"test_it.py::test_{name}" in record["tests"]]
    report = ran.out.partition(f" test_{name} ___")[2].partition("\n____")[0]

    assert case.passes == (f"::test_{name} PASSED" in ran.out), ran.out
    assert case.jobs == len(submitted), ran.out
    for words in case.words:
        assert words in report
    if not case.passes:
        for words in ("next: ", "job's stdout (last 30 lines)", "job's stderr (last 30 lines)", "script-0.sh"):
            assert words in report


def test_each_test_has_one_result(faulty: Tuple[FugakuProject, Ran]) -> None:
    counts = faulty[1].counts()

    passing = sum(case.passes for case in CASES.values())
    assert (passing, len(CASES) - passing) == (counts["passed"], counts.get("failed", 0) + counts.get("error", 0))
