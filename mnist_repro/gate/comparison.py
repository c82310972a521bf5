"""The `Comparison` that a test made, as a value and as JSON, which processes send to each other."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Dict, Mapping, Optional

from mnist_repro.files.json import storable
from mnist_repro.gate.intervals import Interval
from mnist_repro.gate.verdicts import Finding, Judgement, Verdict

# The name of the recipe in a comparison without runs.
NO_RECIPE = "(no recipe)"
# The name of the finding where nothing could be measured.
MEASUREMENT = "measurement"


@dataclass(frozen=True)
class Comparison:
    """What a test measured, and the judgement on it.

    Args:
        rung: ``fingerprint``, ``subset``, ``full`` or ``published``.
        judgement: a finding for each metric; or no finding but a note, if the rung cannot give a verdict.
        dataset: name of the data; empty if nothing was measured.
        arithmetic: ``original`` or ``framework``; empty if nothing was measured.
        samples: metric values by seed, as measured.
        provenance: what produced the samples.
        option: option with which a command uses the same baselines; see `mnist_repro.gate.baselines.folder`.
    """

    rung: str
    judgement: Judgement
    dataset: str = ""
    arithmetic: str = ""
    samples: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    option: str = ""

    @property
    def recipe(self) -> str:
        """Name of the recipe."""
        return self.judgement.recipe

    @property
    def verdict(self) -> Optional[Verdict]:
        """The worst finding; None if the rung gives no verdict."""
        return self.judgement.verdict if self.judgement.findings else None

    @property
    def passes(self) -> bool:
        """Whether every finding passes; False if the rung gives no verdict."""
        return self.judgement.passes


def incomparable(recipe: str, rung: str, name: str, reason: str) -> Comparison:
    """A comparison that could not be made."""
    return Comparison(rung, Judgement(recipe, (Finding(rung, name, Verdict.INCOMPARABLE, reason),)))


def as_fields(checked: Comparison) -> Dict[str, Any]:
    """The JSON form, see docs/reference/gate-json.md; NaN and infinity are stored as words."""
    fields = {
        "recipe": checked.recipe,
        "rung": checked.rung,
        "dataset": checked.dataset,
        "arithmetic": checked.arithmetic,
        "verdict": checked.verdict.value if checked.verdict else None,
        "findings": [_finding_fields(finding) for finding in checked.judgement.findings],
        "notes": list(checked.judgement.notes),
        "samples": checked.samples,
        "provenance": checked.provenance,
        "baselines_option": checked.option,
    }
    stored: Dict[str, Any] = storable({name: _plain(value) for name, value in fields.items()})
    return stored


def from_fields(fields: Mapping[str, Any]) -> Comparison:
    """The comparison of a JSON form that `as_fields` made."""
    return Comparison(
        rung=fields["rung"],
        judgement=Judgement(
            fields["recipe"], tuple(_finding(each) for each in fields["findings"]), tuple(fields["notes"])
        ),
        dataset=fields["dataset"],
        arithmetic=fields["arithmetic"],
        samples={
            int(seed): {name: float(value) for name, value in values.items()}
            for seed, values in fields["samples"].items()
        },
        provenance=fields["provenance"],
        option=str(fields.get("baselines_option", "")),
    )


def _finding_fields(finding: Finding) -> Dict[str, Any]:
    interval = finding.interval
    return {
        **asdict(finding),
        "verdict": finding.verdict.value,
        "interval": [interval.low, interval.high] if interval else None,
    }


def _finding(fields: Mapping[str, Any]) -> Finding:
    interval = fields["interval"]
    return Finding(
        **{
            **fields,
            "verdict": Verdict(fields["verdict"]),
            "interval": Interval(float(interval[0]), float(interval[1])) if interval else None,
        }
    )


def _plain(value: Any) -> Any:
    """Convert mappings of every kind to dicts."""
    return {name: _plain(item) for name, item in value.items()} if isinstance(value, Mapping) else value
