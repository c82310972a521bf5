"""`mnist-repro baseline record`: what it refuses before the work, and its exit code after it."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, List

import pytest

from mnist_repro.data import locate
from mnist_repro.errors import BadInput
from mnist_repro.execution.components import Assignment
from mnist_repro.execution.workers import RunFailedError, Task
from mnist_repro.harness.recorder import Recorder
from mnist_repro.recipes import find
from tests.builders import made_up
from tests.builders.baseline_command import baseline, message
from tests.builders.command_line import Ended
from tests.builders.mnist_files import write_folder

pytestmark = pytest.mark.usefixtures("outside_ci")

WHEEL = "wheel-softmax"
TASK = Task(Assignment(find(WHEEL), 1, "subset"), "surrogate", Path("seed-1"))
DIED = RunFailedError("the process died", "it was killed", "run it again")
MISLED = BadInput("there is no such data", "it was named", "name another")


def test_baselines_in_a_place_that_is_no_folder_are_refused(tmp_path: Path, data: str) -> None:
    place = tmp_path / "file"
    place.write_text("", encoding="ascii")
    parts = message(baseline("record", place, WHEEL, "--data", data), tmp_path)

    assert ["DIR/file is not a folder", "DIR/file must be one", "name another folder"] == parts


@pytest.mark.parametrize("option", ["--seeds", "--processes"])
def test_numbers_are_positive(option: str, tmp_path: Path) -> None:
    assert f"{option} 0" == message(baseline("record", tmp_path, WHEEL, option, 0), tmp_path)[0]


def test_data_that_is_neither_mnist_nor_the_surrogate_has_no_baseline(tmp_path: Path) -> None:
    (tmp_path / "black").mkdir()
    ended = baseline("record", tmp_path / "baselines", WHEEL, "--data", write_folder(tmp_path / "black"))

    assert 2 == ended.code
    assert "is neither MNIST nor the surrogate\n  why: baselines are stored under the name of a dataset" in ended.err


def recorded(monkeypatch: pytest.MonkeyPatch, folder: Path, outcome: Callable[[], Dict[Task, BadInput]]) -> Ended:
    """Record two rungs: the fingerprint is proposed, and the subset ends with ``outcome``."""
    monkeypatch.setattr(locate, "load", lambda request: made_up.dataset("mnist"))
    monkeypatch.setattr(Recorder, "fingerprint", lambda self, recipe: self.say(PROPOSED))
    monkeypatch.setattr(Recorder, "samples", lambda self, recipe, rung, seeds: outcome())
    return baseline("record", folder, WHEEL)


PROPOSED = "wheel-softmax fingerprint: proposed in fingerprint.proposed.yml"
NOTHING = "wheel-softmax subset: nothing is proposed; the same command makes the runs that failed, and no others"


@pytest.mark.parametrize(
    ("outcome", "code", "out", "err"),
    [
        ({}, 0, [], ""),
        ({TASK: DIED}, 1, [NOTHING], f"mnist-repro: wheel-softmax subset, seed 1: {DIED}\n"),
        ({TASK: MISLED}, 2, [NOTHING], f"mnist-repro: wheel-softmax subset, seed 1: {MISLED}\n"),
    ],
)
def test_the_worst_rung_decides_the_exit_code(
    outcome: Dict[Task, BadInput], code: int, out: List[str], err: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = recorded(monkeypatch, tmp_path, lambda: outcome)

    assert (code, [PROPOSED, *out], err) == (ended.code, ended.out.splitlines()[1:], ended.err)


def test_bad_input_of_one_rung_is_said_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Dict[Task, BadInput]:
        raise BadInput("a", "b", "c")

    ended = recorded(monkeypatch, tmp_path, refuse)

    assert (2, [PROPOSED], "mnist-repro: wheel-softmax subset: a\n  why: b\n  next: c\n") == (
        ended.code,
        ended.out.splitlines()[1:],
        ended.err,
    )
