"""Options that several commands share refuse what no command can use."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Callable, List

import pytest

from mnist_repro.commands import options
from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines.folder import BASELINES
from tests.builders.refused import refused


def parsed(add: Callable[[argparse.ArgumentParser], None], *arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add(parser)
    return parser.parse_args(arguments)


def test_what_is_not_said_has_its_default() -> None:
    run = parsed(options.add_run)

    assert ("full", "original", None) == (run.scale, run.arithmetic, run.data)
    assert [Path("runs")] == parsed(options.add_runs).runs
    assert BASELINES == parsed(lambda parser: options.add_baselines(parser, "")).baselines


def test_what_is_said_is_taken() -> None:
    run = parsed(options.add_run, "--scale", "subset", "--arithmetic", "framework", "--data", "mnist")

    assert ("subset", "framework", "mnist") == (run.scale, run.arithmetic, run.data)
    assert [Path("a"), Path("b")] == parsed(options.add_runs, "a", "b").runs


@pytest.mark.parametrize(
    ("add", "arguments"),
    [
        (options.add_data, ["--data", ""]),
        (options.add_runs, ["runs", ""]),
        (lambda parser: options.add_baselines(parser, ""), ["--baselines="]),
    ],
)
def test_an_empty_name_is_not_taken_for_the_current_folder(
    add: Callable[[argparse.ArgumentParser], None], arguments: List[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed(add, *arguments)

    assert "it is empty; name something, or leave it out" in capsys.readouterr().err


def test_a_folder_of_baselines_that_was_named_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options.require_there(BASELINES)
    options.require_there(tmp_path)
    with pytest.raises(BadInput, match=r"there is no folder nowhere"):
        options.require_there(Path("nowhere"))


@pytest.mark.parametrize(
    ("require", "value", "why"),
    [
        (options.require_seeds, 0, "it must be 1 or more"),
        (options.require_seeds, -3, "it must be 1 or more"),
        (options.require_seeds, 10_001, "it must be 10,000 or fewer"),
        (lambda value: options.require_positive("--processes", value), 0, "it must be 1 or more"),
    ],
)
def test_numbers_that_nobody_means(require: Callable[[int], int], value: int, why: str) -> None:
    assert 1 == require(1)
    what, reason, _ = refused(lambda: require(value))

    assert (f"--{'seeds' if require is options.require_seeds else 'processes'} {value}", why) == (what, reason)
    assert 10_000 == options.require_seeds(10_000)


def test_seeds_that_are_neither_a_number_nor_auto_are_refused_in_words() -> None:
    assert [options.AUTO, 3] == [options.number_or_auto(text) for text in ("auto", "3")]
    with pytest.raises(argparse.ArgumentTypeError, match="'Auto' is neither a number nor auto"):
        options.number_or_auto("Auto")
