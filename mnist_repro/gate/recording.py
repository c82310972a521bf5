"""Makes the proposal of a baseline from what a test measured, and says what the gate will see."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

from mnist_repro.display import counted
from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import write_text
from mnist_repro.files.environment import commit, cpu, packages
from mnist_repro.files.json import json_text
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import SampleEntry, values_of
from mnist_repro.gate.claims import Claim
from mnist_repro.gate.intervals import standard_deviation
from mnist_repro.gate.margins import MANY_SEEDS, require_spread
from mnist_repro.gate.measured_values import Row, Train, require_alike, row
from mnist_repro.gate.resampling import false_alarms, smallest_drops
from mnist_repro.gate.statistics import AUTO_SEEDS, FEWEST_STORED
from mnist_repro.gate.verdicts import Metric

# A gate that fails more clean sessions than this is not recorded.
MOST_FALSE_ALARMS = 0.5
_SESSIONS = 2000


def provenance(root: Path, place: str = "") -> Dict[str, Any]:
    """What a test of a project computes with, now.

    Args:
        root: top folder of the project.
        place: what else decides about the last bits, such as a device.
    """
    numpy = sys.modules.get("numpy")
    version = ".".join(str(numpy.__version__).split(".")[:2]) if numpy else ""
    machine = platform.machine()
    return {
        "commit": commit(next((each for each in (root, *root.parents) if (each / ".git").exists()), root)),
        "python": platform.python_version(),
        "machine": machine,
        "platform": ", ".join(filter(None, (machine, f"NumPy {version}" if version else "", place))),
        "cpu": cpu(),
        "finished": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "packages": packages(),
    }


@dataclass
class Kept:
    """Runs of a recording, kept in a file until they are proposed, so that a stopped recording goes on.

    Args:
        file: the file; None if runs are not kept.
        state: what the runs depend on; runs of another state are not used.
        runs: metrics by seed.
    """

    file: Optional[Path]
    state: str
    runs: Dict[int, Row] = field(default_factory=dict)

    @classmethod
    def of(cls, baselines: Path, name: str, root: Path, depends: Any) -> Kept:
        """The runs that are kept for a baseline; none if the code of the project cannot be told or has changed."""
        code = _code(root)
        if code is None:
            return cls(None, "")
        state = hashlib.sha256(json.dumps([code, depends], sort_keys=True).encode()).hexdigest()
        file = baseline_files.private_folder(baselines) / f"{name}.json"
        try:
            fields = json.loads(file.read_text(encoding="utf-8"))
            runs: Dict[int, Row] = {int(seed): dict(values) for seed, values in fields["runs"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls(file, state)
        return cls(file, state, runs if fields.get("state") == state else {})

    def add(self, seed: int, values: Row) -> None:
        """Keep a run."""
        self.runs[seed] = values
        if self.file is not None:
            write_text(self.file, json_text({"state": self.state, "runs": self.runs}))

    def forget(self) -> None:
        """Remove the file."""
        if self.file is not None and self.file.exists():
            self.file.unlink()


def _code(root: Path) -> Optional[str]:
    """The state of the project's files, as git sees them: the commit and all changes. None without git."""
    git = ["git", "--no-optional-locks", "-C", str(root)]
    # A new test or module is often not under version control yet. Other new files are not code: the kept runs are one.
    new = ("ls-files", "--others", "--exclude-standard", "-z", "--", "*.py")
    try:
        parts = [
            subprocess.run(
                [*git, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=10, check=True
            ).stdout
            for words in (("rev-parse", "HEAD"), ("diff", "HEAD"), new)
        ]
        parts += [(root / os.fsdecode(name)).read_bytes() for name in parts[2].split(b"\0") if name]
    except (OSError, subprocess.SubprocessError):
        return None
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def make_runs(train: Train, seeds: int, kept: Kept) -> Tuple[Dict[int, Row], bool]:
    """The runs of seeds 0 to ``seeds`` - 1, and whether the first seed gave the same twice.

    Raises:
        BadInput: a run gives no numbers, or other metrics than the first.
    """
    __tracebackhide__ = True
    for seed in range(seeds):
        if seed not in kept.runs:
            kept.add(seed, row(train(seed), f"seed {seed}"))
        require_alike({0: kept.runs[0], seed: kept.runs[seed]}, seed)
    return {seed: kept.runs[seed] for seed in range(seeds)}, row(train(0), "seed 0") == kept.runs[0]


def sample_entry(
    conditions: Mapping[str, str],
    claims: Mapping[str, Claim],
    runs: Mapping[int, Row],
    origin: Mapping[str, Any],
    stored: Optional[SampleEntry],
) -> SampleEntry:
    """The entry to propose for these runs; stored margins stay as they are if the test still claims the same.

    Raises:
        BadInput: there are too few runs, fewer than stored, or values without spread or that are not finite.
    """
    if len(runs) < FEWEST_STORED:
        raise BadInput(
            f"{counted(len(runs), 'seed')} to record",
            f"fewer than {FEWEST_STORED} say too little of their spread",
            f"pytest --gate-record --gate-seeds {MANY_SEEDS}; if the test hands in samples, {FEWEST_STORED} or more",
        )
    lost = sorted(set(stored.samples) - set(runs)) if stored else []
    if stored and lost:
        raise BadInput(
            f"{counted(len(runs), 'seed')} to record, where {len(stored.samples)} are stored",
            "stored samples would be lost, although nothing shows that they are wrong",
            f"hand in the samples of these seeds too: {', '.join(map(str, lost))}",
        )
    metrics = []
    for name, claim in claims.items():
        values = [run[name] for run in runs.values()]
        require_spread(name, dict(zip(runs, values)))
        metrics.append(_kept(name, claim, stored) or claim.recorded(name, values))
    return SampleEntry(conditions, False, tuple(metrics), dict(runs), origin, ())


def _kept(name: str, claim: Claim, stored: Optional[SampleEntry]) -> Optional[Metric]:
    """The stored metric, if the test claims what it says."""
    for metric in stored.metrics if stored is not None else ():
        if stored and metric.name == name and not claim.contradiction(metric, values_of(stored, name)):
            return metric
    return None


def outlook(name: str, entry: SampleEntry) -> List[str]:
    """What the gate of these samples will see, a line for each metric, and how often clean sessions fail.

    Raises:
        BadInput: hardly any clean session would pass.
    """
    alarms = {draw: shares["auto"] for draw, shares in false_alarms({name: entry}, _SESSIONS).items()}
    worst = max(alarms.values())
    drops = smallest_drops(name, entry, _SESSIONS)
    if worst > MOST_FALSE_ALARMS:
        tight = max(entry.metrics, key=lambda metric: -metric.margin / _spread(entry, metric))
        raise BadInput(
            f"{name}: {100.0 * worst:.0f} % of sessions without any change would fail",
            f"the margin of {tight.name}, {tight.margin:.3g}, is {tight.margin / _spread(entry, tight):.1f} standard "
            f"deviations, and {AUTO_SEEDS[-1]} seeds cannot show so little",
            f"a margin of {3.0 * _spread(entry, tight):.2g} or more, or a metric that scatters less",
        )
    lines = [
        f"{drop.metric.name}: margin {drop.metric.margin:.3g} ({drop.metric.reason}); "
        f"stops a {_worse(drop.metric)} of {drop.auto:.3g} with 95 %"
        for drop in drops
    ]
    return [*lines, f"clean sessions that pass: {100.0 * (1.0 - worst):.1f} % with --gate-seeds auto"]


def _worse(metric: Metric) -> str:
    return {"higher": "drop", "lower": "rise", "same": "shift"}[metric.direction]


def _spread(entry: SampleEntry, metric: Metric) -> float:
    return standard_deviation(values_of(entry, metric.name))
