"""The command line of `gate-baselines`."""

from __future__ import annotations

import pytest

from mnist_repro.gate.cli import main


@pytest.mark.parametrize("command", ["list", "show", "diff", "accept", "rename", "remove"])
def test_every_command_has_a_help_text(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    assert (0, True) == (ended.value.code, "--baselines DIR" in capsys.readouterr().out)


def test_the_program_says_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])

    assert capsys.readouterr().out.startswith("gate-baselines ")
