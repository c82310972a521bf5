"""`gate-baselines bisect`: the exit code that `git bisect run` acts on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

import pytest

from mnist_repro.gate.bisect import BAD, GOOD, UNTESTED, verdict
from mnist_repro.gate.cli import STOP, main

GIT = shutil.which("git") or "git"
# A command that ends as pytest does, and writes this report.
WRITES = "import pathlib, sys; pathlib.Path(sys.argv[1].split('=')[1], 'gate.json').write_text({!r})"
TEST = """\
from mnist_repro.gate import higher
from training import ACCURACY

def test_it(gate):
    samples = {seed: {"accuracy": ACCURACY + 0.001 * (seed % 4)} for seed in range(16)}
    gate.check("digits", samples, metrics={"accuracy": higher(margin=0.01, reason="one in a hundred")})
"""


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


def test_git_finds_the_commit_that_lowered_the_accuracy(tmp_path: Path) -> None:
    """Of eight commits the third and fourth cannot be imported, and the sixth is bad."""
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    kept.update(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")

    def run(*command: str) -> str:
        ended = subprocess.run(
            command, cwd=tmp_path, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert 0 == ended.returncode, ended.stdout
        return ended.stdout

    def commit(subject: str) -> None:
        run(GIT, "add", ".")
        run(GIT, "-c", "user.name=A", "-c", "user.email=a@b.invalid", "commit", "-q", "--allow-empty", "-m", subject)

    session = (sys.executable, "-m", "pytest", "-q", "-p", "mnist_repro.gate.plugin", "-p", "no:cacheprovider")
    gate = (sys.executable, "-m", "mnist_repro.gate")
    run(GIT, "init", "-q")
    (tmp_path / ".gitignore").write_text("__pycache__\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TEST, encoding="utf-8")
    (tmp_path / "training.py").write_text("ACCURACY = 0.95\n", encoding="utf-8")
    run(*session, "--gate-record")
    run(*gate, "accept", "--reason", "first recording")
    lines = ("", "SEED = 1", "import (", "import (", "SEED = 2", "ACCURACY -= 0.05", "SEED = 3", "SEED = 4")
    for number, line in enumerate(lines, start=1):
        (tmp_path / "training.py").write_text(f"ACCURACY = 0.95\n{line}\n", encoding="utf-8")
        if number > 6:
            (tmp_path / "training.py").write_text(f"ACCURACY = 0.9\n{line}\n", encoding="utf-8")
        commit(f"commit {number}")
    run(GIT, "bisect", "start", "HEAD", "HEAD~7")

    found = run(GIT, "bisect", "run", *gate, "bisect", *session)

    assert "commit 6" in found[found.index("is the first bad commit") :]
