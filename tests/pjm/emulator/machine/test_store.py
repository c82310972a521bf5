"""The database of jobs: whole changes, text of any bytes, and the queries."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Union

from pjm import emulator
from tests.builders.emulated import Emulated

Word = Union[str, bytes]


def raw(pjm: Emulated, *words: Word, cwd: Word = "") -> subprocess.CompletedProcess[bytes]:
    """One of its commands, in bytes."""
    variables = {**os.environ, **pjm.variables}
    return subprocess.run(
        list(words), cwd=cwd or str(pjm.work), env=variables, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )


def test_names_that_are_no_utf8_come_back_byte_for_byte(pjm: Emulated) -> None:
    folder = os.fsencode(pjm.work) + b"/a\xfe b"
    Path(os.fsdecode(folder)).mkdir()
    Path(os.fsdecode(folder), "job.sh").write_bytes(b"#PJM -S --comment c\xfd\npwd\n")

    submitted = raw(pjm, "pjsub", "-z", "jid", "-N", b"n\xff", "job.sh", cwd=folder)
    job = submitted.stdout.decode().strip()

    assert (0, b"") == (submitted.returncode, submitted.stderr)
    assert ["EXT 0 0 0"] == [row.codes for row in pjm.ended(job)]
    assert b",n\xff\n" in raw(pjm, "pjstat", "-H", "--data", "--choose", "jnam").stdout
    assert folder + b"\n" == Path(os.fsdecode(folder + b"/n\xff." + job.encode() + b".out")).read_bytes()
    assert b"c\xfd" in Path(os.fsdecode(folder + b"/n\xff." + job.encode() + b".stats")).read_bytes()


def test_a_killed_pjsub_has_submitted_or_not_and_never_half(pjm: Emulated) -> None:
    pjm.script("true")
    for delay in range(12):
        process = subprocess.Popen(
            [str(pjm.folder / "bin" / "pjsub"), "--bulk", "--sparam", "1-20", "job.sh"],
            cwd=str(pjm.work),
            env={**os.environ, **pjm.variables},
            stdout=subprocess.DEVNULL,
        )
        time.sleep(0.02 + delay * 0.003)
        process.kill()
        process.wait()

    assert 0 == len(emulator.jobs(pjm.folder)) % 20
    assert "48" == pjm.submit("true")[:2]
