from __future__ import annotations

import json
import re
from pathlib import Path
from typing import List

from mnist_repro.gate import resampling
from mnist_repro.gate.verdicts import Finding, Judgement, Verdict
from mnist_repro.power import text as power_text
from mnist_repro.power.study import Alarm, Result
from mnist_repro.power.table import Row
from tests.builders import made_up_baselines as made
from tests.builders.made_up_trials import EXACT, judged, trial


def result(*rows: Row, alarm: Verdict = Verdict.EQUIVALENT) -> Result:
    finding = Finding("close values", alarm, "7 values are within 2.0e-06, at most 1.1e-07 apart")
    alarms = (Alarm("wheel-softmax", "two threads", Judgement((finding,))),)
    drops = tuple(resampling.smallest_drops("wheel-softmax", made.samples(paired=True)))
    return Result(rows, alarms, {"subset": {"normal": {"first": 0.5, "auto": 0.01}}}, {"subset": drops})


def rows(tmp_path: Path) -> List[Row]:
    clean = judged(trial(tmp_path / "clean", bug=None))
    fed = judged(trial(tmp_path / "fed", exact={**EXACT, "steps": 8911}))
    return [clean, fed]


def test_the_table_has_every_check_and_every_bug(tmp_path: Path) -> None:
    text = power_text.as_text(result(*rows(tmp_path)))

    table = [re.split(r"\s{2,}", line.strip()) for line in text.partition("\n\n")[0].splitlines()]
    assert ["recipe", "planted bug", *power_text.TITLES.values(), "what ours says first"] == table[0]
    assert ["wheel-softmax", "(no bug)", "not run", "–", "–", "–", "not run", "–"] == table[1]
    assert ["wheel-softmax", "a-bug", "not run", "–", "caught", "–", "not run", "caught"] == table[2][:-1]
    assert ["bugs caught", "not run", "0 of 1", "1 of 1", "0 of 1", "not run", "1 of 1"] == table[3]
    assert "false alarms of fingerprints in fresh processes: 0 of 1" in text
    assert "1.00 %" in text
    assert text.endswith("every planted bug is caught, and nothing else")


def test_what_was_missed_and_what_alarmed_is_said_last(tmp_path: Path) -> None:
    missed = judged(trial(tmp_path / "missed"))
    found = result(missed, alarm=Verdict.CHANGED)

    assert not found.passes
    assert ["missed: a-bug on wheel-softmax", "false alarm: wheel-softmax, two threads"] == power_text.as_text(
        found
    ).splitlines()[-2:]


def test_machines_are_told_the_same(tmp_path: Path) -> None:
    told = json.loads(power_text.as_json(result(*rows(tmp_path))))

    assert (2, True, [1, 1]) == (told["schema"], told["passes"], told["caught"]["fingerprint"])
    assert told["rows"][1]["cells"]["ours"] == {
        "caught": True,
        "why": "changed: steps, the exact values differ from here on",
    }
