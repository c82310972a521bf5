"""Runs a session of pytest for `git bisect run`: the exit code says what its gate report says of this commit."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Tuple

from mnist_repro.errors import BadInput
from mnist_repro.files.json import read_json
from mnist_repro.gate.report import JSON, SCHEMA
from mnist_repro.gate.verdicts import Verdict

# The exit codes of `git bisect run` for a commit: good, bad, cannot be tested, by which it is skipped.
GOOD, BAD, UNTESTED = 0, 1, 125
_WORDS = {GOOD: "is good", BAD: "is bad", UNTESTED: "cannot be tested"}

_WHY = "git bisect run would take any code below 128 for an answer about this commit"

_DIFFERENT = (Verdict.REGRESSED, Verdict.IMPROVED, Verdict.CHANGED, Verdict.NOT_REPRODUCED)


def run(arguments: argparse.Namespace) -> int:
    """Run the command with `--gate-report` at its end, and return what its report says of this commit.

    Returns:
        0: every comparison passes; 1: one shows a difference; 125: neither was shown.

    Raises:
        BadInput: the command could not be started, which is true of every commit.
    """
    command = arguments.arguments[1:] if arguments.arguments[:1] == ["--"] else arguments.arguments
    if not command:
        raise BadInput("no command was given", _WHY, "gate-baselines bisect python -m pytest tests/regression")
    try:
        with tempfile.TemporaryDirectory(prefix="gate-") as folder:
            subprocess.run([*command, f"--gate-report={folder}"], check=False)
            code, why = _read(Path(folder) / JSON)
    except OSError as error:
        raise BadInput(f"cannot run {command[0]}: {error.strerror}", _WHY, "name a command that is on PATH") from error
    sys.stderr.write(f"gate-baselines: this commit {_WORDS[code]}{why}\n")
    return code


def _read(file: Path) -> Tuple[int, str]:
    try:
        code = verdict(read_json(file, SCHEMA, "gate report", "pytest --gate-report"))
    except BadInput as error:
        return UNTESTED, f": {error.what}"
    except (KeyError, TypeError, AttributeError):
        return UNTESTED, f": {file} is not a whole gate report"
    return code, ": a comparison is inconclusive or incomparable, or its test failed" if code == UNTESTED else ""


def verdict(report: Dict[str, Any]) -> int:
    """The exit code for a gate report, as `gate.json` has it; tests that compare nothing do not count."""
    subjects = list(report["subjects"].values())
    comparisons = [each for subject in subjects for each in subject["comparisons"]]
    # One passes in spite of a difference if its test is marked xfail.
    failing = [finding for each in comparisons if not each["passes"] for finding in each["findings"]]
    if any(finding["verdict"] in _DIFFERENT and not finding["known"] for finding in failing):
        return BAD
    judged = bool(report["complete"]) and any(each["findings"] for each in comparisons)
    return GOOD if judged and all(subject["passes"] for subject in subjects) else UNTESTED
