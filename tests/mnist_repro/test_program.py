"""What every command line makes of errors; tests/mnist_repro/test_cli.py has the streams."""

from __future__ import annotations

import argparse
from typing import Callable

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.program import PACKAGES, run_command


def program(action: Callable[[], int]) -> int:
    def parser() -> argparse.ArgumentParser:
        made = argparse.ArgumentParser()
        made.set_defaults(run=lambda arguments: action())
        return made

    return run_command("some-program", parser, [])


def raises(error: BaseException) -> Callable[[], int]:
    def action() -> int:
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (BadInput("what", "why", "next"), 2, "some-program: what\n  why: why\n  next: next\n"),
        (KeyboardInterrupt("all is whole"), 130, "some-program: interrupted; all is whole\n"),
        (OSError(28, "No space left on device", "file"), 2, "cannot go on: No space left on device: file"),
        (ZeroDivisionError("no"), 2, "some-program: the command could not go on; the last line says why"),
        (ModuleNotFoundError("no", name="something_else"), 2, "some-program: the command could not go on"),
    ],
)
def test_an_error_becomes_a_message_and_an_exit_code(
    error: BaseException, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code == program(raises(error))
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_package_of_an_extra_that_is_missing_is_named(package: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == program(raises(ModuleNotFoundError("no", name=package)))
    said = capsys.readouterr().err

    assert f"some-program: {package} is not installed in this environment" in said
    assert f"pip install 'mnist-repro[{PACKAGES[package]}]'" in said
