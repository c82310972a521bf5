"""Outputs of PJM that no test knows are read, refused, or have nothing to read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.processes import PATIENCE
from tests.builders.samples import reading, rows_in

ROOT = Path(__file__).parents[4]
TEXTS = {
    "table": ("JOB_ID   ST  EC\n12       RUN 0\n", "read: 1 jobs", 1),
    "status": ("JOB_ID   STATUS  ELAPSE\n12       RUNNING (48.0)\n", "read: 1 jobs", 1),
    "record": ("H,JOB_ID,ST\n,12,RUN\n,12[1],QUE\n", "read: 2 jobs", 2),
    "misfit": ("JOB_ID   ST  EC\n12      RUN  0\n", "refused: a row does not fit its header", 1),
    "headless": ("12 job.sh NM RUN user1\n", "refused: a row has no header", 1),
    "cut": ("H,JOB_ID,ST\n,12\n", "refused: a record has 1 of 2 fields", 0),
    "blocks": ("[Job Statistical Information]\n JOB ID : 1\n\n JOB ID : 2\n", "read: 2 blocks of statistics", 0),
    "error": ("[ERR.] PJM 0211 pjstat Invalid jobid: r1.\n", "read: 1 messages", 0),
    "limit": (" USER: u\n  LIMIT-NAME LIMIT ALLOC\n  ru-accept unlimited 0\n", "read: 1 rows of --limit", 0),
    "resources": ("[ CLST: c ]\nRSCUNIT NODE\n TOTAL FREE ALLOC\nu 14 13 1\n", "read: 1 rows of pjshowrsc", 0),
    "wait": ("12 0 0 0\n13 - - -\n14_0 X - -\n", "read: 3 lines of pjwait", 0),
    "motd": ("Maintenance on Monday\n", "nothing to read", 0),
    "empty": ("", "nothing to read", 0),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_read_refused_or_empty(name: str) -> None:
    text, said, rows = TEXTS[name]

    assert str(reading(text)).startswith(said)
    assert rows == rows_in(text)


def test_a_folder_that_no_test_knows_is_told_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for name, (text, _, _) in TEXTS.items():
        (tmp_path / "inner" / name).write_text(text, encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\x00" * 99)

    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/end_to_end/samples"],
        cwd=str(ROOT),
        env={**os.environ, "PJM_SAMPLES": str(tmp_path)},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )

    assert 0 == ended.returncode, ended.stdout
    lines = ended.stdout.splitlines()
    assert "binary: nothing to read" in lines
    assert set() == {
        name for name, (_, said, _) in TEXTS.items() if not any(f"inner/{name}: {said}" in x for x in lines)
    }
