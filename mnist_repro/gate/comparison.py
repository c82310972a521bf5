"""The `Comparison` that a test made, as a value and as JSON, which processes send to each other."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from mnist_repro.files.json import storable
from mnist_repro.gate.intervals import Interval
from mnist_repro.gate.sentence import parts_of, restored
from mnist_repro.gate.verdicts import Finding, Judgement, Verdict

# The name of a comparison that was announced, with nothing to compare.
NOTHING = "(nothing)"
# The name of the finding where nothing could be measured.
MEASUREMENT = "measurement"
# What is compared. Published figures are compared with stored samples, so that they say nothing about the code.
SAMPLES, FINGERPRINT, CASES, PUBLISHED = "samples", "fingerprint", "cases", "published"

# (title, command) of a step after a verdict that does not pass.
Step = Tuple[str, str]


@dataclass(frozen=True)
class Comparison:
    """What a test measured, and the judgement on it.

    Args:
        name: name of the baseline, such as ``digits-sgd``; names in one folder, ``vgg7/subset``, have one subject.
        kind: ``samples``, ``fingerprint``, ``cases`` or ``published``.
        judgement: a finding for each metric; or no finding but a note, if no verdict can be given.
        conditions: the conditions of the measurement; empty if nothing was measured.
        samples: metric values by seed, as measured.
        provenance: what produced the samples.
        steps: what to type next, if the verdict does not pass.
        taken: the values of a fingerprint, or of cases, so that what CI took can be accepted.
    """

    name: str
    kind: str
    judgement: Judgement
    conditions: Mapping[str, str] = field(default_factory=dict)
    samples: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    taken: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Optional[Verdict]:
        """The worst finding; None if there is no verdict."""
        return self.judgement.verdict if self.judgement.findings else None

    @property
    def passes(self) -> bool:
        """Whether every finding passes; False if there is no verdict."""
        return self.judgement.passes


def subject(name: str) -> str:
    """The subject of a name: ``vgg7`` of ``vgg7/subset``, or the name itself."""
    return name.rpartition("/")[0] or name


def incomparable(name: str, kind: str, what: str, reason: str) -> Comparison:
    """A comparison that could not be made."""
    return Comparison(name, kind, Judgement((Finding(what, Verdict.INCOMPARABLE, reason),)))


def as_fields(checked: Comparison) -> Dict[str, Any]:
    """The JSON form, see docs/reference/gate-json.md; NaN and infinity are stored as words."""
    fields = {
        "name": checked.name,
        "kind": checked.kind,
        "conditions": checked.conditions,
        "verdict": checked.verdict.value if checked.verdict else None,
        "findings": [{**asdict(each), "verdict": each.verdict.value} for each in checked.judgement.findings],
        "notes": list(checked.judgement.notes),
        "sentences": parts_of([*(each.reason for each in checked.judgement.findings), *checked.judgement.notes]),
        "samples": checked.samples,
        "provenance": checked.provenance,
        "steps": [list(step) for step in checked.steps],
        "taken": checked.taken,
    }
    stored: Dict[str, Any] = storable({name: _plain(value) for name, value in fields.items()})
    return stored


def from_fields(fields: Mapping[str, Any]) -> Comparison:
    """The comparison of a JSON form that `as_fields` made."""
    sentences = fields.get("sentences", {})
    notes = tuple(restored(note, sentences) for note in fields["notes"])
    taken = fields.get("taken", {})
    if "close" in taken:
        taken = {**taken, "close": {name: float(value) for name, value in taken["close"].items()}}
    return Comparison(
        name=fields["name"],
        kind=fields["kind"],
        judgement=Judgement(tuple(_finding(each, sentences) for each in fields["findings"]), notes),
        conditions=fields["conditions"],
        samples={
            int(seed): {name: float(value) for name, value in values.items()}
            for seed, values in fields["samples"].items()
        },
        provenance=fields["provenance"],
        steps=tuple((str(title), str(command)) for title, command in fields.get("steps", ())),
        taken=taken,
    )


def _finding(fields: Mapping[str, Any], sentences: Mapping[str, Any]) -> Finding:
    interval = fields["interval"]
    return Finding(
        **{
            **fields,
            "verdict": Verdict(fields["verdict"]),
            "reason": restored(fields["reason"], sentences),
            "interval": Interval(*map(float, interval)) if interval else None,
        }
    )


def _plain(value: Any) -> Any:
    """Convert mappings of every kind to dicts."""
    return {name: _plain(item) for name, item in value.items()} if isinstance(value, Mapping) else value
