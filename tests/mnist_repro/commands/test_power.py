"""`mnist-repro power`: which bugs there are, and what is refused before anything is measured."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple

import pytest

from tests.builders import made_up_baselines as made
from tests.builders.command_line import run as command


def test_the_list_of_bugs() -> None:
    ended = command("power", "--list", "--recipe", "wheel-softmax")

    assert (0, "") == (ended.code, ended.err)
    assert "epsilon-inside: RMSprop divides by sqrt(v + epsilon), as Keras 3 does (wheel-softmax)" in ended.out
    assert "dropout-off" not in ended.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--bug", "dropout-of"), "unknown bug 'dropout-of'"),
        (("--recipe", "vgg8"), "unknown recipe 'vgg8'"),
        (("--bug", "dropout-off", "--recipe", "vgg7"), "these bugs are planted on other recipes"),
        (("--bugs", "nowhere.py"), "nowhere.py is not there"),
        (("--bugs", "."), ". is no file"),
        (("--bugs", "README.md"), "README.md is no Python file"),
        (("--json", "."), ". is a folder"),
        (("--out", "README.md"), "README.md is not a folder"),
        (("--baselines", "nowhere"), "there is no folder nowhere"),
        (("--processes", "0"), "--processes 0"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: Tuple[str, ...], told: str) -> None:
    ended = command("power", *arguments)

    assert 2 == ended.code
    assert told in ended.err


def test_a_bug_of_unknown_recipes_alone_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bugs.py"
    text = "from mnist_repro.power.bugs import Bug\nBUGS = (Bug('one', 'a bug', {recipes}, lambda: None),)\n"
    for recipes in ("()", "('vgg8',)"):
        file.write_text(text.format(recipes=recipes), encoding="utf-8")
        ended = command("power", "--bugs", file, "--bug", "one")

        assert 2 == ended.code
        assert ended.err.endswith("recipes\n  next: --bugs FILE.py with bugs of your own\n")


def test_without_baselines_nothing_is_measured(tmp_path: Path, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from mnist_repro.execution import workers
    from mnist_repro.power import usual_checks

    monkeypatch.setattr(usual_checks, "require_num_regression", lambda: None)
    here = {**made.HERE, "python": "3.11", "numpy": "2", "cpu": "one"}
    monkeypatch.setattr(workers, "provenance_there", lambda: here)

    ended = command("power", "--quick", "--baselines", tmp_path, "--out", tmp_path / "out", "--data", data)

    assert 2 == ended.code
    assert f"{tmp_path} has no fingerprint of wheel-softmax for" in ended.err
    assert "mnist-repro baseline record wheel-softmax --rung fingerprint" in ended.err
    assert not (tmp_path / "out").exists()
