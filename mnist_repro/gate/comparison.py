"""One comparison that a test made, with all that a report tells of it; as a value, and as JSON that travels."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Dict, Mapping, Optional

from mnist_repro.files.json import storable
from mnist_repro.gate.intervals import Interval
from mnist_repro.gate.verdicts import Finding, Judgement, Verdict

# What is compared where there are no runs that could say it.
NO_RECIPE = "(no recipe)"


@dataclass(frozen=True)
class Comparison:
    """What a test measured, and what became of it.

    Args:
        rung: ``fingerprint``, ``subset``, ``full`` or ``published``.
        judgement: with a finding for each metric; without any where the rung cannot say anything, and a note does.
        dataset: name of the data; empty where nothing was measured.
        arithmetic: ``original`` or ``framework``; likewise.
        samples: metric values by seed, as measured.
        provenance: what produced them.
        option: what commands need to mean the baselines compared with; see `mnist_repro.gate.baselines.folder`.
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
        """The worst finding; None where the rung says nothing."""
        return self.judgement.verdict if self.judgement.findings else None


def incomparable(recipe: str, rung: str, name: str, reason: str) -> Comparison:
    """A comparison that could not be made."""
    return Comparison(rung, Judgement(recipe, (Finding(rung, name, Verdict.INCOMPARABLE, reason),)))


def as_fields(checked: Comparison) -> Dict[str, Any]:
    """The JSON form, described in docs/reference/gate-json.md; what is not finite is in it as a word."""
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
    """The value of a JSON form made by `as_fields`."""
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
    """Mappings of every kind as dicts."""
    return {name: _plain(item) for name, item in value.items()} if isinstance(value, Mapping) else value
