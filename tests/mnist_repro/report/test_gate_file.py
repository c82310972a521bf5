from __future__ import annotations

from pathlib import Path
from typing import Any, List

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate.report import JSON
from mnist_repro.report import gate_file
from tests.builders.report_scene import Scene, add_gate, edit_gate

COMPARISON = ("subjects", "wheel-softmax", "comparisons", 0)
# No float is as large.
HUGE = 10**400


def nested(depth: int) -> object:
    value: List[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("verdict",), "nonsense", "'nonsense' is no verdict"),
        (("subjects", "wheel-softmax", "verdict"), "passed", "'passed' is no verdict"),
        ((*COMPARISON, "verdict"), ["a"], "['a'] is no verdict"),
        ((*COMPARISON, "verdict"), "good", "'good' is no verdict"),
        ((*COMPARISON, "findings", 0, "interval"), [HUGE, 1], "OverflowError"),
        ((*COMPARISON, "samples"), {"0": {"test_loss after 3 epochs": HUGE}}, "OverflowError"),
        ((*COMPARISON, "provenance"), [1], "AttributeError"),
        (("session", "exit_code"), float("inf"), "OverflowError"),
        (("session", "exit_code"), {"a": 1}, "TypeError"),
        *(((*COMPARISON, "findings", 1, name), {"a": [1]}, f"{name} of finding 1 is no text")
          for name in ("name", "reason", "stored", "measured", "known")),
    ],
)  # fmt: skip
def test_a_gate_report_with_odd_values_is_refused(tmp_path: Path, place: List[Any], value: object, said: str) -> None:
    scene = Scene(tmp_path)
    add_gate(scene)
    edit_gate(scene, place, value)

    with pytest.raises(BadInput) as refused:
        gate_file.read(scene.gate)

    assert f"{scene.gate / JSON} is not a whole gate report" == refused.value.what
    assert said in refused.value.why


@pytest.mark.parametrize("depth", [2, 200])
def test_nested_values_of_the_provenance_are_left_out(tmp_path: Path, depth: int) -> None:
    scene = Scene(tmp_path)
    add_gate(scene)
    edit_gate(scene, (*COMPARISON, "provenance", "cpu"), nested(depth))

    [comparison] = gate_file.read(scene.gate).recipes["wheel-softmax"].comparisons

    assert "x86_64" == comparison.provenance["machine"]
    assert "cpu" not in comparison.provenance


def test_a_gate_report_is_read_from_its_folder_or_file_and_that_beside_the_runs_is_found_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scene = Scene(tmp_path)
    add_gate(scene)

    gate = gate_file.read(scene.gate)

    [comparison] = gate.recipes["wheel-softmax"].comparisons
    assert ("changed", False, "fingerprint") == (gate.verdict, gate.passes, comparison.rung)
    assert gate == gate_file.read(scene.gate / JSON)
    assert Path("gate") / JSON == gate_file.find([tmp_path])
    (tmp_path / JSON).write_text("{}", encoding="utf-8")
    assert tmp_path / JSON == gate_file.find([tmp_path])
