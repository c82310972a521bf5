"""What a watch says of files that it cannot read."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from tests.end_to_end.pjm.test_watch import A, B, Following, settings_of, tasks


def test_a_file_that_cannot_be_read_for_a_while_is_said_and_ends_nothing(tmp_path: Path) -> None:
    one = Following(tmp_path, tasks(2), settings_of(tmp_path))
    one.begin()
    share = one.watch.jobs[0].folder / "share-0"
    shutil.rmtree(share, ignore_errors=True)
    share.write_text("no folder")

    one.step(5)
    said = one.watch.trouble
    share.unlink()
    one.results(0, 0)
    one.scheduler.end("1.0")
    one.step(60)

    assert f"{share / 'events.jsonl'} cannot be read: {os.strerror(errno.ENOTDIR)}" == said
    assert ({A: "passed", B: "passed"}, None) == (one.outcomes(), one.watch.trouble)
