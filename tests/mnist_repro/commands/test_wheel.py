"""`mnist-repro wheel`: what it writes where, and what it refuses."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Tuple

import pytest

from mnist_repro.data import places
from tests.builders.command_line import ends_with_one_message, listed, run, run_alone
from tests.builders.wheel_format import complaints, contents, import_archive, read

BASELINES = Path(__file__).resolve().parents[3] / "baselines"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(places.VARIABLE, raising=False)
    return tmp_path


def script(folder: str = "mnist.wheel/train") -> str:
    return Path(folder, "run.sh").read_text(encoding="utf-8")


def test_the_tutorial_is_the_default() -> None:
    ended = run("wheel", "mnist.wheel")

    said = f"mnist.wheel: open it in WHEEL; its jobs run {sys.executable} on the host 'fugaku', data mnist\n"
    assert (0, said, "") == (ended.code, ended.out, ended.err)
    assert ([], ["mnist.wheel"]) == (complaints(Path("mnist.wheel")), listed(Path()))
    assert f"\npython={sys.executable}\n" in script()
    assert "train wheel-softmax --seed 0 --scale full --arithmetic original \\\n    --data mnist --out ." in script()


def test_every_option_comes_to_the_job(here: Path) -> None:
    words = ("--recipe", "vgg7", "--scale", "subset", "--arithmetic", "framework", "--data", "digits", "--host", "here")
    more = ("--group", "hp000000", "--gfscache", "/vol0004:/vol0006", "--python", "/opt/a b/bin/python")
    assert 0 == run("wheel", "mine.wheel", *words, *more).code

    assert "here" == read(Path("mine.wheel/estimate/cmp.wheel.json"))["host"]
    told = script("mine.wheel/train")
    for line in (
        "#PJM -g hp000000",
        "#PJM -x PJM_LLIO_GFSCACHE=/vol0004:/vol0006",
        "python='/opt/a b/bin/python'",
        '"$python" -m mnist_repro train vgg7 --seed 0 --scale subset --arithmetic framework \\',
        f"    --data {here / 'digits'} --out .",
    ):
        assert line in told.splitlines()


def test_data_that_the_variable_names_here_comes_along(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.VARIABLE, "digits")
    run("wheel", "mnist.wheel")

    assert f"--data {here / 'digits'} --out ." in script()


def test_two_exports_of_the_same_are_the_same_files(here: Path) -> None:
    for folder in ("first", "second"):
        assert 0 == run("wheel", f"{folder}/mnist.wheel", "--archive", "--seeds", 3, "--baselines", BASELINES).code

    assert contents(here / "first" / "mnist.wheel") == contents(here / "second" / "mnist.wheel")
    assert contents(here / "first" / "mnist.wheel") == contents(import_archive(here / "first/mnist.tgz", here / "in"))


def test_the_judge_has_the_stored_runs(here: Path) -> None:
    run("wheel", "mnist.wheel", "--seeds", 2, "--scale", "subset", "--baselines", BASELINES)

    copy = Path("mnist.wheel/judge/baselines/wheel-softmax/subset.yml")
    assert (BASELINES / "wheel-softmax" / "subset.yml").read_bytes() == copy.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("mnist",), "mnist is no name of a project\n"),
        (("my mnist.wheel",), "my mnist.wheel is no name of a project\n"),
        ((".wheel",), ".wheel is no name of a project\n"),
        (("there.wheel",), "there.wheel is there already\n"),
        (("a.wheel", "--recipe", "wheel-sofmax"), "unknown recipe 'wheel-sofmax'\n"),
        (("a.wheel", "--python", "python3"), "--python python3\n"),
        (("a.wheel", "--seeds", "0"), "--seeds 0\n"),
        (("a.wheel", "--seeds", "101"), "--seeds 101\n"),
        (("a.wheel", "--seeds", "3"), "baselines has no full runs of wheel-softmax, mnist data, original arithmetic\n"),
        (
            ("a.wheel", "--seeds", "3", "--arithmetic", "framework", "--baselines", str(BASELINES)),
            f"{BASELINES} has no full runs of wheel-softmax, mnist data, framework arithmetic\n",
        ),
        (
            ("a.wheel", "--plain", "--recipe", "vgg7"),
            "--plain with another recipe, with --seeds or with the surrogate\n",
        ),
    ],
)
def test_what_it_refuses_is_one_message_and_writes_nothing(arguments: Tuple[str, ...], what: str, here: Path) -> None:
    (here / "there.wheel").mkdir()
    (here / "there.wheel" / "mine").touch()

    ends_with_one_message(run("wheel", *arguments), what)
    assert (["there.wheel"], ["mine"]) == (listed(here), listed(here / "there.wheel"))


def test_a_recipe_of_ones_own_is_refused(here: Path) -> None:
    text = "from dataclasses import replace\nfrom mnist_repro.recipes.hello_world import VGG7\n"
    (here / "mine.py").write_text(f'{text}MINE = replace(VGG7, name="mine")\n', encoding="utf-8")

    ended = run_alone("wheel", "mnist.wheel", "--recipe", "mine", "--recipes", here / "mine.py", cwd=here)
    ends_with_one_message(ended, "mine is a recipe of your own\n")


def test_the_plain_project_that_is_advised_can_be_typed(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_REPRO_DATA", "surrogate")
    ended = run("wheel", "my projects/mnist.wheel", "--plain")

    command = ended.err.splitlines()[-1].partition("next: ")[2]
    assert "mnist-repro wheel 'my projects/mnist.wheel' --plain --data mnist" == command
    assert 0 == run(*shlex.split(command)[1:]).code


def test_a_directive_cannot_carry_everything() -> None:
    ended = run("wheel", "mnist.wheel", "--group", "a\n#PJM -L node=9999")

    assert (2, True) == (ended.code, "is not of letters, digits and _:/.-" in ended.err)
