"""The files of jobs, and the faults of files."""

from __future__ import annotations

import errno
import os
from typing import Callable

from tests.builders.emulated import Emulated
from tests.builders.processes import until


def test_a_disk_is_full_for_what_is_written_from_some_byte_on(making: Callable[..., Emulated]) -> None:
    pjm = making(faults=[{"fault": "disk-full", "bytes": 1000}])
    script = "#!/usr/bin/env python3\nfile = open('big', 'wb')\nfile.write(b'x' * 5000)\nfile.close()\n"
    (row,) = pjm.ended(pjm.submit(script))

    assert 1 == row.ec
    assert 1000 == (pjm.work / "big").stat().st_size


def test_a_disk_is_full_for_some_files(making: Callable[..., Emulated]) -> None:
    pjm = making(faults=[{"fault": "disk-full", "files": ["logs/%j.jsonl"]}])
    job = pjm.submit("echo x > logs/$PJM_JOBID.jsonl || exit 5")
    (row,) = pjm.ended(job)

    assert 5 == row.ec
    assert os.strerror(errno.ENOSPC) in pjm.read(f"job.sh.{job}.err")


def test_files_are_truncated_or_come_late(making: Callable[..., Emulated]) -> None:
    pjm = making(
        faults=[
            {"fault": "truncate", "files": ["*.jsonl", "out"], "drop": 3},
            {"fault": "late-files", "files": ["late.txt"], "seconds": 0.1},
            {"fault": "late-files", "files": ["later.txt"], "seconds": 30},
        ]
    )
    job = pjm.submit("echo 123456; for file in a.jsonl late.txt later.txt; do echo 123456 > $file; done")
    pjm.ended(job)

    assert not (pjm.work / "later.txt").exists()
    assert ("1234", "1234") == (pjm.read("a.jsonl"), pjm.read(f"job.sh.{job}.out"))
    until((pjm.work / "late.txt").exists)
    assert "123456\n" == pjm.read("late.txt")


def test_files_go_where_they_are_sent(pjm: Emulated) -> None:
    (pjm.work / "logs").mkdir()
    job = pjm.submit("echo out; echo err >&2\n", "-N", "n", "-o", "logs/%n.%j.o", "-e", "logs/%J%%.e")
    joined = pjm.submit("echo out; echo err >&2\n", "-j", "-o", "both")
    pjm.ended(job, joined)

    assert ("out\n", "err\n") == (pjm.read(f"logs/n.{job}.o"), pjm.read(f"logs/{job}%.e"))
    assert "out\nerr\n" == pjm.read("both")
