"""`gate-baselines bisect`: the exit code that `git bisect run` acts on."""

from __future__ import annotations

import json
import sys
from typing import Any, Dict

import pytest

from mnist_repro.gate.bisect import BAD, GOOD, UNTESTED, verdict
from mnist_repro.gate.cli import STOP, main

# A command that ends as pytest does, and writes this report.
WRITES = "import pathlib, sys; pathlib.Path(sys.argv[1].split('=')[1], 'gate.json').write_text({!r})"


def _report(*verdicts: str, passes: bool = True, complete: bool = True, known: str = "") -> Dict[str, Any]:
    findings = [{"verdict": word, "known": known} for word in verdicts]
    subject = {"passes": passes, "comparisons": [{"passes": passes, "findings": findings}]}
    return {"schema": 2, "complete": complete, "subjects": {"digits": subject}}


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (_report("equivalent"), GOOD),
        (_report("better", "no worse"), GOOD),
        (_report("regressed", known="an issue names it"), GOOD),
        # As of a test that is marked xfail.
        (_report("regressed"), GOOD),
        (_report("equivalent", "regressed", passes=False), BAD),
        (_report("changed", "inconclusive", passes=False, complete=False), BAD),
        (_report("improved", passes=False), BAD),
        (_report("not reproduced", passes=False), BAD),
        (_report("inconclusive", passes=False), UNTESTED),
        (_report("incomparable", passes=False), UNTESTED),
        (_report("equivalent", complete=False), UNTESTED),
        (_report("equivalent", passes=False), UNTESTED),
        (_report(), UNTESTED),
        ({"schema": 2, "complete": True, "subjects": {}}, UNTESTED),
    ],
)
def test_a_report_says_good_bad_or_untested(report: Dict[str, Any], code: int) -> None:
    assert code == verdict(report)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (json.dumps(_report("equivalent")), GOOD, "this commit is good\n"),
        (json.dumps(_report("regressed", passes=False)), BAD, "this commit is bad\n"),
        (json.dumps(_report("inconclusive", passes=False)), UNTESTED, "cannot be tested: a comparison is inconclusive"),
        ('{"schema": 1}', UNTESTED, "cannot be tested: "),
        ('{"schema": 2}', UNTESTED, "is not a whole gate report"),
        ('{"schema": 2, "subjects"', UNTESTED, "is not JSON"),
    ],
)
def test_a_command_is_judged_by_its_report(
    text: str, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = main(["bisect", sys.executable, "-c", WRITES.format(text)])

    assert (code, True) == (ended, words in capsys.readouterr().err)


def test_a_command_that_leaves_no_report_cannot_be_tested(capsys: pytest.CaptureFixture[str]) -> None:
    ended = main(["bisect", sys.executable, "-c", "raise SystemExit(4)"])

    assert (125, True) == (ended, "this commit cannot be tested: cannot read" in capsys.readouterr().err)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([], "no command was given"),
        (["--"], "no command was given"),
        (["--", "no-such-command"], "cannot run no-such-command"),
        (["--typo"], "--typo"),
        (["a\0b"], "the command could not go on"),
    ],
)
def test_what_is_true_of_every_commit_stops_the_search(
    command: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = main(["bisect", *command])

    assert (STOP, True) == (ended, words in capsys.readouterr().err)
