"""The client: what it refuses before there is a session."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List

import pytest

from pjm.client.client import Client
from pjm.errors import BadInput
from pjm.sessions.session import Session

MARKED = "@pytest.mark.fugaku\ndef test_a():\n    pass\n"


def test_a_session_is_not_resumed_by_a_dry_run() -> None:
    config: Any = SimpleNamespace(option=SimpleNamespace(fugaku_resume="latest", fugaku_dry_run=True))

    with pytest.raises(BadInput) as refusal:
        Client(config)

    assert "--fugaku-resume and --fugaku-dry-run do not go together" == refusal.value.what


@pytest.mark.parametrize(
    ("text", "options", "what"),
    [
        ("def test_a():\n    pass\n", ["--fugaku-dry-run"], "no marked test was selected"),
        ("def test_a():\n    pass\n", ["--fugaku-detach"], "no marked test was selected"),
        (MARKED, ["--keep-duplicates", "test_it.py", "test_it.py"], "test_it.py::test_a was collected twice"),
        (MARKED, ["--pdb"], "--fugaku does not go together with --pdb and --trace"),
        (MARKED, ["--fugaku-budget=0.1"], "--fugaku-budget allows 0.1 node-hours"),
    ],
    ids=["no mark in a dry run", "no mark", "twice", "a debugger", "too much"],
)
def test_what_cannot_run_as_jobs_is_refused_before_there_is_a_session(
    pytester: pytest.Pytester, text: str, options: List[str], what: str
) -> None:
    pytester.makepyfile(test_it=f"import pytest\n\n{text}")

    ran = pytester.runpytest_inprocess("-p", "pytest_pjm", "--fugaku-emulate", *options)

    assert pytest.ExitCode.USAGE_ERROR == ran.ret
    assert f"ERROR: {what}\n  why: " in ran.stderr.str()
    assert [] == list(pytester.path.glob(".pjm/*/session.json"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc: open files cannot be listed")
def test_a_session_whose_journal_cannot_be_read_is_not_left_locked(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(session: Session) -> None:
        raise BadInput(f"{session.folder} is corrupt", "it cannot be read", "remove it")

    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setattr("pjm.client.client.obeyed", unreadable)
    pytester.makepyfile(test_it=f"import pytest\n\n{MARKED}")

    ran = pytester.runpytest_inprocess("-p", "pytest_pjm", "--fugaku-emulate")

    assert "is corrupt" in ran.stderr.str()
    [session] = pytester.path.glob(".pjm/*/session.json")
    assert [] == [file for file in open_files() if file.startswith(str(session.parent))]


def open_files() -> List[str]:
    return [os.readlink(handle) for handle in Path("/proc/self/fd").iterdir() if handle.is_symlink()]
