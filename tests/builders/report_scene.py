"""A project's folder with runs, baselines, a gate report and jobs that nobody made, for tests of the page."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, Sequence

from mnist_repro.data.dataset import Dataset
from mnist_repro.gate import comparison as checked
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.judge import judge_fingerprint
from mnist_repro.gate.baselines.values import accepted
from mnist_repro.gate.comparison import FINGERPRINT, Comparison
from mnist_repro.gate.markdown import write
from mnist_repro.gate.report import Report, ReportEntry, Session
from mnist_repro.harness.tolerances import taken_entry
from mnist_repro.runs import baselines, run_json
from mnist_repro.runs.log import Line
from mnist_repro.runs.run import Run
from tests.builders import gate_cases, made_up, made_up_baselines

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'`{{7*7}}</pre>"


@dataclass(frozen=True)
class Scene:
    """A folder that `mnist-repro report` can be run on."""

    root: Path
    session: str = "20260102-030405-0a1b"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def baselines(self) -> Path:
        return self.root / "baselines"

    @property
    def gate(self) -> Path:
        return self.root / "gate"

    @property
    def jobs(self) -> Path:
        return self.root / ".pjm" / self.session

    def add(self, run: Run, name: str = "") -> Path:
        """Write a run; its folder."""
        folder = self.runs / run.recipe / (name or f"seed-{run.seed}")
        folder.mkdir(parents=True, exist_ok=True)
        run_json.write(run, folder)
        return folder

    def arguments(self, *more: object) -> List[object]:
        """What to give `mnist-repro` to make the page of this folder."""
        told = ("report", self.runs, "--baselines", self.baselines, "--gate", self.gate, "--jobs", self.jobs)
        return [*told, "--out", self.root / "page", *more]


def run(seed: int, loss: float = 0.05, data: Dataset | None = None, **changes: Any) -> Run:
    """A sound run, with curves, of data that is at hand if it is given."""
    made = made_up_baselines.run(seed, loss, **changes)
    lines = tuple(Line(after, loss + 1.0 / after, 0.9, loss, 1.0 - loss) for after in (1, 2, 3))
    named = made.dataset if data is None else {"name": data.name, "sha256": data.sha256, "source": data.source}
    return replace(made, log=lines, dataset=named)


def wheel(root: Path, data: Dataset | None = None, seeds: int = 3) -> Scene:
    """Subset runs of wheel-softmax that agree with their baseline."""
    scene = Scene(root)
    for seed, loss in enumerate(made_up_baselines.SPREAD[:seeds]):
        scene.add(run(seed, loss, data))
    baseline_files.write(scene.baselines, made_up_baselines.subset())
    return scene


def add_history(scene: Scene, reason: str) -> None:
    """A change of the stored losses, accepted for this reason."""
    stored = baselines.read(scene.baselines, "wheel-softmax", "subset")
    moved = made_up_baselines.samples([loss + 0.25 for loss in made_up_baselines.SPREAD])
    proposed = replace(stored, entries=(moved,))
    baseline_files.write(scene.baselines, accepted(stored, proposed, "2026-03-04T05:06:07+00:00", reason))


def add_gate(
    scene: Scene, test: str = "test_it.py::test_wheel", reason: str = "", failures: Sequence[str] = ()
) -> None:
    """A session whose fingerprint has changed."""
    taken = gate_cases.fingerprint("wheel-softmax", {**gate_cases.LOSSES, "loss of step 2": 2.5})
    stored = gate_cases.stored_fingerprint("wheel-softmax")
    judgement = judge_fingerprint(stored, taken_entry(taken))
    found = Comparison(stored.name, FINGERPRINT, judgement, made_up_baselines.CONDITIONS, {}, taken.provenance)
    settings = {"seeds": "5", "scale": "subset", "arithmetic": "original"}
    session = Session(settings, "2026-01-02T03:04:05+00:00", {"pytest": "8.3"}, "2026-01-02", 1, True)
    entry = ReportEntry(test, "failed", stored.name, FINGERPRINT, found, reason)
    write(Report(session, (entry,), tuple(failures)), scene.gate)
    assert checked.as_fields(found)["verdict"] == "changed"


def edit_gate(scene: Scene, place: Any, value: object) -> None:
    """Set one value in the gate report."""
    file = scene.gate / "gate.json"
    fields = json.loads(file.read_text(encoding="utf-8"))
    inner = fields
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    file.write_text(json.dumps(fields), encoding="utf-8")


def job(name: str = "pytest-0", **changes: Any) -> Dict[str, Any]:
    """A part of a job, as jobs.json has it."""
    return {
        "name": name,
        "part": 0,
        "id": "4711",
        "state": "closed",
        "outcome": None,
        "tests": ["test_it.py::test_wheel"],
        "retry": False,
        "nodes": 1,
        "elapse_limit_seconds": 600,
        "submitted": 1767323045.0,
        "started": 1767323055.0,
        "queued_seconds": 10.0,
        "ran_seconds": 36.0,
        "node_hours_used": 0.01,
        "node_hours_requested": 0.25,
        **changes,
    }


def add_jobs(scene: Scene, *jobs: Dict[str, Any], schema: int = 1) -> None:
    """A session of jobs."""
    scene.jobs.mkdir(parents=True, exist_ok=True)
    document = {"schema": schema, "session": scene.jobs.name, "time": 1767323145.0, "jobs": list(jobs)}
    (scene.jobs / "jobs.json").write_text(json.dumps(document), encoding="utf-8")


def whole(root: Path, data: Dataset | None = None) -> Scene:
    """One of everything."""
    scene = wheel(root, data)
    add_history(scene, "a better reason")
    add_gate(scene)
    add_jobs(scene, job())
    return scene


def not_mnist(made: Run) -> Run:
    return replace(made, dataset={"name": "unrecognised", "sha256": "beef" * 16, "source": "elsewhere"})


__all__ = ["HOSTILE", "Scene", "add_gate", "add_history", "add_jobs", "job", "made_up", "not_mnist"]
