"""The fixture's value without a pytest session; tests/end_to_end/examples has whole projects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from mnist_repro.gate import higher, lower
from mnist_repro.gate.baselines.commands import owner
from mnist_repro.gate.baselines.files import accept, find_proposal
from mnist_repro.gate.fixture import Gate, Session
from mnist_repro.gate.session.reports import CHECKED, RECORDED

SKIPPED, FAILED = pytest.skip.Exception, pytest.fail.Exception


class Made:
    """A project with gates, and what their tests noted."""

    def __init__(self, folder: Path, seeds: Tuple[int, ...] = (5, 10)) -> None:
        self.baselines, self.seeds = folder / "baselines", seeds
        self.root = folder
        self.noted: List[Tuple[str, str]] = []
        self.trained: List[int] = []

    def gate(self, record: int = 0, test: str = "test_it.py::test_it") -> Gate:
        self.session = Session(self.root, self.baselines, self.seeds, record)
        return Gate(self.session, test, lambda name, value: self.noted.append((name, value)))

    def train(self, seed: int) -> Dict[str, float]:
        self.trained.append(seed)
        return {"loss": 0.5 + 0.01 * ((seed * 37 + 11) % 17)}

    def accept(self, name: str) -> None:
        found = find_proposal(self.baselines, name, "", owner(self.baselines, name))
        assert found is not None
        accept(self.baselines, found, "2026-01-02", "first")

    def recorded(self, name: str = "it") -> None:
        self.gate(record=16).check(name, self.train, metrics=lower())
        self.accept(name)
        self.noted.clear()
        self.trained.clear()

    def verdict(self) -> Any:
        [text] = [value for name, value in self.noted if name == CHECKED]
        return json.loads(text)["verdict"]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def test_recording_makes_the_first_seed_twice_and_says_what_it_will_see(made: Made) -> None:
    made.gate(record=16).check("it", made.train, metrics=lower())
    [(name, text)] = made.noted

    assert (RECORDED, [*range(16), 0]) == (name, made.trained)
    assert json.loads(text)[-1] == f"  to store it: gate-baselines accept it --baselines {made.baselines} --reason '…'"


def test_five_seeds_and_ten_while_they_cannot_tell(made: Made) -> None:
    made.recorded()
    made.gate().check("it", lambda seed: made.train(seed + 100), metrics=lower())
    assert ("no worse", list(range(100, 105))) == (made.verdict(), made.trained)

    made.noted.clear()
    made.trained.clear()
    with pytest.raises(FAILED, match="inconclusive"):
        made.gate().check("it", lambda seed: {"loss": made.train(seed + 100)["loss"] + 0.14}, metrics=lower())
    assert list(range(100, 110)) == made.trained


def test_a_test_that_runs_again_uses_the_runs_that_it_made(made: Made) -> None:
    made.recorded()
    gate = made.gate()
    gate.check("it", made.train, metrics=lower())
    again = Gate(made.session, "test_it.py::test_it", lambda name, value: None)
    again.check("it", made.train, metrics=lower())

    assert list(range(5)) == made.trained


def test_samples_from_elsewhere_are_looked_at_once(made: Made) -> None:
    made.recorded()
    made.gate().check("it", {seed + 50: made.train(seed + 50) for seed in range(6)}, metrics=lower())

    assert "no worse" == made.verdict()


def test_a_test_that_claims_other_than_what_is_stored_fails(made: Made) -> None:
    made.recorded()
    with pytest.raises(FAILED, match="direction higher in the test, lower stored"):
        made.gate().check("it", made.train, metrics=higher())


def test_a_fingerprint_of_another_platform_is_not_judged(made: Made) -> None:
    made.gate(record=16).fingerprint("values", exact={"steps": 12}, close={"error": 0.25}, platform="device A")
    made.accept("values")
    made.noted.clear()
    with pytest.raises(SKIPPED, match="no fingerprint is stored for"):
        made.gate().fingerprint("values", exact={"steps": 12}, close={"error": 0.25}, platform="device B")
    assert made.verdict() is None


def test_a_platform_is_a_text_of_one_line(made: Made) -> None:
    for platform in ("two\nlines", None):
        with pytest.raises(FAILED, match="platform="):
            made.gate(record=16).fingerprint("values", exact={"steps": 12}, platform=platform)  # type: ignore[arg-type]


def test_a_metric_without_baseline_says_what_to_type(made: Made) -> None:
    made.recorded()
    with pytest.raises(FAILED, match="stored for it; to make one: pytest --gate-record test_it"):
        made.gate().check("it", lambda seed: {**made.train(seed), "new": 1.0}, metrics={"loss": lower()})


def test_cases_need_a_margin_when_they_are_recorded(made: Made) -> None:
    cases = {f"case-{at}": at % 3 > 0 for at in range(30)}
    with pytest.raises(FAILED, match="no margin for value"):
        made.gate(record=16).cases("bot", cases, metrics=higher())
    two = {case: {"a": right, "b": right} for case, right in cases.items()}
    with pytest.raises(FAILED, match=r"next: metrics=\{…, 'b': lower\(margin=0.05\)\}"):
        made.gate(record=16).cases("bot", two, metrics={"a": higher(margin=0.1), "b": lower()})


def test_a_test_is_named_as_it_is_typed_where_pytest_was_started(tmp_path: Path) -> None:
    test = "tests/test_it.py::test_it[a/b]"
    for start, typed in ((tmp_path, test), (tmp_path / "tests", "test_it.py::test_it[a/b]"), (None, test)):
        assert typed == Session(tmp_path, tmp_path / "baselines", (5,), start=start).typed(test)


def test_a_test_on_another_drive_than_the_one_where_pytest_was_started_has_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, start: str) -> str:
        raise ValueError(f"{path} is not on the drive of {start}")

    monkeypatch.setattr("os.path.relpath", refuse)
    session = Session(tmp_path, tmp_path / "baselines", (5,), start=tmp_path / "elsewhere")

    assert f"{tmp_path / 'test_it.py'}::test_it" == session.typed("test_it.py::test_it")


def test_a_test_that_uses_a_name_twice_is_given_another_name(made: Made) -> None:
    made.recorded()
    gate = made.gate()
    gate.check("it", made.train, metrics=lower())
    with pytest.raises(FAILED, match='next: another name, such as "it-2"'):
        gate.check("it", made.train, metrics=lower())


def test_a_recording_that_cannot_be_proposed_is_refused_before_anything_runs(made: Made) -> None:
    made.baselines.write_text("a file, and no folder")

    with pytest.raises(FAILED, match="baselines is not a folder"):
        made.gate(record=16).check("it", made.train)

    assert [] == made.trained
