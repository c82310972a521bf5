"""The command line itself: help, usage and exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import List, Tuple

import pytest

import mnist_repro
from mnist_repro import cli
from mnist_repro.errors import BadInput, ExitCode
from mnist_repro.gate.baselines import files as baseline_files
from tests.builders.command_line import Ended, environment, run
from tests.builders.made_up_baselines import samples, subset
from tests.builders.processes import PATIENCE

# What takes long to import, and is not needed to print a help text.
HEAVY = ("numpy", "scipy", "h5py", "tensorflow", "keras", "rich", "pooch", "requests")


def test_version() -> None:
    assert Ended(0, f"mnist-repro {mnist_repro.__version__}\n", "") == run("--version")


def test_the_module_is_the_program_too() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "mnist_repro", "--version"],
        env=environment(),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=PATIENCE,
        check=True,
    )

    assert f"mnist-repro {mnist_repro.__version__}\n" == ended.stdout


def test_the_help_names_every_command_and_exit_code() -> None:
    ended = run("--help")

    assert (0, "") == (ended.code, ended.err)
    assert [] == [name for name in cli.COMMANDS if name not in re.findall(r"^    (\w+)", ended.out, re.MULTILINE)]
    assert [] == [code.name for code in ExitCode if str(code.value) not in ended.out.partition("exit codes:")[2]]


ACTIONS = {"baseline": ("record", "show", "diff", "accept"), "data": ("verify", "fetch", "info")}


@pytest.mark.parametrize(
    "name", [*cli.COMMANDS, *(f"{command} {action}" for command, actions in ACTIONS.items() for action in actions)]
)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    ended = run(*name.split(), "--help")

    assert (0, "") == (ended.code, ended.err)
    assert f"\n  mnist-repro {name}" in ended.out.partition("Example")[2]
    assert max(map(len, ended.out.splitlines())) <= 120


STEP_BY_STEP = """
import contextlib, io, json, sys
from mnist_repro import cli

for words, heavy in json.loads(sys.argv[1]):
    if words[0] == "import":
        __import__(words[1])
    else:
        said = io.StringIO()
        with contextlib.suppress(SystemExit), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            words[1:] = [str(cli.main(words)), *words[1:]]
    print(*words[:2], *(name for name in heavy if name in sys.modules))
"""


def test_nothing_that_takes_long_is_imported_before_it_is_needed(tmp_path: Path) -> None:
    baseline_files.write(tmp_path, subset())
    baseline_files.write(tmp_path, subset(samples([0.25, 0.5], history=())), proposed=True)
    baselines = ["wheel-softmax", "--baselines", str(tmp_path)]
    tensorflow = ("tensorflow", "keras")
    # From what needs least to what needs most, in one process.
    steps: List[Tuple[List[str], Tuple[str, ...]]] = [
        *((words.split(), HEAVY) for words in ("--help", "--version", "reproduce --help", "train")),
        *((["import", f"mnist_repro.{name}"], HEAVY) for name in ("commands.data", "data", "pytest_plugin")),
        (["import", "mnist_repro.weights.param_hdf5"], ("h5py", *tensorflow)),
        (["import", "mnist_repro.reproduction.drift"], tensorflow),
        *((["baseline", action, *baselines], tensorflow) for action in ("show", "diff")),
        (["baseline", "accept", *baselines, "--reason", "why"], tensorflow),
    ]
    ended = subprocess.run(
        [sys.executable, "-c", STEP_BY_STEP, json.dumps(steps)],
        env=environment({"CI": ""}),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=PATIENCE,
        check=True,
    )

    said = ["--help", "--version", "reproduce --help", "train"]
    imported = ["commands.data", "data", "pytest_plugin", "weights.param_hdf5", "reproduction.drift"]
    codes = ["baseline 0", "baseline 1", "baseline 0"]
    assert [*said, *(f"import mnist_repro.{name}" for name in imported), *codes] == ended.stdout.splitlines()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["reproduc"], "'reproduc'"),
        (["train"], "RECIPE"),
        (["train", "vgg7", "--scale", "half"], "'half'"),
        (["train", "vgg7", "--seed", "one"], "'one'"),
        # What a script's empty variable gives.
        (["data", "info", "--data", ""], "--data: it is empty; name something, or leave it out"),
        (["data", "verify", "--data="], "--data: it is empty"),
        (["train", "vgg7", "--out", ""], "--out: it is empty"),
        (["train", "vgg7", "--tensorboard", ""], "--tensorboard: it is empty"),
        (["reproduce", "--json", ""], "--json: it is empty"),
        (["estimate", ""], "PATH: it is empty"),
        (["baseline", "show", "vgg7", "--baselines", ""], "--baselines: it is empty"),
        # An abbreviation would make --seeds 5 of it.
        (["reproduce", "--seed", "5"], ": --seed\n"),
        (["predict", "param.hdf5", "--index", "3", "--first", "4"], "--first"),
    ],
)
def test_what_cannot_be_understood_is_exit_code_2_and_a_usage(arguments: List[str], said: str) -> None:
    ended = run(*arguments)

    assert (2, "") == (ended.code, ended.out)
    # The sentence around it is argparse's, and not the same on each Python.
    assert said in ended.err.rpartition("mnist-repro")[2].partition(": ")[2]


def commanded(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> Ended:
    """How the program ends if a command raises ``error``."""

    def raising(arguments: object) -> int:
        raise error

    parser = SimpleNamespace(parse_args=lambda arguments: SimpleNamespace(run=raising))
    monkeypatch.setattr(cli, "parser", lambda: parser)
    return run("anything")


def test_bad_input_is_exit_code_2_and_a_message_of_three_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Ended(2, "", "mnist-repro: a.gz is empty\n  why: 5 bytes belong there\n  next: fetch it\n") == commanded(
        monkeypatch, BadInput("a.gz is empty", "5 bytes belong there", "fetch it")
    )


def test_ctrl_c_is_exit_code_130(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Ended(130, "", "mnist-repro: interrupted; runs that had finished are whole\n") == commanded(
        monkeypatch, KeyboardInterrupt()
    )


def test_a_mistake_of_ours_is_not_taken_for_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = commanded(monkeypatch, ZeroDivisionError("of ours"))

    assert (2, "") == (ended.code, ended.out)
    assert "raising" in ended.err
    assert ended.err.endswith(
        "ZeroDivisionError: of ours\nmnist-repro: the command could not go on; the last line says why\n"
    )
