"""Formats the results of the power study as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Sequence

from mnist_repro.display import table
from mnist_repro.files.json import json_text
from mnist_repro.gate.comparison import FINGERPRINT
from mnist_repro.gate.resampling import SESSIONS, Drop
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.power.study import Alarm, Result
from mnist_repro.power.table import ACCURACY, COLUMNS, NUM_REGRESSION, OURS, SEEDS, Row, counts

SCHEMA = 2
TITLES = {
    ACCURACY: "|accuracy − published| < 0.005",
    NUM_REGRESSION: "num_regression",
    FINGERPRINT: "fingerprint",
    "subset": "subset samples",
    "full": "full samples",
    OURS: "ours",
}
_CELLS = {True: "caught", False: "–", None: "not run"}


def as_text(result: Result) -> str:
    """All results: table of bugs, false alarms, smallest drops, and the conclusion."""
    sections = [bugs_text(result.rows), alarms_text(result.alarms)]
    if result.false_alarms:
        sections.append(false_alarms_text(result))
    sections += [drops_text(scale, drops) for scale, drops in result.drops.items() if drops]
    return "\n\n".join([*sections, _verdict(result)])


def bugs_text(rows: Sequence[Row]) -> str:
    """The table of bugs, with the columns that catch each bug."""
    lines = [
        [
            row.recipe,
            row.bug or "(no bug)",
            *(_CELLS[row.cells[column].caught] for column in COLUMNS),
            row.cells[OURS].why,
        ]
        for row in rows
    ]
    caught = counts(rows)
    total = ["", "bugs caught", *(f"{some} of {all_}" if all_ else "not run" for some, all_ in caught.values()), ""]
    header = ["recipe", "planted bug", *(TITLES[column] for column in COLUMNS), "what ours says first"]
    return table(header, [*lines, total])


def alarms_text(alarms: Sequence[Alarm]) -> str:
    """The table of fingerprints of unchanged code under other conditions."""
    wrong = [alarm for alarm in alarms if not alarm.judgement.verdict.passes]
    lines = [f"false alarms of fingerprints in fresh processes: {len(wrong)} of {len(alarms)}"]
    rows = [[alarm.recipe, alarm.variant, alarm.judgement.verdict.value, _reason(alarm)] for alarm in alarms]
    return "\n".join([*lines, table(["recipe", "condition", "verdict", "losses"], rows)])


def false_alarms_text(result: Result) -> str:
    """The table with the shares of clean sessions that do not pass."""
    rows = [
        [scale, draw, f"{100.0 * shares['first']:.2f} %", f"{100.0 * shares['auto']:.2f} %"]
        for scale, draws in result.false_alarms.items()
        for draw, shares in draws.items()
    ]
    title = f"clean sessions that do not pass, of {SESSIONS:,} drawn like the stored samples (all recipes and metrics):"
    return f"{title}\n{table(['scale', 'drawn', f'{SEEDS} seeds', '--gate-seeds auto'], rows)}"


def drops_text(scale: str, drops: Sequence[Drop]) -> str:
    """The table with the smallest detected drop of each metric."""
    rows = [
        [
            drop.subject,
            drop.metric.name,
            f"{drop.metric.margin:.3g}",
            f"{drop.at_first:.3g}",
            f"{drop.auto:.3g}",
            f"{100.0 * drop.clean_at_first:.1f} %",
        ]
        for drop in drops
    ]
    header = ["recipe", "metric", "margin", f"{SEEDS} seeds", "--gate-seeds auto", f"clean passes with {SEEDS}"]
    return f"smallest drop seen with 95 % probability, {scale}:\n{table(header, rows)}"


def as_json(result: Result) -> str:
    """All results as JSON."""
    fields = {
        "schema": SCHEMA,
        "passes": result.passes,
        "caught": {column: list(found) for column, found in counts(result.rows).items()},
        "rows": [asdict(row) for row in result.rows],
        "fingerprints_elsewhere": [
            {
                "recipe": alarm.recipe,
                "condition": alarm.variant,
                "verdict": alarm.judgement.verdict.value,
                "reason": _reason(alarm),
            }
            for alarm in result.alarms
        ],
        "false_alarms": result.false_alarms,
        "drops": {
            scale: [
                {
                    "recipe": drop.subject,
                    "metric": drop.metric.name,
                    "margin": drop.metric.margin,
                    "seeds_5": drop.at_first,
                    "seeds_auto": drop.auto,
                    "clean_passes_with_5": drop.clean_at_first,
                }
                for drop in drops
            ]
            for scale, drops in result.drops.items()
        },
    }
    return json_text(fields, ascii_only=False)


def _reason(alarm: Alarm) -> str:
    findings = alarm.judgement.findings
    notable = [each for each in findings if each.verdict is not Verdict.EQUIVALENT] or findings[-1:]
    return f"{notable[0].name}: {notable[0].reason}" if notable else "; ".join(alarm.judgement.notes)


def _verdict(result: Result) -> str:
    missed = [f"{row.bug} on {row.recipe}" for row in result.rows if row.bug and not row.as_expected]
    false = [f"{row.recipe} as it is" for row in result.rows if not row.bug and not row.as_expected]
    false += [f"{each.recipe}, {each.variant}" for each in result.alarms if not each.judgement.verdict.passes]
    lines = [f"{what}: {'; '.join(names)}" for what, names in (("missed", missed), ("false alarm", false)) if names]
    return "\n".join(lines) or "every planted bug is caught, and nothing else"
