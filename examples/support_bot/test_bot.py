"""The bot must send no fewer messages to the right department than when its baseline was recorded."""

from __future__ import annotations

from bot import answer
from cases import CASES

from mnist_repro.gate import higher

REPEATS = 5


def test_departments(gate) -> None:
    results = {
        name: [answer(case.message, seed) == case.department for seed in range(REPEATS)] for name, case in CASES.items()
    }
    gate.cases(
        "departments",
        results,
        metrics=higher(margin=0.03, reason="three messages in a hundred"),
        conditions={"temperature": 0.7},
    )
